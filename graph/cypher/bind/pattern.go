package bind

import (
	"slices"

	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
)

// matcher builds one bound pattern.
type matcher struct {
	*binder
	scope   *scope
	pattern *Pattern
	// before are the symbols that had values before the pattern.
	before []*Symbol
	// closed is true where the pattern may not name anything new.
	closed bool
	later  []func() error
}

func (b *binder) match(c *ast.Match, s *scope) (Clause, error) {
	live := s.all()
	pattern, err := b.pattern(c.Paths, s, false)
	if err != nil {
		return nil, err
	}
	if err := b.predicate(c.Where, s); err != nil {
		return nil, err
	}
	if err := b.shortestUnfiltered(pattern, c.Where); err != nil {
		return nil, err
	}
	return &Match{Optional: c.Optional, Pattern: pattern, Where: c.Where, Live: live}, nil
}

// shortestUnfiltered refuses a condition on a shortest path itself: it would have to steer the search.
func (b *binder) shortestUnfiltered(p *Pattern, where ast.Expr) error {
	if where == nil {
		return nil
	}
	var err error
	for i, path := range p.Paths {
		if len(path.Relationships) != 1 || path.Relationships[0].Shortest == ast.ShortestNone {
			continue
		}
		ast.Walk(where, func(n ast.Node) bool {
			v, ok := n.(*ast.Variable)
			if !ok || err != nil {
				return err == nil
			}
			if symbol := b.query.Refs[v]; symbol == path.Relationships[0].Symbol || symbol == p.Paths[i].Symbol {
				err = b.unsupported(v, "a condition on a shortest path within its own MATCH (put it after a WITH)")
			}
			return err == nil
		})
	}
	return err
}

