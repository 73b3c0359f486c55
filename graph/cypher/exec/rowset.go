package exec

import "github.com/hivellm/nexus/graph/value"

// rowSet remembers which rows were seen, by equivalence, in the order in which they came: a table of open addresses over
// the rows' hashes.
type rowSet struct {
	width  int
	places []int32 // 1 + the row; 0 is free. A power of two, at most three quarters full
	hashes []uint64
	values []value.Value
	held   int64
}

func newRowSet(width int) *rowSet { return &rowSet{width: width} }

const (
	// hashSeed begins the hash of a row.
	hashSeed = 0x6e65787573
	// leastPlaces is the size of the first table.
	leastPlaces = 16
	// rowSetOverhead is what a row is taken to cost beside its values.
	rowSetOverhead = rowOverhead + 32
)

func (s *rowSet) count() int { return len(s.hashes) }

// at returns a value of a row.
func (s *rowSet) at(row, i int) value.Value { return s.values[row*s.width+i] }

// find returns the place of a row, or -1, and its hash.
func (s *rowSet) find(r *run, slots []int) (int32, uint64) {
	hash := uint64(hashSeed)
	for _, slot := range slots {
		hash = value.Hash(r.row[slot], hash)
	}
	if len(s.places) == 0 {
		return -1, hash
	}
	mask := uint64(len(s.places) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		row := s.places[i] - 1
		if row < 0 {
			return -1, hash
		}
		if s.hashes[row] == hash && s.equal(r, slots, row) {
			return row, hash
		}
	}
}

func (s *rowSet) equal(r *run, slots []int, row int32) bool {
	base := int(row) * s.width
	for i, slot := range slots {
		if !value.Equivalent(s.values[base+i], r.row[slot]) {
			return false
		}
	}
	return true
}

// insert keeps a row that find did not find.
func (s *rowSet) insert(r *run, slots []int, hash uint64) (int32, error) {
	row := int32(len(s.hashes))
	size := int64(rowSetOverhead)
	for _, slot := range slots {
		s.values = append(s.values, r.row[slot])
		size += weight(r.row[slot])
	}
	s.hashes = append(s.hashes, hash)
	if 4*len(s.hashes) > 3*len(s.places) {
		s.grow()
	} else {
		s.put(row)
	}
	s.held += size
	return row, r.hold(size)
}

// grow makes a table of twice the size.
func (s *rowSet) grow() {
	s.places = make([]int32, max(leastPlaces, 2*len(s.places)))
	for row := range s.hashes {
		s.put(int32(row))
	}
}

func (s *rowSet) put(row int32) {
	mask := uint64(len(s.places) - 1)
	i := s.hashes[row] & mask
	for s.places[i] != 0 {
		i = (i + 1) & mask
	}
	s.places[i] = row + 1
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
