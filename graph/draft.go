package graph

import (
	"slices"

	"github.com/hivellm/nexus/graph/value"
)

// Defaults of DraftLimits (PROTOCOL R7).
const (
	DefaultMaxOperations = 50_000
	DefaultMaxBytes      = 4 << 20
)

// DraftLimits bound what one draft may record. Zero means the default.
type DraftLimits struct {
	MaxOperations int
	MaxBytes      int // of operations and strings together
}

// Draft is a private version above a base, with the operations that lead to it. It belongs to one goroutine; the
// versions it hands out are as free as any.
type Draft struct {
	m      *mutation
	base   Stamp
	limits DraftLimits
	frozen *Graph // the current version, where nothing was written since
	begun  *Graph // the version begun on, while no operation was run
	table  stringTable
	ops    []byte
	count  int
	blocks *idBlocks // where ids come from; nil: above every id given

	op      op     // scratch
	values  []byte // scratch: the encoded properties of op
	offsets []int  // scratch: where they end
	room    draftRoom
}

// draftRoom is where the scratch of a small draft lies, so that it is made with the draft.
type draftRoom struct {
	strings    [6]string
	names      [4]uint32
	properties [4]opProperty
	offsets    [4]int
	ids        [nameKinds][6]idPlusOne
	values     [64]byte
	ops        [112]byte
}

// NewDraft begins above a version. What it makes will have the given stamp.
func NewDraft(base *Graph, stamp Stamp, limits DraftLimits) *Draft {
	if limits.MaxOperations == 0 {
		limits.MaxOperations = DefaultMaxOperations
	}
	if limits.MaxBytes == 0 {
		limits.MaxBytes = DefaultMaxBytes
	}
	g := *base
	g.token++
	g.meta.Stamp = stamp
	d := &Draft{m: newMutation(&g), base: base.meta.Stamp, limits: limits, begun: base}
	d.m.decides = true
	r := &d.room
	d.table.strings = r.strings[:0]
	for kind := range d.table.ids {
		d.table.ids[kind] = r.ids[kind][:0]
	}
	d.op.names, d.op.properties, d.offsets = r.names[:0], r.properties[:0], r.offsets[:0]
	d.values, d.ops = r.values[:0], r.ops[:0]
	return d
}

// View returns the version as it is now for reading: before the first operation the one begun on, which costs nothing
// and has that one's stamp, then Graph.
func (d *Draft) View() *Graph {
	if d.begun != nil && d.m.g.reads == nil {
		return d.begun
	}
	return d.Graph()
}

// OnLongWork makes the draft call pause again and again while it visits many entities, as it does to make an index or a
// constraint: to leave the core to others, and to end the work with an error.
func (d *Draft) OnLongWork(pause func() error) { d.m.pause = pause }

// Graph returns the version as it is now. Later writes copy what they touch: the version stays as it is. The cost
// follows what was written since the last call.
func (d *Draft) Graph() *Graph {
	if d.frozen == nil {
		d.settle()
		frozen := *d.m.g
		d.frozen = &frozen
		d.m.g.token++
	}
	return d.frozen
}

// Peek returns the version that the draft is writing, without freezing it: for look-ups between writes. Neither it
// nor a cursor or value from it may be used after the next write; its Meta is not settled.
func (d *Draft) Peek() *Graph { return d.m.g }

// settle cannot fail: a draft's entities are in memory.
func (d *Draft) settle() {
	if err := d.m.settle(); err != nil {
		panic("graph: " + err.Error())
	}
}

// Savepoint is a state of a draft to which it can go back.
type Savepoint struct {
	graph    *Graph
	ops      int
	strings  int
	count    int
	suspects suspects
}

// Savepoint remembers the state. It costs what Graph costs.
func (d *Draft) Savepoint() Savepoint {
	return Savepoint{d.Graph(), len(d.ops), len(d.table.strings), d.count, d.m.suspects.clone()}
}

// RollbackTo goes back to a savepoint of this draft; later savepoints are void, this one may be used again.
func (d *Draft) RollbackTo(s Savepoint) {
	token := max(d.m.g.token, s.graph.token) + 1
	*d.m.g = *s.graph
	d.m.g.token = token
	d.m.touched.nodes.reset(s.graph.meta.NextNode)
	d.m.touched.relationships.reset(s.graph.meta.NextRelationship)
	d.frozen, d.m.suspects = s.graph, s.suspects.clone()
	d.ops, d.count = d.ops[:s.ops], s.count
	d.table.truncate(s.strings)
}

