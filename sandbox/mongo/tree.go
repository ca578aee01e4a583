package mongo

import (
	"cmp"
	"slices"
)

// tree is an ordered map, a B+ tree that shares its nodes with its clones: cloning takes no time, and whichever changes first copies
// the nodes it touches. It is not safe for concurrent writes. The zero tree is empty.
type tree[K cmp.Ordered, V any] struct {
	root *node[K, V]
	own  *owner
	n    int
}

// owner marks the nodes that a tree made since it was last cloned, which it alone may change.
type owner struct{ _ byte }

type node[K cmp.Ordered, V any] struct {
	own  *owner
	keys []K           // in an inner node the lower bound of each child
	vals []V           // of a leaf
	kids []*node[K, V] // of an inner node
}

const fanout = 64

func (t *tree[K, V]) len() int { return t.n }

func (t *tree[K, V]) clone() tree[K, V] {
	t.own = &owner{}
	return tree[K, V]{root: t.root, own: &owner{}, n: t.n}
}

func (t *tree[K, V]) get(k K) (V, bool) {
	var zero V
	for n := t.root; n != nil; {
		i, found := slices.BinarySearch(n.keys, k)
		if n.kids == nil {
			if !found {
				return zero, false
			}
			return n.vals[i], true
		}
		n = n.kids[child(i, found)]
	}
	return zero, false
}

// child is the position of the kid that may hold a key, given where it would stand among the lower bounds.
func child(i int, found bool) int {
	if !found && i > 0 {
		return i - 1
	}
	return i
}

// set puts v under k and tells whether k is new.
func (t *tree[K, V]) set(k K, v V) bool {
	if t.own == nil {
		t.own = &owner{}
	}
	if t.root == nil {
		t.root = &node[K, V]{own: t.own}
	}
	t.root = t.root.mine(t.own)
	added := t.root.set(k, v)
	if right := t.root.split(); right != nil {
		t.root = &node[K, V]{own: t.own, keys: []K{t.root.keys[0], right.keys[0]}, kids: []*node[K, V]{t.root, right}}
	}
	if added {
		t.n++
	}
	return added
}

// mine answers n when the tree may change it, or a copy.
func (n *node[K, V]) mine(own *owner) *node[K, V] {
	if n.own == own {
		return n
	}
	c := &node[K, V]{own: own, keys: append(make([]K, 0, fanout+1), n.keys...)}
	if n.kids == nil {
		c.vals = append(make([]V, 0, fanout+1), n.vals...)
	} else {
		c.kids = append(make([]*node[K, V], 0, fanout+1), n.kids...)
	}
	return c
}

func (n *node[K, V]) set(k K, v V) bool {
	i, found := slices.BinarySearch(n.keys, k)
	if n.kids == nil {
		if found {
			n.vals[i] = v
			return false
		}
		n.keys, n.vals = slices.Insert(n.keys, i, k), slices.Insert(n.vals, i, v)
		return true
	}
	i = child(i, found)
	n.keys[i] = min(n.keys[i], k)
	n.kids[i] = n.kids[i].mine(n.own)
	added := n.kids[i].set(k, v)
	if right := n.kids[i].split(); right != nil {
		n.keys, n.kids = slices.Insert(n.keys, i+1, right.keys[0]), slices.Insert(n.kids, i+1, right)
	}
	return added
}

// split takes the right part of an overfull node away. Keys mostly come in ascending order, so the left part stays nearly full.
func (n *node[K, V]) split() *node[K, V] {
	if len(n.keys) <= fanout {
		return nil
	}
	at := fanout * 7 / 8
	right := &node[K, V]{own: n.own, keys: append(make([]K, 0, fanout+1), n.keys[at:]...)}
	clear(n.keys[at:])
	n.keys = n.keys[:at]
	if n.kids == nil {
		right.vals = append(make([]V, 0, fanout+1), n.vals[at:]...)
		clear(n.vals[at:])
		n.vals = n.vals[:at]
		return right
	}
	right.kids = append(make([]*node[K, V], 0, fanout+1), n.kids[at:]...)
	clear(n.kids[at:])
	n.kids = n.kids[:at]
	return right
}

// delete takes k out and tells whether it was there. Nodes are not merged, only empty ones go.
func (t *tree[K, V]) delete(k K) bool {
	if _, ok := t.get(k); !ok {
		return false
	}
	t.root = t.root.mine(t.own)
	if t.root.delete(k) {
		t.root = nil
	}
	for t.root != nil && len(t.root.kids) == 1 {
		t.root = t.root.kids[0]
	}
	t.n--
	return true
}

// delete tells whether the node is empty now.
func (n *node[K, V]) delete(k K) bool {
	i, found := slices.BinarySearch(n.keys, k)
	if n.kids == nil {
		n.keys, n.vals = slices.Delete(n.keys, i, i+1), slices.Delete(n.vals, i, i+1)
		return len(n.keys) == 0
	}
	i = child(i, found)
	n.kids[i] = n.kids[i].mine(n.own)
	if n.kids[i].delete(k) {
		n.keys, n.kids = slices.Delete(n.keys, i, i+1), slices.Delete(n.kids, i, i+1)
	}
	return len(n.keys) == 0
}

// ascend visits the entries in order until visit answers false; from is the least key visited, nil for all.
func (t *tree[K, V]) ascend(from *K, visit func(K, V) bool) {
	if t.root != nil {
		t.root.ascend(from, visit)
	}
}

func (n *node[K, V]) ascend(from *K, visit func(K, V) bool) bool {
	i, found := 0, true
	if from != nil {
		i, found = slices.BinarySearch(n.keys, *from)
	}
	if n.kids == nil {
		for ; i < len(n.keys); i++ {
			if !visit(n.keys[i], n.vals[i]) {
				return false
			}
		}
		return true
	}
	for i = child(i, found); i < len(n.kids); i++ {
		if !n.kids[i].ascend(from, visit) {
			return false
		}
		from = nil
	}
	return true
}

// descend visits the entries in reverse order until visit answers false; from is the greatest key visited, nil for all.
func (t *tree[K, V]) descend(from *K, visit func(K, V) bool) {
	if t.root != nil {
		t.root.descend(from, visit)
	}
}

func (n *node[K, V]) descend(from *K, visit func(K, V) bool) bool {
	last := len(n.keys) - 1
	if from != nil {
		i, found := slices.BinarySearch(n.keys, *from)
		last = i
		if !found {
			last--
		}
	}
	for i := last; i >= 0; i-- {
		if n.kids == nil && !visit(n.keys[i], n.vals[i]) || n.kids != nil && !n.kids[i].descend(from, visit) {
			return false
		}
		from = nil
	}
	return true
}

// first answers the entry with the least key.
func (t *tree[K, V]) first() (k K, v V, ok bool) {
	t.ascend(nil, func(a K, b V) bool { k, v, ok = a, b, true; return false })
	return k, v, ok
}

// last answers the entry with the greatest key.
func (t *tree[K, V]) last() (k K, v V, ok bool) {
	t.descend(nil, func(a K, b V) bool { k, v, ok = a, b, true; return false })
	return k, v, ok
}
