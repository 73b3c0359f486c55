package ast

import (
	"strconv"
	"strings"
)

// String returns the canonical text of a node: one line, keywords in upper case, an operand that is itself an operation
// in parentheses. It parses again to a node with the same canonical text.
func String(node Node) string {
	var p printer
	p.node(node)
	return p.String()
}

// printer writes canonical text.
type printer struct {
	strings.Builder
}

func (p *printer) node(node Node) {
	switch n := node.(type) {
	case Expr:
		p.expr(n)
	case Clause:
		p.clause(n)
	case Statement:
		p.statement(n)
	case *Query:
		p.query(n)
	case *SingleQuery:
		p.single(n)
	case SetItem:
		p.setItem(n)
	case RemoveItem:
		p.removeItem(n)
	case LabelExpr:
		p.labels(n, false)
	case *PathPattern:
		p.path(n)
	case *NodePattern:
		p.nodePattern(n)
	case *RelationshipPattern:
		p.relationship(n)
	case *ReturnItem:
		p.returnItem(n)
	case *SortItem:
		p.sortItem(n)
	}
}

func (p *printer) write(parts ...string) {
	for _, part := range parts {
		p.WriteString(part)
	}
}

func (p *printer) list(items []Expr) {
	for i, item := range items {
		p.comma(i)
		p.expr(item)
	}
}

// items writes the items of a list literal; a first one that would make it a comprehension stands in parentheses.
func (p *printer) items(items []Expr) {
	if len(items) > 0 {
		if in, ok := items[0].(*Binary); ok && in.Operator == OpIn {
			p.parenthesized(in)
			if items = items[1:]; len(items) > 0 {
				p.write(", ")
			}
		}
	}
	p.list(items)
}

func (p *printer) comma(i int) {
	if i > 0 {
		p.WriteString(", ")
	}
}

func (p *printer) variable(v *Variable) { p.WriteString(QuoteVariable(v.Name)) }

func (p *printer) expr(e Expr) {
	switch x := e.(type) {
	case *Variable:
		p.variable(x)
	case *ListLiteral:
		p.write("[")
		p.items(x.Items)
		p.write("]")
	case *MapLiteral:
		p.mapLiteral(x)
	case *Property:
		p.base(x.Target)
		p.write(".", QuoteName(x.Key.Text))
	case *Index:
		p.base(x.Target)
		p.write("[")
		p.expr(x.Index)
		p.write("]")
	case *Slice:
		p.slice(x)
	case *FunctionCall:
		p.function(x)
	case *Case:
		p.caseExpr(x)
	case *MapProjection:
		p.mapProjection(x)
	case *Subquery:
		p.write(x.Kind.String(), " { ")
		p.statement(x.Query)
		p.write(" }")
	case *PatternExpr:
		p.patternExpr(x)
	case *LabelTest, *Unary, *Binary, *Chain, *IsNull:
		p.operation(e)
	case *ListComprehension, *PatternComprehension, *Quantifier, *Reduce:
		p.comprehension(e)
	default:
		p.literal(e)
	}
}

func (p *printer) literal(e Expr) {
	switch x := e.(type) {
	case *IntegerLiteral:
		writeInt(&p.Builder, x.Value)
	case *FloatLiteral:
		p.write(formatFloat(x.Value))
	case *StringLiteral:
		p.quote(x.Value)
	case *BooleanLiteral:
		p.write(strconv.FormatBool(x.Value))
	case *NullLiteral:
		p.write("null")
	case *Parameter:
		p.write("$", quoteParameter(x.Name))
	case *CountStar:
		p.write("count(*)")
	}
}

func formatFloat(f float64) string {
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if strings.ContainsAny(text, ".e") {
		return text
	}
	return text + ".0"
}

func quoteParameter(name string) string {
	for _, r := range name {
		if r < '0' || r > '9' {
			return QuoteName(name)
		}
	}
	if name == "" {
		return backtick(name)
	}
	return name
}

var escapes = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\b", `\b`, "\f", `\f`)

func (p *printer) quote(s string) { p.write("'", escapes.Replace(s), "'") }

// operation writes what needs parentheses as an operand.
func (p *printer) operation(e Expr) {
	switch x := e.(type) {
	case *LabelTest:
		p.base(x.Target)
		p.write(":")
		p.labels(x.Labels, true)
	case *Unary:
		p.write(x.Operator.String())
		if x.Operator == OpNot {
			p.write(" ")
		}
		p.operand(x.Operand)
	case *Binary:
		p.operand(x.Left)
		p.write(" ", x.Operator.String(), " ")
		p.operand(x.Right)
	case *Chain:
		p.operand(x.Operands[0])
		for i, operator := range x.Operators {
			p.write(" ", operator.String(), " ")
			p.operand(x.Operands[i+1])
		}
	case *IsNull:
		p.operand(x.Operand)
		if x.Negated {
			p.write(" IS NOT NULL")
		} else {
			p.write(" IS NULL")
		}
	}
}

