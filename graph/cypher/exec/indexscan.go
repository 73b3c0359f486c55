package exec

import (
	"slices"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/scripts/planted"
)

// indexing is the compiled form of an index scan that all executions share.
type indexing struct {
	slot         int
	relationship bool
	over         int // a label's place in the program, or a type's
	keys         []int
	equal        []eval
	in, starts   eval
	from, to     func(r *run) (bound *graph.Bound, empty bool, err error)
	order        plan.Order
	nulls        bool
}

func (c *compiler) indexScan(o *plan.IndexScan) stage {
	x := &indexing{relationship: o.Relationship != nil, order: o.Order, nulls: o.Nulls, from: c.bound(o.From), to: c.bound(o.To)}
	if x.relationship {
		x.slot, x.over = o.Relationship.Symbol.Slot, c.typ(o.Over)
	} else {
		x.slot, x.over = o.Node.Symbol.Slot, c.label(o.Over)
	}
	for _, key := range o.Keys {
		x.keys = append(x.keys, c.key(key))
	}
	x.equal = c.exprs(o.Equal)
	if o.In != nil {
		x.in = c.expr(o.In)
	}
	if o.StartsWith != nil {
		x.starts = c.expr(o.StartsWith)
	}
	return func(next operator, _ *pipe) operator { return &indexScan{through{next}, x} }
}

// indexScan finds nodes or relationships by an index. Where the graph lacks the index, or where it cannot say what a
// condition lets pass, it looks at all that the index covers; the conditions stand behind it in any case.
type indexScan struct {
	through
	shared *indexing
}

func (o *indexScan) push(r *run) error {
	r.hit()
	x := o.shared
	index, ok := x.find(r)
	var room [4]value.Value
	part, err := x.part(r, room[:0])
	switch {
	case err != nil:
		return err
	case part.empty:
		return nil
	case !ok || part.all:
		return o.everything(r)
	case x.in != nil:
		return o.each(r, index, part)
	case x.nulls && x.order == plan.Descending:
		if err := o.lacking(r, index); err != nil {
			return err
		}
	}
	if err := o.walk(r, index, part); err != nil {
		return err
	}
	if x.nulls && x.order == plan.Ascending {
		return o.lacking(r, index)
	}
	return nil
}

// find looks the index up in the graph as it is now.
func (x *indexing) find(r *run) (*graph.Index, bool) {
	var room [4]graph.PropertyKey
	ids := room[:0]
	for _, key := range x.keys {
		id, ok := r.key(key)
		if !ok {
			return nil, false
		}
		ids = append(ids, id)
	}
	if x.relationship {
		typ, ok := r.typ(x.over)
		if !ok {
			return nil, false
		}
		return r.graph().RelationshipIndex(typ, ids)
	}
	label, ok := r.label(x.over)
	if !ok {
		return nil, false
	}
	return r.graph().NodeIndex(label, ids)
}

// part is what of an index is walked.
type part struct {
	equal    []value.Value
	from, to *graph.Bound
	text     string // with texts, what they begin with
	texts    bool
	list     []value.Value
	empty    bool // nothing can pass the conditions
	all      bool // the index does not tell what can
}

func (x *indexing) part(r *run, room []value.Value) (p part, err error) {
	p.equal = room
	for _, e := range x.equal {
		v, err := e(r)
		if err != nil {
			return p, err
		}
		p.equal = append(p.equal, v)
	}
	switch {
	case x.in != nil:
		v, err := x.in(r)
		if err != nil || v.Kind() != value.KindList {
			return part{all: true}, err
		}
		p.list = slices.Clone(v.List())
		slices.SortFunc(p.list, value.Compare)
		return p, nil
	case x.starts != nil:
		v, err := x.starts(r)
		if err != nil || v.Kind() != value.KindString {
			return part{empty: true}, err
		}
		p.text, p.texts = v.Str(), true
		return p, nil
	}
	return x.bounded(r, p)
}

// bounded evaluates both ends of a range.
func (x *indexing) bounded(r *run, p part) (part, error) {
	var err error
	var low, high bool
	if p.from, low, err = x.from(r); err != nil {
		return p, err
	}
	if p.to, high, err = x.to(r); err != nil {
		return p, err
	}
	p.empty = low || high
	p.all = !ranged(p.from) || !ranged(p.to)
	return p, nil
}

// ranged tells whether the index's order is that of < for the bound's kind.
func ranged(b *graph.Bound) bool {
	if b == nil {
		return true
	}
	switch b.Value.Kind() {
	case value.KindInt, value.KindFloat, value.KindString, value.KindBool:
		return true
	}
	return false
}

// bound evaluates one end of a range; nothing compares with null.
func (c *compiler) bound(b *plan.Bound) func(r *run) (bound *graph.Bound, empty bool, err error) {
	if b == nil {
		return func(*run) (*graph.Bound, bool, error) { return nil, false, nil }
	}
	e := c.expr(b.Value)
	return func(r *run) (*graph.Bound, bool, error) {
		v, err := e(r)
		return &graph.Bound{Value: v, Inclusive: b.Inclusive}, v.IsNull(), err
	}
}

