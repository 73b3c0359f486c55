package exec

import "github.com/hivellm/nexus/graph/value"

// buffer keeps rows: some slots of each.
type buffer struct {
	slots  []int
	values []value.Value
	count  int
	held   int64
}

// rowOverhead is what keeping a row is taken to cost beside its slots.
const rowOverhead = 16

// add keeps the row that stands in the run.
func (b *buffer) add(r *run) error {
	if err := r.step(); err != nil {
		return err
	}
	size := int64(rowOverhead)
	for _, slot := range b.slots {
		v := r.row[slot]
		b.values = append(b.values, v)
		size += weight(v)
	}
	b.count++
	b.held += size
	return r.hold(size)
}

// restore puts row i back into the run.
func (b *buffer) restore(r *run, i int) {
	base := i * len(b.slots)
	for j, slot := range b.slots {
		r.row[slot] = b.values[base+j]
	}
}

// replay pushes all rows on, and the end.
func (b *buffer) replay(r *run, next operator, p *pipe) error {
	for i := range b.count {
		b.restore(r, i)
		if err := next.push(r); err != nil {
			if p.absorb(err) == nil {
				break
			}
			return err
		}
	}
	r.release(b.held)
	b.values, b.count, b.held = nil, 0, 0
	return next.finish(r)
}

// weight is about how many bytes a value holds, not looking deep.
func weight(v value.Value) int64 {
	switch v.Kind() {
	case value.KindString:
		return valueBytes + int64(len(v.Str()))
	case value.KindBytes:
		return valueBytes + int64(len(v.Bytes()))
	case value.KindList:
		return valueBytes * int64(1+len(v.List()))
	case value.KindMap:
		return valueBytes * int64(1+2*v.Map().Len())
	case value.KindPath:
		return valueBytes + 16*int64(len(v.Path().Nodes))
	}
	return valueBytes
}
