package bind

import (
	"fmt"
	"slices"

	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
)

type binder struct {
	text       string
	query      *Query
	procedures fn.Procedures
	parameters []string
	firstAt    map[string]int
	// collect takes the aggregates of the projection being bound; nil where none may stand.
	collect *[]Aggregate
	// inAggregate is true within the arguments of an aggregate.
	inAggregate bool
}

// Bind checks a tree and gives its names meaning. Procedures may be nil. Errors are *ast.Error.
func Bind(tree *ast.Query, procedures fn.Procedures) (*Query, error) {
	b := &binder{
		text: tree.Text, procedures: procedures, firstAt: map[string]int{},
		query: &Query{
			Text: tree.Text, Mode: tree.Mode, Refs: map[*ast.Variable]*Symbol{}, Slots: map[ast.Expr]int{},
			Patterns: map[ast.Expr]*PatternUse{}, Subqueries: map[*ast.Subquery]*Union{},
		},
	}
	root, ok := tree.Statement.(*ast.RegularQuery)
	if !ok {
		return b.schema(tree)
	}
	b.gather(root)
	union, err := b.union(root, &scope{}, placeTop)
	if err != nil {
		return nil, err
	}
	b.query.Root, b.query.Parameters = union, b.parameters
	b.query.ParameterAt = make([]int, len(b.parameters))
	for i, name := range b.parameters {
		b.query.ParameterAt[i] = b.firstAt[name]
	}
	b.query.Columns = union.Parts[0].Columns
	if tree.Mode == ast.ModeExplain {
		b.query.Columns, b.query.Writes = slices.Clone(ExplainColumns), false
	}
	return b.query, nil
}

// gather notes the names of all parameters.
func (b *binder) gather(root ast.Node) {
	ast.Walk(root, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.Parameter:
			b.parameter(x)
		case *ast.Delete:
			b.query.Deletes = true
		case *ast.NodePattern:
			if p, ok := x.Properties.(*ast.Parameter); ok {
				b.parameter(p)
			}
		}
		return true
	})
	slices.Sort(b.parameters)
	b.parameters = slices.Compact(b.parameters)
}

func (b *binder) parameter(p *ast.Parameter) {
	b.parameters = append(b.parameters, p.Name)
	if at, seen := b.firstAt[p.Name]; !seen || p.Start < at {
		b.firstAt[p.Name] = p.Start
	}
}

func (b *binder) schema(tree *ast.Query) (*Query, error) {
	if tree.Mode != ast.ModeRun {
		return nil, b.unsupported(tree, "EXPLAIN and PROFILE of a schema command")
	}
	b.query.Schema = tree.Statement
	switch tree.Statement.(type) {
	case *ast.ShowIndexes:
		b.query.Columns = slices.Clone(ShowIndexesColumns)
	case *ast.ShowConstraints:
		b.query.Columns = slices.Clone(ShowConstraintsColumns)
	default:
		b.query.Writes = true
	}
	return b.query, nil
}

// ExplainColumns are the columns of EXPLAIN.
var ExplainColumns = []string{"plan"}

// The columns of SHOW INDEXES and SHOW CONSTRAINTS.
var (
	ShowIndexesColumns = []string{
		"id", "name", "state", "populationPercent", "type", "entityType", "labelsOrTypes", "properties", "owningConstraint",
	}
	ShowConstraintsColumns = []string{
		"id", "name", "type", "entityType", "labelsOrTypes", "properties", "ownedIndex", "propertyType",
	}
)

func (b *binder) fail(at ast.Node, typ, detail, format string, args ...any) error {
	e := ast.NewError(b.text, at.Pos().Start, detail, fmt.Sprintf(format, args...))
	e.Type = typ
	return e
}

func (b *binder) unsupported(at ast.Node, feature string) error {
	return b.fail(at, ast.SemanticError, "UnsupportedFeature", "%s is not supported", feature)
}

// place says where a query stands.
type place uint8

