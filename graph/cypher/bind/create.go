package bind

import (
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
)

// creator builds one bound CREATE. What CREATE makes may read what stands before it in the clause; MERGE reads only
// what was there before the clause.
type creator struct {
	*binder
	scope  *scope
	before *scope
	create *Create
	at     int // the place of the path being bound
	merge  bool
}

func (b *binder) create(c *ast.Create, s *scope) (Clause, error) {
	k := &creator{binder: b, scope: s, before: &scope{symbols: s.all()}, create: &Create{Live: s.all()}}
	for i, path := range c.Paths {
		k.at = i
		if err := k.path(path); err != nil {
			return nil, err
		}
	}
	return k.create, nil
}

func (k *creator) path(path *ast.PathPattern) error {
	if path.Shortest != ast.ShortestNone {
		return k.fail(path, ast.SyntaxError, "UnexpectedSyntax", "a shortest path can only be matched")
	}
	use := &PathUse{}
	for _, n := range path.Nodes {
		symbol, err := k.node(n, len(path.Nodes) == 1)
		if err != nil {
			return err
		}
		use.Nodes = append(use.Nodes, symbol)
	}
	for i, r := range path.Relationships {
		made, err := k.relationship(r, use.Nodes[i], use.Nodes[i+1])
		if err != nil {
			return err
		}
		use.Created = append(use.Created, made)
	}
	if path.Variable != nil {
		if k.scope.lookup(path.Variable.Name) != nil {
			return k.alreadyBound(path.Variable)
		}
		use.Symbol = k.declare(k.scope, path.Variable, kinds(fn.Path))
		k.create.Paths = append(k.create.Paths, use)
	}
	return nil
}

func (k *creator) node(n *ast.NodePattern, alone bool) (*Symbol, error) {
	if n.Where != nil {
		return nil, k.fail(n, ast.SyntaxError, "UnexpectedSyntax", "WHERE cannot stand in what is created")
	}
	names, ok := ast.Conjunction(n.Labels)
	if !ok {
		return nil, k.fail(n, ast.SyntaxError, "UnexpectedSyntax", "only plain labels can be created")
	}
	var symbol *Symbol
	if n.Variable != nil {
		if known := k.scope.lookup(n.Variable.Name); known != nil {
			if alone || n.Labels != nil || n.Properties != nil {
				return nil, k.alreadyBound(n.Variable)
			}
			if !known.Type.can(fn.Node) {
				return nil, k.fail(n.Variable, ast.SyntaxError, "VariableTypeConflict", "variable `%s` is %s and cannot be a node", known.Name, known.Type.Kinds)
			}
			k.query.Refs[n.Variable] = known
			return known, nil
		}
	}
	if err := k.properties(n.Properties); err != nil {
		return nil, err
	}
	if n.Variable != nil {
		symbol = k.declare(k.scope, n.Variable, kinds(fn.Node))
	} else {
		symbol = k.symbol("", kinds(fn.Node))
	}
	k.create.Nodes = append(k.create.Nodes, CreateNode{Path: k.at, Out: symbol, Labels: texts(names), Properties: n.Properties})
	return symbol, nil
}

func (k *creator) properties(e ast.Expr) error {
	if _, ok := e.(*ast.Parameter); ok && k.merge {
		return k.fail(e, ast.SyntaxError, "InvalidParameterUse", "a parameter cannot stand for the properties in MERGE")
	}
	if e == nil {
		return nil
	}
	if k.merge {
		return k.exprs(k.before, e)
	}
	ast.Walk(e, func(n ast.Node) bool {
		if v, ok := n.(*ast.Variable); ok && k.before.lookup(v.Name) == nil {
			k.create.ReadsOwn = true
		}
		return true
	})
	return k.exprs(k.scope, e)
}

