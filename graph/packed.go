package graph

import "slices"

// pageSize is how many entities share a page.
const (
	pageBits = 5
	pageSize = 1 << pageBits
	pageMask = pageSize - 1
)

const (
	maxInline   = 1024   // longer records lie beside the arena
	lengthLarge = 0xffff // marks such a slot
	minGarbage  = 512    // below this an arena is not compacted
)

// packed holds the records of a page's slots in one arena. Bytes are appended and never overwritten, so a slice handed
// out stays as it is.
type packed struct {
	start   [pageSize]uint32
	length  [pageSize]uint16
	garbage uint32
	arena   []byte
	large   []largeRecord
}

type largeRecord struct {
	slot uint8
	data []byte
}

// at returns a slot's record, empty where there is none.
func (p *packed) at(slot uint64) []byte {
	n := p.length[slot&pageMask]
	if n == 0 {
		return nil
	}
	if n == lengthLarge {
		for i := range p.large {
			if uint64(p.large[i].slot) == slot {
				return p.large[i].data
			}
		}
		return nil
	}
	from := p.start[slot&pageMask]
	return p.arena[from : from+uint32(n) : from+uint32(n)]
}

// set puts a copy of record into a slot.
func (p *packed) set(slot uint64, record []byte) {
	p.remove(slot)
	if len(record) > maxInline {
		p.large = append(p.large, largeRecord{uint8(slot), slices.Clone(record)})
		p.length[slot] = lengthLarge
		return
	}
	if len(record) == 0 {
		return
	}
	if p.garbage > minGarbage && p.garbage > uint32(len(p.arena))/2 {
		p.compact(len(record))
	}
	p.start[slot] = uint32(len(p.arena))
	p.length[slot] = uint16(len(record))
	p.arena = append(p.arena, record...)
}

// remove empties a slot.
func (p *packed) remove(slot uint64) {
	switch n := p.length[slot]; n {
	case 0:
		return
	case lengthLarge:
		p.large = slices.DeleteFunc(p.large, func(l largeRecord) bool { return uint64(l.slot) == slot })
	default:
		p.garbage += uint32(n)
	}
	p.length[slot] = 0
}

// compact writes the live records into a new arena with room for more bytes.
func (p *packed) compact(room int) {
	size := 0
	for _, n := range p.length {
		if n != lengthLarge {
			size += int(n)
		}
	}
	arena := make([]byte, 0, size+room)
	for slot, n := range p.length {
		if n == 0 || n == lengthLarge {
			continue
		}
		from := p.start[slot]
		p.start[slot] = uint32(len(arena))
		arena = append(arena, p.arena[from:from+uint32(n)]...)
	}
	p.arena, p.garbage = arena, 0
}

// trim gives back the slack of a page that has just become full.
func (p *packed) trim() {
	if cap(p.arena) > len(p.arena)+len(p.arena)/8 || p.garbage > 0 {
		p.compact(0)
	}
}

// share prepares a copied struct for another owner: appends go elsewhere from now on.
func (p *packed) share() {
	p.arena = p.arena[:len(p.arena):len(p.arena)]
	p.large = slices.Clone(p.large)
}
