package graph

import "math/bits"

// nodePage holds pageSize nodes: their records and where their relationships are.
type nodePage struct {
	token     uint64
	live      uint32
	records   packed
	adjacency [pageSize]*adjacency
}

// ownNodePage returns the page of a node for writing.
func ownNodePage(s *spine[nodePage], id NodeID, token uint64) *nodePage {
	at := s.slot(uint64(id)>>pageBits, token)
	switch p := *at; {
	case p == nil:
		*at = &nodePage{token: token}
		s.bytes += allocatedFor[nodePage]()
	case p.token != token:
		owned := *p
		owned.token = token
		s.bytes -= owned.records.memory()
		owned.records.share()
		s.bytes += owned.records.memory()
		*at = &owned
	}
	return *at
}

// relationshipPage holds pageSize relationships; the packed records are their properties alone.
type relationshipPage struct {
	token      uint64
	live       uint32
	types      [pageSize]Type
	starts     [pageSize]NodeID
	ends       [pageSize]NodeID
	properties packed
}

// ownRelationshipPage returns the page of a relationship for writing.
func ownRelationshipPage(s *spine[relationshipPage], id RelationshipID, token uint64) *relationshipPage {
	at := s.slot(uint64(id)>>pageBits, token)
	switch p := *at; {
	case p == nil:
		*at = &relationshipPage{token: token}
		s.bytes += allocatedFor[relationshipPage]()
	case p.token != token:
		owned := *p
		owned.token = token
		s.bytes -= owned.properties.memory()
		owned.properties.share()
		s.bytes += owned.properties.memory()
		*at = &owned
	}
	return *at
}

const (
	tableBits = 3 // log2 of the items of a table's page
	tableSize = 1 << tableBits
	tableMask = tableSize - 1
)

// tablePage holds tableSize small items by dense id.
type tablePage[T any] struct {
	token uint64
	items [tableSize]T
}

// table is a persistent vector of small items; absent ones are zero.
type table[T any] struct{ pages spine[tablePage[T]] }

func (t *table[T]) at(i uint64) *T {
	p := t.pages.page(i >> tableBits)
	if p == nil {
		return nil
	}
	return &p.items[i&tableMask]
}

// own returns an item for writing; it must not be kept beyond the next freeze.
func (t *table[T]) own(i, token uint64) *T {
	at := t.pages.slot(i>>tableBits, token)
	switch p := *at; {
	case p == nil:
		*at = &tablePage[T]{token: token}
		t.pages.bytes += allocatedFor[tablePage[T]]()
	case p.token != token:
		owned := *p
		owned.token = token
		*at = &owned
	}
	return &(*at).items[i&tableMask]
}

const (
	setWords = 16
	setBits  = 10 // log2 of the ids of a bit page
)

// bitPage holds which of 1024 ids are in a set.
type bitPage struct {
	token uint64
	words [setWords]uint64
}

// idSet is a persistent, ordered set of ids with its exact size.
type idSet struct {
	count uint64
	pages spine[bitPage]
}

// add puts id in, which must not be there.
func (s *idSet) add(id, token uint64) {
	s.own(id, token).words[id>>6&(setWords-1)] |= 1 << (id & 63)
	s.count++
}

// remove takes id out, which must be there.
func (s *idSet) remove(id, token uint64) {
	s.own(id, token).words[id>>6&(setWords-1)] &^= 1 << (id & 63)
	s.count--
}

func (s *idSet) own(id, token uint64) *bitPage {
	at := s.pages.slot(id>>setBits, token)
	switch p := *at; {
	case p == nil:
		*at = &bitPage{token: token}
		s.pages.bytes += allocatedFor[bitPage]()
	case p.token != token:
		owned := *p
		owned.token = token
		*at = &owned
	}
	return *at
}

// setCursor walks an idSet upwards.
type setCursor struct {
	set  *idSet
	page *bitPage
	at   uint64 // number of the page
	word uint64 // index of the word that rest is of
	rest uint64
}

func (c *setCursor) next() (uint64, bool) {
	for c.rest == 0 {
		if c.page != nil && c.word+1 < setWords {
			c.word++
		} else if !c.turn() {
			return 0, false
		}
		c.rest = c.page.words[c.word]
	}
	bit := uint64(bits.TrailingZeros64(c.rest))
	c.rest &= c.rest - 1
	return c.at<<setBits + c.word<<6 + bit, true
}

// turn goes to the next page.
func (c *setCursor) turn() bool {
	if c.set == nil {
		return false
	}
	from := c.at
	if c.page != nil {
		from++
	}
	c.at, c.page = c.set.pages.next(from)
	c.word = 0
	if c.page == nil {
		c.set = nil
		return false
	}
	return true
}