func (k *creator) relationship(r *ast.RelationshipPattern, left, right *Symbol) (*Symbol, error) {
	if r.Variable != nil && k.scope.lookup(r.Variable.Name) != nil {
		return nil, k.alreadyBound(r.Variable)
	}
	names, ok := ast.Disjunction(r.Types)
	switch {
	case !ok || len(names) != 1:
		return nil, k.fail(r, ast.SyntaxError, "NoSingleRelationshipType", "a relationship that is created needs exactly one type")
	case r.Length != nil:
		return nil, k.fail(r, ast.SyntaxError, "CreatingVarLength", "a relationship of variable length cannot be created")
	case r.Direction == ast.DirectionBoth && !k.merge:
		return nil, k.fail(r, ast.SyntaxError, "RequiresDirectedRelationship", "a relationship that is created needs a direction")
	case r.Where != nil:
		return nil, k.fail(r, ast.SyntaxError, "UnexpectedSyntax", "WHERE cannot stand in what is created")
	}
	if err := k.properties(r.Properties); err != nil {
		return nil, err
	}
	var symbol *Symbol
	if r.Variable != nil {
		symbol = k.declare(k.scope, r.Variable, kinds(fn.Relationship))
	} else {
		symbol = k.symbol("", kinds(fn.Relationship))
	}
	if r.Direction == ast.DirectionLeft {
		left, right = right, left
	}
	k.create.Relationships = append(k.create.Relationships, CreateRelationship{
		Path: k.at, Out: symbol, Type: names[0].Text, From: left, To: right, Properties: r.Properties, At: r,
	})
	return symbol, nil
}

func (b *binder) merge(c *ast.Merge, s *scope) (Clause, error) {
	live := s.all()
	k := &creator{binder: b, scope: s, before: &scope{symbols: live}, create: &Create{Live: live}, merge: true}
	if err := k.path(c.Path); err != nil {
		return nil, err
	}
	m := &Merge{Create: k.create, Live: live, At: c, Pattern: b.merged(c.Path, k.create)}
	var err error
	if m.OnCreate, err = b.setItems(c.OnCreate, s); err != nil {
		return nil, err
	}
	m.OnMatch, err = b.setItems(c.OnMatch, s)
	return m, err
}

// merged is the pattern that MERGE looks for, over the symbols of what it would create.
func (b *binder) merged(path *ast.PathPattern, create *Create) *Pattern {
	p := &Pattern{}
	made := 0
	find := func(n *ast.NodePattern) *Node {
		var symbol *Symbol
		if n.Variable != nil {
			if symbol = b.query.Refs[n.Variable]; symbol != nil {
				for _, node := range p.Nodes {
					if node.Symbol == symbol {
						return node
					}
				}
			}
		}
		node := &Node{}
		if made < len(create.Nodes) && (symbol == nil || create.Nodes[made].Out == symbol) {
			symbol = create.Nodes[made].Out
			made++
		} else {
			node.Bound = true
		}
		node.Symbol = symbol
		if n.Labels != nil {
			node.Labels = append(node.Labels, n.Labels)
		}
		node.Properties = tests(n.Properties)
		p.Nodes = append(p.Nodes, node)
		return node
	}
	nodes := make([]*Node, len(path.Nodes))
	for i, n := range path.Nodes {
		nodes[i] = find(n)
	}
	use := &PathUse{}
	for i, r := range path.Relationships {
		relationship := &Relationship{
			Symbol: create.Relationships[i].Out, Left: nodes[i], Right: nodes[i+1], Direction: r.Direction, Types: r.Types,
			Min: 1, Max: 1, Properties: tests(r.Properties),
		}
		p.Relationships = append(p.Relationships, relationship)
		use.Relationships = append(use.Relationships, relationship)
	}
	for _, node := range nodes {
		use.Nodes = append(use.Nodes, node.Symbol)
	}
	if path.Variable != nil {
		use.Symbol = b.query.Refs[path.Variable]
	}
	p.Paths = append(p.Paths, use)
	return p
}

func tests(e ast.Expr) []PropertyTest {
	literal, ok := e.(*ast.MapLiteral)
	if !ok {
		return nil
	}
	var list []PropertyTest
	for _, entry := range literal.Entries {
		list = append(list, PropertyTest{Key: entry.Key.Text, Value: entry.Value})
	}
	return list
}