// pattern binds paths that are matched; new names join the scope.
func (b *binder) pattern(paths []*ast.PathPattern, s *scope, closed bool) (*Pattern, error) {
	m := &matcher{binder: b, scope: s, pattern: &Pattern{}, before: s.all(), closed: closed}
	for _, path := range paths {
		if err := m.path(path); err != nil {
			return nil, err
		}
	}
	for _, check := range m.later {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return m.pattern, nil
}

func (m *matcher) path(path *ast.PathPattern) error {
	use := &PathUse{}
	var nodes []*Node
	for _, n := range path.Nodes {
		node, err := m.node(n)
		if err != nil {
			return err
		}
		nodes = append(nodes, node)
		use.Nodes = append(use.Nodes, node.Symbol)
	}
	for i, r := range path.Relationships {
		relationship, err := m.relationship(r, nodes[i], nodes[i+1])
		if err != nil {
			return err
		}
		relationship.Shortest = path.Shortest
		use.Relationships = append(use.Relationships, relationship)
	}
	if path.Shortest != ast.ShortestNone && len(path.Relationships) != 1 {
		return m.fail(path, ast.SyntaxError, "UnexpectedSyntax", "a shortest path is asked for over exactly one relationship pattern")
	}
	if path.Variable != nil {
		if m.scope.lookup(path.Variable.Name) != nil {
			return m.alreadyBound(path.Variable)
		}
		use.Symbol = m.declare(m.scope, path.Variable, kinds(fn.Path))
	}
	m.pattern.Paths = append(m.pattern.Paths, use)
	return nil
}

func (m *matcher) node(n *ast.NodePattern) (*Node, error) {
	node, err := m.nodeFor(n)
	if err != nil {
		return nil, err
	}
	if n.Labels != nil {
		node.Labels = append(node.Labels, n.Labels)
	}
	if n.Properties != nil {
		tests, err := m.properties(n.Properties)
		if err != nil {
			return nil, err
		}
		node.Properties = append(node.Properties, tests...)
	}
	if n.Where != nil {
		node.Wheres = append(node.Wheres, n.Where)
		m.later = append(m.later, func() error { return m.predicate(n.Where, m.scope) })
	}
	return node, nil
}

func (m *matcher) nodeFor(n *ast.NodePattern) (*Node, error) {
	if n.Variable == nil {
		return m.newNode(m.symbol("", kinds(fn.Node)), false), nil
	}
	symbol := m.scope.lookup(n.Variable.Name)
	if symbol == nil {
		if m.closed {
			_, err := m.use(m.scope, n.Variable)
			return nil, err
		}
		return m.newNode(m.declare(m.scope, n.Variable, kinds(fn.Node)), false), nil
	}
	m.query.Refs[n.Variable] = symbol
	for _, node := range m.pattern.Nodes {
		if node.Symbol == symbol {
			return node, nil
		}
	}
	if !symbol.Type.can(fn.Node) {
		return nil, m.conflict(n.Variable, symbol, "a node")
	}
	return m.newNode(symbol, true), nil
}

func (m *matcher) newNode(symbol *Symbol, bound bool) *Node {
	node := &Node{Symbol: symbol, Bound: bound}
	m.pattern.Nodes = append(m.pattern.Nodes, node)
	return node
}

func (m *matcher) conflict(v *ast.Variable, symbol *Symbol, as string) error {
	return m.fail(v, ast.SyntaxError, "VariableTypeConflict", "variable `%s` is %s and cannot be %s", v.Name, symbol.Type.Kinds, as)
}

func (m *matcher) properties(e ast.Expr) ([]PropertyTest, error) {
	literal, ok := e.(*ast.MapLiteral)
	if !ok {
		return nil, m.fail(e, ast.SyntaxError, "InvalidParameterUse", "a parameter cannot stand for the properties of a pattern that is matched")
	}
	var tests []PropertyTest
	for _, entry := range literal.Entries {
		tests = append(tests, PropertyTest{Key: entry.Key.Text, Value: entry.Value})
		m.later = append(m.later, func() error { return m.exprs(m.scope, entry.Value) })
	}
	return tests, nil
}

func (m *matcher) relationship(r *ast.RelationshipPattern, left, right *Node) (*Relationship, error) {
	out := &Relationship{Left: left, Right: right, Direction: r.Direction, Types: r.Types, Where: r.Where, Min: 1, Max: 1}
	if r.Length != nil {
		out.Variable, out.Max = true, -1
		if r.Length.Min != nil {
			out.Min = *r.Length.Min
		}
		if r.Length.Max != nil {
			out.Max = *r.Length.Max
		}
	}
	if err := m.relationshipSymbol(r, out); err != nil {
		return nil, err
	}
	if r.Properties != nil {
		tests, err := m.properties(r.Properties)
		if err != nil {
			return nil, err
		}
		if out.Properties = tests; out.Variable {
			m.later = append(m.later, func() error { return m.beforeOnly(r) })
		}
	}
	if r.Where != nil {
		if out.Variable {
			return nil, m.unsupported(r, "WHERE within a variable-length relationship")
		}
		m.later = append(m.later, func() error { return m.predicate(r.Where, m.scope) })
	}
	m.pattern.Relationships = append(m.pattern.Relationships, out)
	return out, nil
}

// beforeOnly refuses, in the properties of a variable-length relationship, names that the same pattern gives values to:
// they may not have them yet when relationships are followed.
func (m *matcher) beforeOnly(r *ast.RelationshipPattern) error {
	var err error
	ast.Walk(r.Properties, func(n ast.Node) bool {
		if v, ok := n.(*ast.Variable); ok && err == nil {
			symbol := m.query.Refs[v]
			for _, own := range m.scope.all() {
				if own == symbol && !slices.Contains(m.before, symbol) {
					err = m.unsupported(v, "a name of the same pattern in the properties of a variable-length relationship")
				}
			}
		}
		return err == nil
	})
	return err
}

func (m *matcher) relationshipSymbol(r *ast.RelationshipPattern, out *Relationship) error {
	t, want := kinds(fn.Relationship), fn.Relationship
	if out.Variable {
		t, want = listOf(t), fn.List
	}
	if r.Variable == nil {
		out.Symbol = m.symbol("", t)
		return nil
	}
	symbol := m.scope.lookup(r.Variable.Name)
	if symbol == nil {
		if m.closed {
			_, err := m.use(m.scope, r.Variable)
			return err
		}
		out.Symbol = m.declare(m.scope, r.Variable, t)
		return nil
	}
	m.query.Refs[r.Variable] = symbol
	for _, other := range m.pattern.Relationships {
		if other.Symbol == symbol && symbol.Type.can(want) {
			return m.fail(r.Variable, ast.SyntaxError, "RelationshipUniquenessViolation",
				"relationship `%s` stands twice in one pattern", symbol.Name)
		}
	}
	if !symbol.Type.can(want) || want == fn.List && !symbol.Type.element().can(fn.Relationship) {
		return m.conflict(r.Variable, symbol, "a relationship")
	}
	out.Symbol, out.Bound = symbol, slices.Contains(m.before, symbol)
	return nil
}
