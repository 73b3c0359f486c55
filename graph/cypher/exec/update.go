package exec

import (
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// updater is the compiled form of the items of SET or REMOVE.
type updater struct{ writes []write }

type write struct {
	bind.Write
	target eval
	value  eval
}

func (c *compiler) updater(items []bind.Write) *updater {
	u := &updater{}
	for _, item := range items {
		u.writes = append(u.writes, write{item, c.expr(item.Target), c.optionalExpr(item.Value)})
	}
	return u
}

// fresh applies the items under the version as it is now.
func (u *updater) fresh(r *run) error {
	if len(u.writes) == 0 {
		return nil
	}
	r.see(r.draft.Graph())
	return u.apply(r)
}

func (u *updater) apply(r *run) error {
	for i := range u.writes {
		if err := u.writes[i].apply(r); err != nil {
			return err
		}
	}
	return nil
}

func (w *write) apply(r *run) error {
	target, err := w.target(r)
	if err != nil || target.IsNull() {
		return err
	}
	v := value.Null
	if w.value != nil {
		if v, err = w.value(r); err != nil {
			return err
		}
	}
	switch w.Kind {
	case bind.SetLabels, bind.RemoveLabels:
		return w.labels(r, target)
	case bind.ReplaceProperties, bind.AddProperties:
		return w.properties(r, target, v)
	}
	return w.set(r, target, w.Key, v)
}

func (w *write) labels(r *run, target value.Value) error {
	if target.Kind() != value.KindNode {
		return fail(w.At, ast.TypeError, "InvalidArgumentType", "only a node has labels, found %s", target.Kind())
	}
	if w.Kind == bind.SetLabels {
		n, err := r.draft.AddLabels(target.NodeID(), w.Labels)
		r.stats.LabelsAdded += uint64(n)
		return explain(w.At, err)
	}
	n, err := r.draft.RemoveLabels(target.NodeID(), w.Labels)
	r.stats.LabelsRemoved += uint64(n)
	return explain(w.At, err)
}

func (w *write) set(r *run, target value.Value, key string, v value.Value) error {
	var changed bool
	var err error
	switch target.Kind() {
	case value.KindNode:
		changed, err = r.draft.SetNodeProperty(target.NodeID(), key, v)
	case value.KindRelationship:
		changed, err = r.draft.SetRelationshipProperty(target.RelationshipID(), key, v)
	default:
		return fail(w.At, ast.TypeError, "InvalidArgumentType", "only nodes and relationships have properties that can be set, found %s", target.Kind())
	}
	if changed || err == nil && !v.IsNull() {
		r.stats.PropertiesSet++
	}
	return explain(w.At, err)
}

func (w *write) properties(r *run, target, v value.Value) error {
	m, ok := propertiesOf(r.graph(), v)
	if !ok {
		return fail(w.At, ast.TypeError, "InvalidArgumentType", "properties are set from a map, a node or a relationship, found %s", v.Kind())
	}
	if w.Kind == bind.ReplaceProperties {
		now, ok := propertiesOf(r.draft.Peek(), target)
		if !ok || target.Kind() == value.KindMap {
			return fail(w.At, ast.TypeError, "InvalidArgumentType", "only nodes and relationships have properties that can be set, found %s", target.Kind())
		}
		var gone []string
		for i := range now.Len() {
			if key, _ := now.At(i); !has(m, key) {
				gone = append(gone, key)
			}
		}
		for _, key := range gone {
			if err := w.set(r, target, key, value.Null); err != nil {
				return err
			}
		}
	}
	for i := range m.Len() {
		key, v := m.At(i)
		if err := w.set(r, target, key, v); err != nil {
			return err
		}
	}
	return nil
}

func has(m *value.Map, key string) bool {
	_, ok := m.Lookup(key)
	return ok
}

// propertiesOf is a map, or the properties of an entity.
func propertiesOf(g *graph.Graph, v value.Value) (*value.Map, bool) {
	switch v.Kind() {
	case value.KindMap:
		return v.Map(), true
	case value.KindNode:
		return g.NodeProperties(v.NodeID()), true
	case value.KindRelationship:
		return g.RelationshipProperties(v.RelationshipID()), true
	}
	return nil, false
}

type update struct {
	barrier
	updater *updater
}

func (c *compiler) update(o *plan.Update) stage {
	u, live := c.updater(o.Clause.Writes), liveSlots(o.Clause.Live, nil)
	return func(next operator, p *pipe) operator { return &update{newBarrier(next, p, live, o.Last), u} }
}

func (o *update) push(r *run) error {
	if err := o.updater.apply(r); err != nil {
		return err
	}
	return o.keep(r)
}

func (o *update) finish(r *run) error { return o.open(r) }
