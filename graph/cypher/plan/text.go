package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
)

// String prints the plan, one operator a line, in the order rows flow; what stands within another is indented.
func (p *Plan) String() string { return p.Text(func(Op) string { return "" }) }

// Text prints the plan, with a note behind each operator.
func (p *Plan) Text(note func(Op) string) string {
	w := &textWriter{plan: p, note: note}
	w.union(p.Root, 0)
	return w.String()
}

type textWriter struct {
	strings.Builder
	plan *Plan
	note func(Op) string
}

func (w *textWriter) union(u *Union, depth int) {
	for i, part := range u.Parts {
		if i > 0 {
			w.indent(depth)
			w.WriteString(map[bool]string{true: "UnionAll\n", false: "Union\n"}[u.Bound.All])
		}
		w.pipeline(part, depth)
	}
}

func (w *textWriter) pipeline(p Pipeline, depth int) {
	for _, op := range p {
		w.indent(depth)
		w.WriteString(op.line())
		w.WriteString(w.note(op))
		w.WriteByte('\n')
		for _, u := range within(op) {
			w.union(u, depth+1)
		}
		for _, e := range expressions(op) {
			w.plan.eachNested(e, func(p Pipeline, u *Union) {
				if u == nil {
					w.pipeline(p, depth+1)
				} else {
					w.union(u, depth+1)
				}
			})
		}
	}
}

func (w *textWriter) indent(depth int) { w.WriteString(strings.Repeat("  ", depth)) }

func name(s *bind.Symbol) string {
	if s == nil {
		return "-"
	}
	if s.Name == "" {
		return fmt.Sprintf("_%d", s.Slot)
	}
	return s.Name
}

func texts(list []ast.Expr) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = ast.String(e)
	}
	return strings.Join(parts, ", ")
}

func items(list []bind.Item) string {
	parts := make([]string, len(list))
	for i, item := range list {
		parts[i] = name(item.Out) + " = " + ast.String(item.Expr)
	}
	return strings.Join(parts, ", ")
}

func symbols(list []*bind.Symbol) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = name(s)
	}
	return strings.Join(parts, ", ")
}

func (o *AllNodes) line() string  { return "AllNodes " + name(o.Node.Symbol) }
func (o *LabelScan) line() string { return "LabelScan " + name(o.Node.Symbol) + ":" + o.Label }

func (o *IndexScan) line() string {
	text := o.word() + " " + name(o.symbol()) + ":" + o.Over + "(" + strings.Join(o.Keys, ", ") + ")"
	values := slices.Clone(o.Equal)
	switch {
	case o.In != nil:
		values = append(values, o.In)
	case o.StartsWith != nil:
		values = append(values, o.StartsWith)
	}
	if len(values) > 0 {
		text += " " + texts(values)
	}
	if o.From != nil {
		text += map[bool]string{true: " >= ", false: " > "}[o.From.Inclusive] + ast.String(o.From.Value)
	}
	if o.To != nil {
		text += map[bool]string{true: " <= ", false: " < "}[o.To.Inclusive] + ast.String(o.To.Value)
	}
	text += [...]string{Unordered: "", Ascending: " ascending", Descending: " descending"}[o.Order]
	if o.Nulls {
		text += " with nulls"
	}
	return text
}

// word names what part of the index is walked.
func (o *IndexScan) word() string {
	word := "IndexScan"
	switch {
	case o.In != nil:
		word = "IndexIn"
	case o.StartsWith != nil:
		word = "IndexPrefix"
	case o.From != nil || o.To != nil:
		word = "IndexRange"
	case len(o.Equal) > 0:
		word = "IndexSeek"
	}
	if o.Relationship != nil {
		return "Relationship" + word
	}
	return word
}

func (o *NodeByID) line() string {
	return "NodeByID " + name(o.Node.Symbol) + " " + ast.String(o.Value)
}

func (o *TypeScan) line() string {
	return "TypeScan " + name(o.Relationship.Symbol) + ":" + strings.Join(o.Types, "|")
}

func (o *CheckNode) line() string  { return "CheckNode " + name(o.Node.Symbol) }
func (o *NodeFilter) line() string { return "NodeFilter " + name(o.Node.Symbol) }
func (o *PropertyFilter) line() string {
	return "PropertyFilter " + name(o.Symbol) + "." + o.Test.Key + " = " + ast.String(o.Test.Value)
}

func (o *TakeRelationship) line() string {
	r := o.Relationship
	return "TakeRelationship (" + name(r.Left.Symbol) + ")-[" + name(r.Symbol) + "]-(" + name(r.Right.Symbol) + ")"
}

func (o *Expand) text(word string) string {
	if o.Into {
		word += "Into"
	}
	left, right := "-", "-"
	switch o.Direction {
	case graph.Outgoing:
		right = "->"
	case graph.Incoming:
		left = "<-"
	}
	types := ""
	if o.Relationship.Types != nil {
		types = ":" + ast.String(o.Relationship.Types)
	}
	length := ""
	if o.Relationship.Variable {
		length = fmt.Sprintf("*%d..", o.Relationship.Min)
		if o.Relationship.Max >= 0 {
			length += fmt.Sprint(o.Relationship.Max)
		}
	}
	return word + " (" + name(o.From.Symbol) + ")" + left + "[" + name(o.Relationship.Symbol) + types + length + "]" + right +
		"(" + name(o.To.Symbol) + ")"
}

func (o *Expand) line() string       { return o.text("Expand") }
func (o *VarExpand) line() string    { return o.text("VarExpand") }
func (o *TakeList) line() string     { return o.text("TakeList") }
func (o *ShortestPath) line() string { return o.text("ShortestPath") }
func (o *BuildPath) line() string    { return "BuildPath " + name(o.Path.Symbol) }
func (o *Filter) line() string       { return "Filter " + ast.String(o.Expr) }
func (o *Optional) line() string     { return "Optional " + symbols(o.Nulls) }
func (o *Unwind) line() string {
	return "Unwind " + ast.String(o.Clause.List) + " AS " + name(o.Clause.Out)
}
func (o *Project) line() string { return "Project " + items(o.Items) }

func (o *Aggregate) line() string {
	calls := make([]string, len(o.Aggregates))
	for i, a := range o.Aggregates {
		calls[i] = ast.String(a.Call)
	}
	return "Aggregate [" + items(o.Keys) + "] " + strings.Join(calls, ", ")
}

func (o *CountStore) line() string {
	if o.Relationships {
		return "CountStore relationships " + o.Type
	}
	return "CountStore nodes " + o.Label
}

func (o *Distinct) line() string { return "Distinct " + symbols(o.Out) }

func (o *Sort) line() string {
	keys := make([]string, len(o.Keys))
	for i, key := range o.Keys {
		keys[i] = ast.String(key.Expr)
		if key.Descending {
			keys[i] += " DESC"
		}
	}
	word := "Sort "
	if o.Limit != nil {
		word = "TopK "
	}
	return word + strings.Join(keys, ", ")
}

func (o *Skip) line() string         { return "Skip " + ast.String(o.Count) }
func (o *Limit) line() string        { return "Limit " + ast.String(o.Count) }
func (o *Create) line() string       { return "Create" }
func (o *Merge) line() string        { return "Merge" }
func (o *Update) line() string       { return "Update" }
func (o *Delete) line() string       { return "Delete" }
func (o *Foreach) line() string      { return "Foreach " + name(o.Clause.Out) }
func (o *Call) line() string         { return "Call " + o.Clause.Name }
func (o *CallSubquery) line() string { return "CallSubquery" }
