package graph

import "unsafe"

// The paged tables: a spine finds a page by its number in three steps and is copied where it is written. Every part
// carries the token of the mutation that made it; a part with the mutation's own token is changed in place, any other
// is copied first. Tokens grow along every chain of versions, so no other version can reach a part of the same token. A
// write copies one part of each level, so parts are small: that makes a small write cheap, at the price of a longer top.

const (
	fanBits = 4
	fan     = 1 << fanBits
)

type branch[P any] struct {
	token uint64
	pages [fan]*P
}

type middle[P any] struct {
	token    uint64
	branches [fan]*branch[P]
}

// spine is a persistent vector of pages. The zero spine is empty.
type spine[P any] struct {
	token uint64
	bytes uint64 // of all parts and pages, and of what pages hold, where their owners say so
	top   []*middle[P]
}

// page returns page i, nil where there is none.
func (s *spine[P]) page(i uint64) *P {
	t := i >> (2 * fanBits)
	if t >= uint64(len(s.top)) {
		return nil
	}
	m := s.top[t]
	if m == nil {
		return nil
	}
	b := m.branches[i>>fanBits&(fan-1)]
	if b == nil {
		return nil
	}
	return b.pages[i&(fan-1)]
}

// slot returns the place of page i on a path that token owns; the page itself may be nil or another's.
func (s *spine[P]) slot(i, token uint64) **P {
	t := i >> (2 * fanBits)
	if s.token != token || t >= uint64(len(s.top)) {
		s.ownTop(int(t)+1, token)
	}
	m := s.top[t]
	if m == nil {
		m = &middle[P]{token: token}
		s.top[t] = m
		s.bytes += allocatedFor[middle[P]]()
	} else if m.token != token {
		owned := *m
		owned.token = token
		m = &owned
		s.top[t] = m
	}
	at := &m.branches[i>>fanBits&(fan-1)]
	if *at == nil {
		*at = &branch[P]{token: token}
		s.bytes += allocatedFor[branch[P]]()
	} else if (*at).token != token {
		owned := **at
		owned.token = token
		*at = &owned
	}
	return &(*at).pages[i&(fan-1)]
}

func (s *spine[P]) ownTop(size int, token uint64) {
	s.bytes += uint64(max(size-len(s.top), 0)) * uint64(unsafe.Sizeof(s.top[0]))
	if s.token != token {
		top := make([]*middle[P], max(size, len(s.top)))
		copy(top, s.top)
		s.top, s.token = top, token
		return
	}
	for len(s.top) < size {
		s.top = append(s.top, nil)
	}
}

// next returns the first page whose number is at least i; nil after the last.
func (s *spine[P]) next(i uint64) (uint64, *P) {
	for t := i >> (2 * fanBits); t < uint64(len(s.top)); t++ {
		if m := s.top[t]; m != nil {
			if at, p := m.next(t<<(2*fanBits), i); p != nil {
				return at, p
			}
		}
	}
	return 0, nil
}

// next looks for the first page of the middle part, whose first page has the number first, from number i on.
func (m *middle[P]) next(first, i uint64) (uint64, *P) {
	for k := range uint64(fan) {
		from := first + k<<fanBits
		b := m.branches[k]
		if b == nil || from+fan <= i {
			continue
		}
		for j := range uint64(fan) {
			if p := b.pages[j]; p != nil && from+j >= i {
				return from + j, p
			}
		}
	}
	return 0, nil
}