// Empty tells whether nothing was changed.
func (d *Draft) Empty() bool { return d.count == 0 }

// Operations returns how many operations were recorded.
func (d *Draft) Operations() int { return d.count }

// Bytes returns the size of what was recorded, as MaxBytes counts it.
func (d *Draft) Bytes() int { return len(d.ops) + d.table.size }

// Changes returns what was recorded. It is a copy.
func (d *Draft) Changes() Changes {
	return Changes{
		Base: d.base, Stamp: d.m.g.meta.Stamp, Strings: slices.Clone(d.table.strings),
		Ops: slices.Clone(d.ops), Count: d.count,
	}
}

// Check tells whether all that was written has the properties which existence and key constraints demand of it: that is
// asked at the end of a statement, while uniqueness is kept by each write. A *MissingPropertyError names the first entity
// that has not; the draft must then be rolled back or dropped.
func (d *Draft) Check() error { return d.m.checkDemands() }

// Replay plays the operations of other changes on this draft, with every constraint: how a transaction is brought onto
// a newer version. After an error the draft must be rolled back or dropped.
func (d *Draft) Replay(c Changes) error {
	r, err := readOps(c)
	if err != nil {
		return err
	}
	for {
		o, err := r.next()
		if err != nil {
			return err
		}
		if o == nil {
			return d.Check()
		}
		if o.defines() {
			if err := d.redefine(o, c.Strings); err != nil {
				return err
			}
			continue
		}
		for i, ref := range o.names {
			o.names[i] = d.table.ref(c.Strings[ref])
		}
		for i := range o.properties {
			o.properties[i].key = d.table.ref(c.Strings[o.properties[i].key])
		}
		if _, err := d.run(o, len(d.table.strings)); err != nil {
			return err
		}
	}
}

// run records and plays one operation; one that changes nothing, or fails, leaves no trace. strings is how many strings
// there were before the operation named any.
func (d *Draft) run(o *op, strings int) (changed int, err error) {
	ops, names := len(d.ops), d.m.markNames()
	d.ops = appendOp(d.ops, o)
	switch {
	case d.count >= d.limits.MaxOperations:
		err = &LimitError{Limit: "operations", Max: uint64(d.limits.MaxOperations), Found: uint64(d.count) + 1}
	case d.Bytes() > d.limits.MaxBytes:
		err = &LimitError{Limit: "command bytes", Max: uint64(d.limits.MaxBytes), Found: uint64(d.Bytes())}
	default:
		d.frozen, d.begun = nil, nil
		changed, err = d.m.apply(&d.table, o)
	}
	if err != nil || changed == 0 {
		d.ops = d.ops[:ops]
		if names != d.m.markNames() {
			d.m.unname(names)
			d.table.truncate(strings)
		} else if len(d.table.strings) > strings {
			d.table.truncate(strings)
		}
		return 0, err
	}
	d.count++
	return changed, nil
}

// begin empties the scratch operation.
func (d *Draft) begin(code byte, id uint64) *op {
	o := &d.op
	*o = op{code: code, id: id, names: o.names[:0], properties: o.properties[:0]}
	d.values, d.offsets = d.values[:0], d.offsets[:0]
	return o
}

// nameLabels names labels in the scratch operation.
func (d *Draft) nameLabels(labels []string) {
	for _, l := range labels {
		d.op.names = append(d.op.names, d.table.ref(l))
	}
}

// encodeProperties puts the properties that are not null into the scratch operation.
func (d *Draft) encodeProperties(props *value.Map) (err error) {
	for i := range props.Len() {
		key, v := props.At(i)
		if v.IsNull() {
			continue
		}
		if d.values, err = storable(d.values, key, v); err != nil {
			return err
		}
		d.offsets = append(d.offsets, len(d.values))
		d.op.properties = append(d.op.properties, opProperty{key: d.table.ref(key)})
	}
	from := 0
	for i, to := range d.offsets {
		d.op.properties[i].value = d.values[from:to:to]
		from = to
	}
	return nil
}
