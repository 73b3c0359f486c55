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

// rowSet remembers which rows were seen, by equivalence.
type rowSet struct {
	width  int
	first  map[uint64]int32
	next   []int32
	values []value.Value
	held   int64
}

func newRowSet(width int) *rowSet { return &rowSet{width: width, first: map[uint64]int32{}} }

// hashSeed begins the hash of a row.
const hashSeed = 0x6e65787573

// find returns the place of a row, or -1, and its hash.
func (s *rowSet) find(r *run, slots []int) (int32, uint64) {
	hash := uint64(hashSeed)
	for _, slot := range slots {
		hash = value.Hash(r.row[slot], hash)
	}
	at, ok := s.first[hash]
	if !ok {
		return -1, hash
	}
	for ; at >= 0; at = s.next[at] {
		if s.equal(r, slots, at) {
			return at, hash
		}
	}
	return -1, hash
}

func (s *rowSet) equal(r *run, slots []int, at int32) bool {
	base := int(at) * s.width
	for i, slot := range slots {
		if !value.Equivalent(s.values[base+i], r.row[slot]) {
			return false
		}
	}
	return true
}

// insert keeps a row that find did not find.
func (s *rowSet) insert(r *run, slots []int, hash uint64) (int32, error) {
	at := int32(len(s.next))
	size := int64(rowOverhead + 32)
	for _, slot := range slots {
		s.values = append(s.values, r.row[slot])
		size += weight(r.row[slot])
	}
	previous, ok := s.first[hash]
	if !ok {
		previous = -1
	}
	s.next = append(s.next, previous)
	s.first[hash] = at
	s.held += size
	return at, r.hold(size)
}

// add tells whether the row is new, and keeps it then.
func (s *rowSet) add(r *run, slots []int) (bool, error) {
	if err := r.step(); err != nil {
		return false, err
	}
	at, hash := s.find(r, slots)
	if at >= 0 {
		return false, nil
	}
	_, err := s.insert(r, slots, hash)
	return true, err
}

func (s *rowSet) release(r *run) { r.release(s.held) }
