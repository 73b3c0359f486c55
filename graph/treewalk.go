package graph

import "cmp"

// seek returns where the first entry of at least key (above it, if strict) stands; nil after the last.
func (t *tree[K, V]) seek(key K, strict bool) (*treeNode[K, V], int) {
	n := t.root
	if n == nil {
		return nil, 0
	}
	var after *treeNode[K, V]
	for n.kids != nil {
		i := n.child(key)
		if i+1 < n.n {
			after = n.kids[i+1]
		}
		n = n.kids[i]
	}
	i := n.lower(key)
	if strict && i < n.n && n.keys[i] == key {
		i++
	}
	if i < n.n {
		return n, i
	}
	if after == nil {
		return nil, 0
	}
	for after.kids != nil {
		after = after.kids[0]
	}
	return after, 0
}

// seekBelow returns where the last entry below key stands; nil before the first.
func (t *tree[K, V]) seekBelow(key K) (*treeNode[K, V], int) {
	n := t.root
	if n == nil {
		return nil, 0
	}
	var before *treeNode[K, V]
	for n.kids != nil {
		i := n.child(key)
		if i > 0 {
			before = n.kids[i-1]
		}
		n = n.kids[i]
	}
	if i := n.lower(key); i > 0 {
		return n, i - 1
	}
	if before == nil {
		return nil, 0
	}
	for before.kids != nil {
		before = before.kids[before.n-1]
	}
	return before, before.n - 1
}

// treeCursor walks a tree in either direction. It keeps its leaf and, at the leaf's end, looks the next one up: one
// descent for many entries, and no stack.
type treeCursor[K cmp.Ordered, V any] struct {
	tree tree[K, V]
	leaf *treeNode[K, V]
	at   int
}

// from places the cursor before the first entry of at least key.
func (t *tree[K, V]) from(key K) treeCursor[K, V] {
	leaf, at := t.seek(key, false)
	return treeCursor[K, V]{tree: *t, leaf: leaf, at: at}
}

// below places the cursor after the last entry below key, for walking down.
func (t *tree[K, V]) below(key K) treeCursor[K, V] {
	leaf, at := t.seekBelow(key)
	return treeCursor[K, V]{tree: *t, leaf: leaf, at: at}
}

func (c *treeCursor[K, V]) next() (key K, v V, ok bool) {
	if c.leaf == nil {
		return key, v, false
	}
	key, v = c.leaf.keys[c.at], c.leaf.values[c.at]
	if c.at++; c.at >= c.leaf.n {
		c.leaf, c.at = c.tree.seek(key, true)
	}
	return key, v, true
}

func (c *treeCursor[K, V]) previous() (key K, v V, ok bool) {
	if c.leaf == nil {
		return key, v, false
	}
	key, v = c.leaf.keys[c.at], c.leaf.values[c.at]
	if c.at--; c.at < 0 {
		c.leaf, c.at = c.tree.seekBelow(key)
	}
	return key, v, true
}