// operand writes an expression as one side of an operator.
func (p *printer) operand(e Expr) {
	switch e.(type) {
	case *LabelTest, *Unary, *Binary, *Chain, *IsNull:
		p.parenthesized(e)
	default:
		p.expr(e)
	}
}

// base writes an expression that a property, an index or a label follows.
func (p *printer) base(e Expr) {
	switch e.(type) {
	case *IntegerLiteral, *FloatLiteral:
		p.parenthesized(e)
	default:
		p.operand(e)
	}
}

func (p *printer) parenthesized(e Expr) {
	p.write("(")
	p.expr(e)
	p.write(")")
}

func (p *printer) mapLiteral(m *MapLiteral) {
	p.write("{")
	for i := range m.Entries {
		p.comma(i)
		p.write(QuoteName(m.Entries[i].Key.Text), ": ")
		p.expr(m.Entries[i].Value)
	}
	p.write("}")
}

func (p *printer) slice(s *Slice) {
	p.base(s.Target)
	p.write("[")
	if s.From != nil {
		p.expr(s.From)
	}
	p.write("..")
	if s.To != nil {
		p.expr(s.To)
	}
	p.write("]")
}

func (p *printer) function(f *FunctionCall) {
	for i := range f.Namespace {
		p.write(quoteFunction(f.Namespace[i].Text), ".")
	}
	p.write(quoteFunction(f.Name.Text), "(")
	if f.Distinct {
		p.write("DISTINCT ")
	}
	p.list(f.Args)
	p.write(")")
}

func (p *printer) caseExpr(c *Case) {
	p.write("CASE ")
	if c.Subject != nil {
		p.expr(c.Subject)
		p.write(" ")
	}
	for i := range c.Alternatives {
		p.write("WHEN ")
		p.expr(c.Alternatives[i].When)
		p.write(" THEN ")
		p.expr(c.Alternatives[i].Then)
		p.write(" ")
	}
	if c.Else != nil {
		p.write("ELSE ")
		p.expr(c.Else)
		p.write(" ")
	}
	p.write("END")
}

func (p *printer) mapProjection(m *MapProjection) {
	p.variable(m.Subject)
	p.write(" {")
	for i := range m.Items {
		p.comma(i)
		p.mapProjectionItem(m.Subject, &m.Items[i])
	}
	p.write("}")
}

func (p *printer) mapProjectionItem(subject *Variable, item *MapProjectionItem) {
	if item.All {
		p.write(".*")
		return
	}
	switch v := item.Value.(type) {
	case *Property:
		base, ok := v.Target.(*Variable)
		if ok && base.Name == subject.Name && v.Key.Text == item.Key.Text {
			p.write(".", QuoteName(v.Key.Text))
			return
		}
	case *Variable:
		if v.Name == item.Key.Text {
			p.variable(v)
			return
		}
	}
	p.write(QuoteName(item.Key.Text), ": ")
	p.expr(item.Value)
}

func (p *printer) comprehension(e Expr) {
	switch x := e.(type) {
	case *ListComprehension:
		p.write("[")
		p.filter(x.Variable, x.List, x.Where)
		if x.Projection != nil {
			p.write(" | ")
			p.expr(x.Projection)
		}
		p.write("]")
	case *PatternComprehension:
		p.write("[")
		p.path(x.Pattern)
		p.where(x.Where)
		p.write(" | ")
		p.expr(x.Projection)
		p.write("]")
	case *Quantifier:
		p.write(x.Kind.String(), "(")
		p.filter(x.Variable, x.List, x.Where)
		p.write(")")
	case *Reduce:
		p.write("reduce(", QuoteVariable(x.Accumulator.Name), " = ")
		p.expr(x.Initial)
		p.write(", ")
		p.filter(x.Variable, x.List, nil)
		p.write(" | ")
		p.expr(x.Step)
		p.write(")")
	}
}

func (p *printer) filter(variable *Variable, list, where Expr) {
	p.variable(variable)
	p.write(" IN ")
	p.expr(list)
	p.where(where)
}

func (p *printer) where(e Expr) {
	if e == nil {
		return
	}
	p.write(" WHERE ")
	p.expr(e)
}