// each seeks every different value of a list.
func (o *indexScan) each(r *run, index *graph.Index, p part) error {
	for i, item := range p.list {
		if i > 0 && value.Equivalent(item, p.list[i-1]) {
			continue
		}
		if err := o.walk(r, index, part{equal: append(p.equal[:len(p.equal):len(p.equal)], item)}); err != nil {
			return err
		}
	}
	return nil
}

// walk passes what a part of the index has.
func (o *indexScan) walk(r *run, index *graph.Index, p part) error {
	descending := o.shared.order == plan.Descending
	simple := !descending && !p.texts && p.from == nil && p.to == nil
	if o.shared.relationship {
		var cursor graph.RelationshipCursor
		switch {
		case p.texts:
			cursor = index.StartsWithRelationships(p.equal, p.text, descending)
		case simple:
			cursor = index.SeekRelationships(p.equal)
		default:
			cursor = index.RangeRelationships(p.equal, p.from, p.to, descending)
		}
		return o.relationships(r, &cursor)
	}
	var cursor graph.NodeCursor
	switch {
	case p.texts:
		cursor = index.StartsWith(p.equal, p.text, descending)
	case simple:
		cursor = index.Seek(p.equal)
	default:
		cursor = index.Range(p.equal, p.from, p.to, descending)
	}
	return o.nodes(r, &cursor)
}

func (o *indexScan) nodes(r *run, cursor *graph.NodeCursor) error {
	for id, ok := cursor.Next(); ok; id, ok = cursor.Next() {
		if err := o.pass(r, value.Node(id)); err != nil {
			return err
		}
	}
	return nil
}

func (o *indexScan) relationships(r *run, cursor *graph.RelationshipCursor) error {
	for id, ok := cursor.Next(); ok; id, ok = cursor.Next() {
		if err := o.pass(r, value.Relationship(id)); err != nil {
			return err
		}
	}
	return nil
}

func (o *indexScan) pass(r *run, v value.Value) error {
	if err := r.visit(); err != nil {
		return err
	}
	r.row[o.shared.slot] = v
	return o.next.push(r)
}

// covered visits all that the index covers, whether or not they are in it, ascending by id.
func (x *indexing) covered(r *run, visit func(v value.Value) error) error {
	if x.relationship {
		typ, ok := r.typ(x.over)
		if !ok {
			return nil
		}
		cursor := r.graph().RelationshipsOfType(typ)
		for id, ok := cursor.Next(); ok; id, ok = cursor.Next() {
			if err := visit(value.Relationship(id)); err != nil {
				return err
			}
		}
		return nil
	}
	cursor := labelled(r, x.over)
	for id, ok := cursor.Next(); ok; id, ok = cursor.Next() {
		if err := visit(value.Node(id)); err != nil {
			return err
		}
	}
	return nil
}

// property reads one of the index's properties.
func (x *indexing) property(r *run, v value.Value, key int) value.Value {
	k, ok := r.key(key)
	switch {
	case !ok:
		return value.Null
	case x.relationship:
		return r.graph().RelationshipProperty(v.RelationshipID(), k)
	}
	return r.graph().NodeProperty(v.NodeID(), k)
}

// count is how many the index covers, whether or not they are in it.
func (x *indexing) count(r *run) uint64 {
	if x.relationship {
		if typ, ok := r.typ(x.over); ok {
			return r.graph().TypeCount(typ)
		}
	} else if label, ok := r.label(x.over); ok {
		return r.graph().LabelCount(label)
	}
	return 0
}

// lacking passes what has the label or type and not the property. What the index has was walked, or will be, so that a
// transaction which read on both sides has read what decides here.
func (o *indexScan) lacking(r *run, index *graph.Index) error {
	x := o.shared
	if x.count(r) == index.Len() || planted.On("ordered-scan-loses-nulls") {
		return nil
	}
	return x.covered(r, func(v value.Value) error {
		if !x.property(r, v, x.keys[0]).IsNull() {
			return r.step()
		}
		return o.pass(r, v)
	})
}

// everything looks at all that the index covers: in the order of ids, or in the one asked for.
func (o *indexScan) everything(r *run) error {
	x := o.shared
	if x.order == plan.Unordered {
		return x.covered(r, func(v value.Value) error { return o.pass(r, v) })
	}
	rows, held, err := x.inOrder(r)
	defer r.release(held)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := o.pass(r, row[0]); err != nil {
			return err
		}
	}
	return nil
}

// inOrder gathers and sorts what the index would have: each row is an entity and its properties.
func (x *indexing) inOrder(r *run) (rows [][]value.Value, held int64, err error) {
	keys := x.keys[len(x.equal):]
	err = x.covered(r, func(v value.Value) error {
		row := append(make([]value.Value, 0, 1+len(keys)), v)
		size := int64(rowOverhead) + weight(v)
		for _, key := range keys {
			p := x.property(r, v, key)
			if p.IsNull() && !x.nulls {
				return r.step()
			}
			size += weight(p)
			row = append(row, p)
		}
		rows, held = append(rows, row), held+size
		if err := r.hold(size); err != nil {
			return err
		}
		return r.step()
	})
	slices.SortStableFunc(rows, func(a, b []value.Value) int {
		for i := range keys {
			if c := value.Compare(a[1+i], b[1+i]); c != 0 && x.order == plan.Descending {
				return -c
			} else if c != 0 {
				return c
			}
		}
		return 0
	})
	return rows, held, err
}
