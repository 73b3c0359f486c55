package graph

import "slices"

// readToken owns every page of a read set: nobody else can reach them.
const readToken = 1

// bitPageBytes is what a page of bits takes with its share of the spine.
const bitPageBytes = 160

// idReads is a set of ids, a bit each.
type idReads struct{ set idSet }

// mark puts an id in and returns how many bytes that took.
func (s *idReads) mark(id uint64) int {
	page := s.set.pages.page(id >> setBits)
	if page != nil && page.words[id>>6&(setWords-1)]&(1<<(id&63)) != 0 {
		return 0
	}
	s.set.add(id, readToken)
	if page != nil {
		return 0
	}
	return bitPageBytes
}

// nameRef is a name: by its id in the version begun on, or by its text where that does not know it.
type nameRef struct {
	id   uint32
	name string
}

// nameReads is a set of names.
type nameReads struct {
	known idReads
	fresh []string // sorted
}

func (s *nameReads) add(name nameRef) int {
	if name.name == "" {
		return s.known.mark(uint64(name.id))
	}
	i, found := slices.BinarySearch(s.fresh, name.name)
	if found || len(s.fresh) > maxReadNames {
		return 0
	}
	s.fresh = slices.Insert(s.fresh, i, name.name)
	return 16 + len(name.name)
}

// each visits the names until fn returns false, and tells whether it never did.
func (s *nameReads) each(fn func(nameRef) bool) bool {
	c := setCursor{set: &s.known.set}
	for id, ok := c.next(); ok; id, ok = c.next() {
		if !fn(nameRef{id: uint32(id)}) {
			return false
		}
	}
	for _, name := range s.fresh {
		if !fn(nameRef{name: name}) {
			return false
		}
	}
	return true
}

// keyedReads are sets of ids by a name: of a property key, or of a type.
type keyedReads struct {
	known []*idReads // by id
	fresh []freshReads
}

type freshReads struct {
	name string
	ids  *idReads
}

// set returns the set of a name.
func (k *keyedReads) set(name nameRef) *idReads {
	if name.name != "" {
		i := slices.IndexFunc(k.fresh, func(f freshReads) bool { return f.name == name.name })
		if i < 0 {
			i = len(k.fresh)
			k.fresh = append(k.fresh, freshReads{name.name, &idReads{}})
		}
		return k.fresh[i].ids
	}
	for int(name.id) >= len(k.known) {
		k.known = append(k.known, nil)
	}
	if k.known[name.id] == nil {
		k.known[name.id] = &idReads{}
	}
	return k.known[name.id]
}

// each visits the sets until fn returns false, and tells whether it never did.
func (k *keyedReads) each(fn func(nameRef, *idReads) bool) bool {
	for id, ids := range k.known {
		if ids != nil && !fn(nameRef{id: uint32(id)}, ids) {
			return false
		}
	}
	for _, f := range k.fresh {
		if !fn(nameRef{name: f.name}, f.ids) {
			return false
		}
	}
	return true
}
