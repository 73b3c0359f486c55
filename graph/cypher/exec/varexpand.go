package exec

import (
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/bind"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// propertyTests are values that the properties of every relationship of a variable-length pattern must equal.
type propertyTests struct {
	keys   []int
	values []eval
}

func (c *compiler) propertyTests(tests []bind.PropertyTest) propertyTests {
	var p propertyTests
	for _, test := range tests {
		p.keys = append(p.keys, c.key(test.Key))
		p.values = append(p.values, c.expr(test.Value))
	}
	return p
}

// evaluate computes the wanted values once.
func (p *propertyTests) evaluate(r *run) ([]value.Value, error) {
	if len(p.values) == 0 {
		return nil, nil
	}
	return evaluate(r, p.values)
}

func (p *propertyTests) hold(r *run, id graph.RelationshipID, want []value.Value) bool {
	for i, key := range p.keys {
		k, ok := r.key(key)
		if !ok || value.Equal(r.graph().RelationshipProperty(id, k), want[i]) != value.True {
			return false
		}
	}
	return true
}

type varExpand struct {
	through
	expansion
	min, max int64
	reversed bool
	unlisted bool
	tests    propertyTests
	// Room of the walk under way.
	ids  []graph.Type
	path []value.Value
}

func (c *compiler) varExpand(o *plan.VarExpand) stage {
	p := o.Relationship
	made := varExpand{
		expansion: c.expansion(&o.Expand), min: p.Min, max: p.Max, reversed: o.Reversed, unlisted: o.Unlisted,
		tests: c.propertyTests(p.Properties),
	}
	return func(next operator, _ *pipe) operator {
		v := made
		v.through = through{next}
		return &v
	}
}

// walk is one depth-first walk.
type walk struct {
	*varExpand
	types []graph.Type
	any   bool
	want  []value.Value
	path  []value.Value
	goal  graph.NodeID
}

func (o *varExpand) push(r *run) error {
	from := r.row[o.from]
	if from.Kind() != value.KindNode {
		return nil
	}
	w := walk{varExpand: o}
	if o.into {
		to := r.row[o.to]
		if to.Kind() != value.KindNode {
			return nil
		}
		w.goal = to.NodeID()
	}
	var err error
	if w.want, err = o.tests.evaluate(r); err != nil {
		return err
	}
	w.types, w.any = o.choice.types(r, o.ids[:0])
	w.path = o.path[:0]
	err = w.visit(r, from.NodeID(), 0)
	o.ids, o.path = w.types, w.path
	return err
}

func (w *walk) visit(r *run, at graph.NodeID, depth int64) error {
	if depth >= w.min && (!w.into || at == w.goal) {
		if err := w.emit(r, at); err != nil {
			return err
		}
	}
	if w.max >= 0 && depth >= w.max || !w.any {
		return nil
	}
	r.hit()
	e := r.graph().Expand(at, w.direction, w.types)
	for e.Next() {
		if err := r.visit(); err != nil {
			return err
		}
		id := e.Relationship()
		if !w.choice.allows(r, e.Type()) || listed(w.path, id) || w.unique.used(r, id) || !w.tests.hold(r, id, w.want) {
			continue
		}
		w.path = append(w.path, value.Relationship(id))
		if err := w.visit(r, e.Other(), depth+1); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
	}
	return nil
}

func (w *walk) emit(r *run, at graph.NodeID) error {
	if !w.unlisted {
		w.list(r)
	}
	if !w.into {
		r.row[w.to] = value.Node(at)
	}
	return w.next.push(r)
}

// list puts the path's relationships into the row.
func (w *walk) list(r *run) {
	list := make([]value.Value, len(w.path))
	for i, v := range w.path {
		if w.reversed {
			list[len(list)-1-i] = v
		} else {
			list[i] = v
		}
	}
	r.row[w.rel] = value.List(list)
}

// takeList walks a list of relationships that is known from the left end.
type takeList struct {
	through
	expansion
	min, max int64
	reversed bool
	tests    propertyTests
	test     typeTest
}

func (c *compiler) takeList(o *plan.TakeList) stage {
	p := o.Relationship
	made := takeList{
		expansion: c.expansion(&o.Expand), min: p.Min, max: p.Max, reversed: o.Reversed,
		tests: c.propertyTests(p.Properties), test: c.typeTest(p.Types),
	}
	return func(next operator, _ *pipe) operator {
		t := made
		t.through = through{next}
		return &t
	}
}

func (o *takeList) push(r *run) error {
	from, list := r.row[o.from], r.row[o.rel]
	if from.Kind() != value.KindNode || list.Kind() != value.KindList {
		return nil
	}
	items := list.List()
	if int64(len(items)) < o.min || o.max >= 0 && int64(len(items)) > o.max {
		return nil
	}
	want, err := o.tests.evaluate(r)
	if err != nil {
		return err
	}
	at := from.NodeID()
	for i := range items {
		item := items[i]
		if o.reversed {
			item = items[len(items)-1-i]
		}
		if item.Kind() != value.KindRelationship {
			return nil
		}
		next, ok := o.follow(r, item.RelationshipID(), at)
		if !ok || listed(items[:i], item.RelationshipID()) && !o.reversed || !o.tests.hold(r, item.RelationshipID(), want) {
			return nil
		}
		at = next
	}
	if o.into && !isNode(r.row[o.to], at) {
		return nil
	}
	r.row[o.to] = value.Node(at)
	return o.next.push(r)
}

// follow goes over one relationship in the pattern's direction.
func (o *takeList) follow(r *run, id graph.RelationshipID, at graph.NodeID) (graph.NodeID, bool) {
	r.hit()
	known, ok := r.graph().Relationship(id)
	switch {
	case !ok || !o.test(r, known.Type) || o.unique.used(r, id):
		return 0, false
	case known.Start == at && o.direction != graph.Incoming:
		return known.End, true
	case known.End == at && o.direction != graph.Outgoing:
		return known.Start, true
	}
	return 0, false
}