const (
	placeTop        place = iota
	placeExpression       // EXISTS { } and its like: may not write
	placeCall             // CALL { }
	placeScoped           // CALL (names) { }
)

// union binds all parts of a query, each beginning with the given scope.
func (b *binder) union(root *ast.RegularQuery, outer *scope, at place) (*Union, error) {
	u := &Union{All: root.All}
	for _, single := range root.Parts {
		part, err := b.part(single, outer, at)
		if err != nil {
			return nil, err
		}
		u.Parts = append(u.Parts, part)
		if !slices.Equal(part.Columns, u.Parts[0].Columns) {
			return nil, b.fail(single, ast.SyntaxError, "DifferentColumnsInUnion",
				"all parts of a UNION must return the same columns in the same order")
		}
	}
	u.Out = u.Parts[0].Out
	if len(u.Parts) > 1 {
		u.Out = nil
		for i, first := range u.Parts[0].Out {
			t := first.Type
			for _, part := range u.Parts[1:] {
				t = join(t, part.Out[i].Type)
			}
			u.Out = append(u.Out, b.symbol(first.Name, t))
		}
	}
	return u, nil
}

func (b *binder) part(single *ast.SingleQuery, outer *scope, at place) (*Part, error) {
	part := &Part{}
	s := outer.inner()
	clauses := single.Clauses
	if at == placeCall {
		var err error
		if s, clauses, err = b.imports(clauses, outer); err != nil {
			return nil, err
		}
	}
	for i, clause := range clauses {
		if at == placeExpression && writes(clause) {
			return nil, b.fail(clause, ast.SyntaxError, "InvalidClauseComposition", "a subquery in an expression cannot write")
		}
		bound, next, err := b.clause(clause, s)
		if err != nil {
			return nil, err
		}
		if writes(clause) {
			part.Writes, b.query.Writes = true, true
		}
		if bound != nil {
			part.Clauses = append(part.Clauses, bound)
		}
		if i == len(clauses)-1 {
			b.columns(part, bound)
		}
		s = next
		if _, ok := bound.(*Project); ok && (at == placeExpression || at == placeScoped) {
			s = &scope{symbols: s.symbols, parent: outer}
		}
	}
	return part, nil
}

// columns notes what a part returns.
func (b *binder) columns(part *Part, last Clause) {
	switch c := last.(type) {
	case *Project:
		if c.Returns {
			part.Out = c.Out
		}
	case *Call:
		part.Out = c.Out
	}
	for _, symbol := range part.Out {
		part.Columns = append(part.Columns, symbol.Name)
	}
}

func writes(clause ast.Clause) bool {
	switch c := clause.(type) {
	case *ast.Create, *ast.Merge, *ast.Set, *ast.Remove, *ast.Delete, *ast.Foreach:
		return true
	case *ast.CallSubquery:
		for _, part := range c.Query.Parts {
			if slices.ContainsFunc(part.Clauses, writes) {
				return true
			}
		}
	}
	return false
}

func (b *binder) clause(clause ast.Clause, s *scope) (Clause, *scope, error) {
	var bound Clause
	var err error
	switch c := clause.(type) {
	case *ast.Match:
		bound, err = b.match(c, s)
	case *ast.Unwind:
		bound, err = b.unwind(c, s)
	case *ast.With:
		return b.with(c, s)
	case *ast.Return:
		return b.returns(c, s)
	case *ast.Create:
		bound, err = b.create(c, s)
	case *ast.Merge:
		bound, err = b.merge(c, s)
	case *ast.Set:
		bound, err = b.set(c, s)
	case *ast.Remove:
		bound, err = b.remove(c, s)
	case *ast.Delete:
		bound, err = b.delete(c, s)
	case *ast.Foreach:
		bound, err = b.foreach(c, s)
	case *ast.Call:
		bound, err = b.call(c, s)
	case *ast.CallSubquery:
		bound, err = b.callSubquery(c, s)
	default:
		err = b.unsupported(clause, fmt.Sprintf("%T", clause))
	}
	return bound, s, err
}
