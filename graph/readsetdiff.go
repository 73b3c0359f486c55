package graph

import (
	"cmp"
	"slices"
)

// eachApart visits the ids whose page the versions do not share, until same returns false; it tells whether it never
// did.
func eachApart(ids *idReads, shared func(page uint64) bool, same func(id uint64) bool) bool {
	c := setCursor{set: &ids.set}
	page, skip := ^uint64(0), false
	for id, ok := c.next(); ok; id, ok = c.next() {
		if id>>pageBits != page {
			page = id >> pageBits
			skip = shared(page)
		}
		if !skip && !same(id) {
			return false
		}
	}
	return true
}

// sameSpine compares the pages of two tables that do not share them, by their numbers, until same returns false; an absent
// page is nil.
func sameSpine[P any](a, b *spine[P], same func(page uint64, p, q *P) bool) bool {
	for t := range max(len(a.top), len(b.top)) {
		p, q := a.part(t), b.part(t)
		if p == q {
			continue
		}
		for k := range fan {
			if !sameBranch(uint64(t*fan+k)<<fanBits, p.part(k), q.part(k), same) {
				return false
			}
		}
	}
	return true
}

func sameBranch[P any](first uint64, a, b *branch[P], same func(page uint64, p, q *P) bool) bool {
	if a == b {
		return true
	}
	for i := range fan {
		var p, q *P
		if a != nil {
			p = a.pages[i]
		}
		if b != nil {
			q = b.pages[i]
		}
		if p != q && !same(first+uint64(i), p, q) {
			return false
		}
	}
	return true
}

func (s *spine[P]) part(t int) *middle[P] {
	if t >= len(s.top) {
		return nil
	}
	return s.top[t]
}

func (m *middle[P]) part(k int) *branch[P] {
	if m == nil {
		return nil
	}
	return m.branches[k]
}

// sameSet compares two sets of ids; nil is an empty one.
func sameSet(a, b *idSet) bool {
	if a == nil {
		a = &idSet{}
	}
	if b == nil {
		b = &idSet{}
	}
	if a.count != b.count {
		return false
	}
	return sameSpine(&a.pages, &b.pages, func(_ uint64, p, q *bitPage) bool { return bitsOf(p) == bitsOf(q) })
}

func bitsOf(p *bitPage) (words [setWords]uint64) {
	if p != nil {
		words = p.words
	}
	return words
}

// sameEdges compares one direction of two nodes' relationships, of all types or one.
func sameEdges(a, b *adjacency, d Direction, t Type, all bool) bool {
	if a == nil {
		a = &adjacency{}
	}
	if b == nil {
		b = &adjacency{}
	}
	if a.degree(d, t, all) != b.degree(d, t, all) {
		return false
	}
	if a.large != nil && b.large != nil {
		from, to := uint64(0), ^uint64(0)
		if !all {
			from = edgeKey(t, 0)
			if t < MaxNames-1 {
				to = edgeKey(t+1, 0)
			}
		}
		return sameSpan(&a.large.trees[d], &b.large.trees[d], from, to)
	}
	return slices.Equal(a.edges(d, t, all), b.edges(d, t, all))
}

// edges lists one direction of the relationships, of all types or one; it walks trees where there are any.
func (a *adjacency) edges(d Direction, t Type, all bool) []edge {
	if a.large == nil {
		from, to := a.span(d)
		if !all {
			from, to = a.typeSpan(from, to, t)
		}
		return a.small[from:to]
	}
	var list []edge
	walk := a.large.trees[d].from(edgeKey(t, 0))
	for key, other, ok := walk.next(); ok && (all || keyType(key) == t); key, other, ok = walk.next() {
		list = append(list, edge{key, other})
	}
	return list
}

// sameSpan compares the entries of two trees whose keys lie in [from, to). A leaf that both share is passed at once.
func sameSpan[K cmp.Ordered, V comparable](a, b *tree[K, V], from, to K) bool {
	if a.root == b.root {
		return true
	}
	p, q := a.from(from), b.from(from)
	for {
		p.skipShared(&q)
		k, v, more := p.next()
		l, w, others := q.next()
		more, others = more && k < to, others && l < to
		switch {
		case more != others:
			return false
		case !more:
			return true
		case k != l || v != w:
			return false
		}
	}
}

// skipShared moves both cursors past leaves that they share from the same place on.
func (c *treeCursor[K, V]) skipShared(other *treeCursor[K, V]) {
	for c.leaf != nil && c.leaf == other.leaf && c.at == other.at {
		last := c.leaf.keys[c.leaf.n-1]
		c.leaf, c.at = c.tree.seek(last, true)
		other.leaf, other.at = other.tree.seek(last, true)
	}
}
