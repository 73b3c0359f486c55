package graph

import "cmp"

// treeFan is how many entries or children a node of a tree has at most.
const (
	treeFan   = 32
	treeLow   = treeFan / 4     // a node with fewer is merged with a neighbour where both fit
	treeMerge = treeFan * 3 / 4 // the size that both together may have
)

// treeNode is a leaf (kids nil) or an inner node, whose keys are lower bounds of its children's keys.
type treeNode[K cmp.Ordered, V any] struct {
	token  uint64
	n      int
	keys   [treeFan]K
	values [treeFan]V
	kids   *[treeFan]*treeNode[K, V]
}

// tree is a persistent ordered map: copied along the path that is written, in place where the token owns it. The zero
// tree is empty.
type tree[K cmp.Ordered, V any] struct {
	root *treeNode[K, V]
	size uint64
}

// lower returns the first place whose key is at least key.
func (n *treeNode[K, V]) lower(key K) int {
	low, high := 0, n.n
	for low < high {
		if mid := int(uint(low+high) >> 1); n.keys[mid] < key {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// child returns the place of the child that would hold key.
func (n *treeNode[K, V]) child(key K) int {
	i := n.lower(key)
	if i < n.n && n.keys[i] == key {
		return i
	}
	return max(i-1, 0)
}

func (t *tree[K, V]) get(key K) (V, bool) {
	n := t.root
	if n != nil {
		for n.kids != nil {
			n = n.kids[n.child(key)]
		}
		if i := n.lower(key); i < n.n && n.keys[i] == key {
			return n.values[i], true
		}
	}
	var none V
	return none, false
}

// own returns the node itself or a copy that token may write.
func (n *treeNode[K, V]) own(token uint64) *treeNode[K, V] {
	if n.token == token {
		return n
	}
	owned := *n
	owned.token = token
	if n.kids != nil {
		kids := *n.kids
		owned.kids = &kids
	}
	return &owned
}

// set puts a value under key, replacing what was there.
func (t *tree[K, V]) set(key K, v V, token uint64) {
	if t.root == nil {
		t.root = &treeNode[K, V]{token: token}
	}
	t.root = t.root.own(token)
	right, added := t.root.insert(key, v, token, true)
	if added {
		t.size++
	}
	if right != nil {
		root := &treeNode[K, V]{token: token, n: 2, kids: new([treeFan]*treeNode[K, V])}
		root.keys[0], root.keys[1] = t.root.keys[0], right.keys[0]
		root.kids[0], root.kids[1] = t.root, right
		t.root = root
	}
}

// insert puts an entry under an owned node and returns the new right neighbour if the node was split. last tells that
// the node is at the right edge of the tree, where splitting keeps the left half full.
func (n *treeNode[K, V]) insert(key K, v V, token uint64, last bool) (right *treeNode[K, V], added bool) {
	if n.kids == nil {
		i := n.lower(key)
		if i < n.n && n.keys[i] == key {
			n.values[i] = v
			return nil, false
		}
		return n.put(i, key, v, nil, token, last), true
	}
	i := n.child(key)
	if key < n.keys[i] {
		n.keys[i] = key
	}
	kid := n.kids[i].own(token)
	n.kids[i] = kid
	split, added := kid.insert(key, v, token, last && i == n.n-1)
	if split == nil {
		return nil, added
	}
	var none V
	return n.put(i+1, split.keys[0], none, split, token, last), added
}

// put places an entry at i, splitting the node if it is full.
func (n *treeNode[K, V]) put(i int, key K, v V, kid *treeNode[K, V], token uint64, last bool) *treeNode[K, V] {
	if n.n < treeFan {
		n.shift(i, key, v, kid)
		return nil
	}
	at := treeFan / 2
	if last && i == treeFan {
		at = treeFan
	}
	right := n.split(at, token)
	if i > at || at == treeFan {
		right.shift(i-at, key, v, kid)
	} else {
		n.shift(i, key, v, kid)
	}
	return right
}

func (n *treeNode[K, V]) shift(i int, key K, v V, kid *treeNode[K, V]) {
	copy(n.keys[i+1:n.n+1], n.keys[i:n.n])
	n.keys[i] = key
	if n.kids == nil {
		copy(n.values[i+1:n.n+1], n.values[i:n.n])
		n.values[i] = v
	} else {
		copy(n.kids[i+1:n.n+1], n.kids[i:n.n])
		n.kids[i] = kid
	}
	n.n++
}

// split moves everything from at on into a new right neighbour.
func (n *treeNode[K, V]) split(at int, token uint64) *treeNode[K, V] {
	right := &treeNode[K, V]{token: token}
	if n.kids != nil {
		right.kids = new([treeFan]*treeNode[K, V])
	}
	n.move(at, right)
	return right
}

// move appends everything from at on to another node.
func (n *treeNode[K, V]) move(at int, to *treeNode[K, V]) {
	copy(to.keys[to.n:], n.keys[at:n.n])
	clear(n.keys[at:n.n])
	if n.kids == nil {
		copy(to.values[to.n:], n.values[at:n.n])
		clear(n.values[at:n.n])
	} else {
		copy(to.kids[to.n:], n.kids[at:n.n])
		clear(n.kids[at:n.n])
	}
	to.n += n.n - at
	n.n = at
}

// remove takes key out and tells whether it was there.
func (t *tree[K, V]) remove(key K, token uint64) bool {
	if _, found := t.get(key); !found {
		return false
	}
	t.root = t.root.own(token)
	t.root.delete(key, token)
	t.size--
	for t.root.kids != nil && t.root.n == 1 {
		t.root = t.root.kids[0]
	}
	if t.root.n == 0 {
		t.root = nil
	}
	return true
}

// delete takes key, which is there, out from under an owned node.
func (n *treeNode[K, V]) delete(key K, token uint64) {
	if n.kids == nil {
		n.drop(n.lower(key))
		return
	}
	i := n.child(key)
	kid := n.kids[i].own(token)
	n.kids[i] = kid
	kid.delete(key, token)
	switch {
	case kid.n == 0:
		n.drop(i)
	case kid.n < treeLow && i+1 < n.n && kid.n+n.kids[i+1].n <= treeMerge:
		n.merge(i, token)
	case kid.n < treeLow && i > 0 && kid.n+n.kids[i-1].n <= treeMerge:
		n.merge(i-1, token)
	}
}

// merge moves child i+1 into child i.
func (n *treeNode[K, V]) merge(i int, token uint64) {
	left, right := n.kids[i].own(token), n.kids[i+1].own(token)
	n.kids[i] = left
	if right.kids != nil {
		right.keys[0] = n.keys[i+1]
	}
	right.move(0, left)
	n.drop(i + 1)
}

func (n *treeNode[K, V]) drop(i int) {
	var key K
	copy(n.keys[i:n.n], n.keys[i+1:n.n])
	n.keys[n.n-1] = key
	if n.kids == nil {
		var v V
		copy(n.values[i:n.n], n.values[i+1:n.n])
		n.values[n.n-1] = v
	} else {
		copy(n.kids[i:n.n], n.kids[i+1:n.n])
		n.kids[n.n-1] = nil
	}
	n.n--
}
