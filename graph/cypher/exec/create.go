package exec

import (
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// maker is the compiled form of a pattern to create.
type maker struct {
	nodes []madeNode
	rels  []madeRelationship
	paths []madePath
	// ordered makes each part before the values of the next are computed.
	ordered bool
	// strict refuses null properties, as MERGE does.
	strict bool
}

type madeNode struct {
	path       int
	slot       int
	labels     []string
	properties eval
	at         ast.Node
}

type madeRelationship struct {
	path           int
	slot, from, to int
	typ            string
	properties     eval
	at             ast.Node
}

type madePath struct {
	slot        int
	nodes, rels []int
}

func (c *compiler) maker(create *bind.Create, strict bool) *maker {
	m := &maker{strict: strict, ordered: create.ReadsOwn}
	for _, n := range create.Nodes {
		m.nodes = append(m.nodes, madeNode{n.Path, n.Out.Slot, n.Labels, c.optionalExpr(n.Properties), n.Properties})
	}
	for _, r := range create.Relationships {
		m.rels = append(m.rels, madeRelationship{
			r.Path, r.Out.Slot, r.From.Slot, r.To.Slot, r.Type, c.optionalExpr(r.Properties), r.At,
		})
	}
	for _, p := range create.Paths {
		if p.Symbol != nil {
			m.paths = append(m.paths, madePath{p.Symbol.Slot, slots(p.Nodes), slots(p.Created)})
		}
	}
	return m
}

// made are the evaluated properties of one row.
type made []*value.Map

// evaluate computes all properties before anything is made.
func (m *maker) evaluate(r *run, into made) (made, error) {
	into = into[:0]
	for i := range m.nodes {
		p, err := m.properties(r, m.nodes[i].properties, m.nodes[i].at)
		if err != nil {
			return into, err
		}
		into = append(into, p)
	}
	for i := range m.rels {
		p, err := m.properties(r, m.rels[i].properties, m.rels[i].at)
		if err != nil {
			return into, err
		}
		into = append(into, p)
	}
	return into, nil
}

func (m *maker) properties(r *run, e eval, at ast.Node) (*value.Map, error) {
	if e == nil {
		return nil, nil
	}
	v, err := e(r)
	if err != nil {
		return nil, err
	}
	if v.Kind() != value.KindMap {
		return nil, fail(at, ast.TypeError, "InvalidArgumentType", "properties must be a map, found %s", v.Kind())
	}
	if !m.strict {
		return v.Map(), nil
	}
	for i := range v.Map().Len() {
		if key, property := v.Map().At(i); property.IsNull() {
			return nil, fail(at, ast.SemanticError, "MergeReadOwnWrites", "MERGE cannot look for a property that is null: `%s`", key)
		}
	}
	return v.Map(), nil
}

// make creates all of it and sets the slots.
func (m *maker) make(r *run, properties made) error {
	for i := range m.nodes {
		if err := m.node(r, &m.nodes[i], properties[i]); err != nil {
			return err
		}
	}
	for i := range m.rels {
		if err := m.relationship(r, &m.rels[i], properties[len(m.nodes)+i]); err != nil {
			return err
		}
	}
	for i := range m.paths {
		r.row[m.paths[i].slot] = m.paths[i].value(r)
	}
	return nil
}

// makeInOrder computes and creates part by part: path after path, in each its nodes and then its relationships.
func (m *maker) makeInOrder(r *run) error {
	began := r.graph()
	defer r.see(began)
	node, rel := 0, 0
	for node < len(m.nodes) || rel < len(m.rels) {
		nodeNext := rel == len(m.rels) || node < len(m.nodes) && m.nodes[node].path <= m.rels[rel].path
		r.see(r.draft.Graph())
		var err error
		if nodeNext {
			err = m.nodeNow(r, &m.nodes[node])
			node++
		} else {
			err = m.relationshipNow(r, &m.rels[rel])
			rel++
		}
		if err != nil {
			return err
		}
	}
	for i := range m.paths {
		r.row[m.paths[i].slot] = m.paths[i].value(r)
	}
	return nil
}

func (m *maker) nodeNow(r *run, n *madeNode) error {
	p, err := m.properties(r, n.properties, n.at)
	if err != nil {
		return err
	}
	return m.node(r, n, p)
}

func (m *maker) relationshipNow(r *run, n *madeRelationship) error {
	p, err := m.properties(r, n.properties, n.at)
	if err != nil {
		return err
	}
	return m.relationship(r, n, p)
}

func (m *maker) node(r *run, n *madeNode, properties *value.Map) error {
	id, err := r.draft.CreateNode(n.labels, properties)
	if err != nil {
		return explain(n.at, err)
	}
	r.stats.NodesCreated++
	r.stats.LabelsAdded += uint64(distinctCount(n.labels))
	r.stats.PropertiesSet += uint64(present(properties))
	r.row[n.slot] = value.Node(id)
	return nil
}

func (m *maker) relationship(r *run, made *madeRelationship, properties *value.Map) error {
	from, err := endOf(r, made.from, made.at)
	if err != nil {
		return err
	}
	to, err := endOf(r, made.to, made.at)
	if err != nil {
		return err
	}
	id, err := r.draft.CreateRelationship(made.typ, from, to, properties)
	if err != nil {
		return explain(made.at, err)
	}
	r.stats.RelationshipsCreated++
	r.stats.PropertiesSet += uint64(present(properties))
	r.row[made.slot] = value.Relationship(id)
	return nil
}

func endOf(r *run, slot int, at ast.Node) (graph.NodeID, error) {
	v := r.row[slot]
	if v.Kind() != value.KindNode {
		return 0, fail(at, ast.SemanticError, "InvalidArgumentValue", "a relationship needs two nodes, found %s at one end", v.Kind())
	}
	return v.NodeID(), nil
}

// value joins what was made; the path runs as written, whatever way the relationships point.
func (p *madePath) value(r *run) value.Value {
	path := &value.Path{}
	for _, slot := range p.nodes {
		path.Nodes = append(path.Nodes, r.row[slot].NodeID())
	}
	for _, slot := range p.rels {
		path.Relationships = append(path.Relationships, r.row[slot].RelationshipID())
	}
	return value.PathOf(path)
}

// present counts the entries that are not null.
func present(m *value.Map) int {
	n := 0
	for i := range m.Len() {
		if _, v := m.At(i); !v.IsNull() {
			n++
		}
	}
	return n
}

func distinctCount(labels []string) int {
	n := 0
	for i, label := range labels {
		repeated := false
		for _, before := range labels[:i] {
			repeated = repeated || before == label
		}
		if !repeated {
			n++
		}
	}
	return n
}

type create struct {
	barrier
	maker *maker
	room  made
}

func (c *compiler) create(o *plan.Create) stage {
	m, live := c.maker(o.Clause, false), liveSlots(o.Clause.Live, o.Clause)
	return func(next operator, p *pipe) operator {
		return &create{barrier: newBarrier(next, p, live, o.Last), maker: m}
	}
}

func (o *create) push(r *run) error {
	if o.maker.ordered {
		if err := o.maker.makeInOrder(r); err != nil {
			return err
		}
		return o.keep(r)
	}
	properties, err := o.maker.evaluate(r, o.room)
	if err != nil {
		return err
	}
	o.room = properties
	if err := o.maker.make(r, properties); err != nil {
		return err
	}
	return o.keep(r)
}

func (o *create) finish(r *run) error { return o.open(r) }
