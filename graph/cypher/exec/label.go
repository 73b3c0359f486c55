package exec

import (
	"slices"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
)

// labelTest tells whether a node has the labels that an expression demands.
type labelTest func(r *run, id graph.NodeID) bool

func (c *compiler) labelTest(e ast.LabelExpr) labelTest {
	switch x := e.(type) {
	case *ast.LabelName:
		label := c.label(x.Text)
		return func(r *run, id graph.NodeID) bool {
			l, ok := r.label(label)
			return ok && r.graph().HasLabel(id, l)
		}
	case *ast.LabelAnd:
		tests := c.labelTests(x.Terms)
		return func(r *run, id graph.NodeID) bool {
			return !slices.ContainsFunc(tests, func(t labelTest) bool { return !t(r, id) })
		}
	case *ast.LabelOr:
		tests := c.labelTests(x.Terms)
		return func(r *run, id graph.NodeID) bool {
			return slices.ContainsFunc(tests, func(t labelTest) bool { return t(r, id) })
		}
	case *ast.LabelNot:
		test := c.labelTest(x.Term)
		return func(r *run, id graph.NodeID) bool { return !test(r, id) }
	}
	return func(r *run, id graph.NodeID) bool {
		var room [1]graph.Label
		return len(r.graph().NodeLabels(id, room[:0])) > 0
	}
}

func (c *compiler) labelTests(terms []ast.LabelExpr) []labelTest {
	tests := make([]labelTest, len(terms))
	for i, term := range terms {
		tests[i] = c.labelTest(term)
	}
	return tests
}

// typeTest tells whether a relationship's type is one that an expression allows.
type typeTest func(r *run, t graph.Type) bool

func (c *compiler) typeTest(e ast.LabelExpr) typeTest {
	switch x := e.(type) {
	case nil:
		return func(*run, graph.Type) bool { return true }
	case *ast.LabelName:
		name := c.typ(x.Text)
		return func(r *run, t graph.Type) bool {
			id, ok := r.typ(name)
			return ok && id == t
		}
	case *ast.LabelAnd:
		tests := c.typeTests(x.Terms)
		return func(r *run, t graph.Type) bool {
			return !slices.ContainsFunc(tests, func(test typeTest) bool { return !test(r, t) })
		}
	case *ast.LabelOr:
		tests := c.typeTests(x.Terms)
		return func(r *run, t graph.Type) bool {
			return slices.ContainsFunc(tests, func(test typeTest) bool { return test(r, t) })
		}
	case *ast.LabelNot:
		test := c.typeTest(x.Term)
		return func(r *run, t graph.Type) bool { return !test(r, t) }
	}
	return func(*run, graph.Type) bool { return true }
}

func (c *compiler) typeTests(terms []ast.LabelExpr) []typeTest {
	tests := make([]typeTest, len(terms))
	for i, term := range terms {
		tests[i] = c.typeTest(term)
	}
	return tests
}

// typeChoice is which relationships are followed: by the graph's own grouping where a plain list of types is given,
// else all, each one tested.
type typeChoice struct {
	names []int
	all   bool
	test  typeTest
}

func (c *compiler) typeChoice(e ast.LabelExpr) typeChoice {
	if e == nil {
		return typeChoice{all: true}
	}
	names, ok := ast.Disjunction(e)
	if !ok {
		return typeChoice{all: true, test: c.typeTest(e)}
	}
	var choice typeChoice
	for _, name := range names {
		if id := c.typ(name.Text); !slices.Contains(choice.names, id) {
			choice.names = append(choice.names, id)
		}
	}
	return choice
}

// types appends the ids to follow; nil with true means all, false means that there is nothing to follow.
func (t *typeChoice) types(r *run, ids []graph.Type) ([]graph.Type, bool) {
	if t.all {
		return nil, true
	}
	for _, name := range t.names {
		if id, ok := r.typ(name); ok {
			ids = append(ids, id)
		}
	}
	return ids, len(ids) > 0
}

func (t *typeChoice) allows(r *run, id graph.Type) bool { return t.test == nil || t.test(r, id) }
