package preflight

import "hash/maphash"

// distinct finds objects with the same identity, or what holds them. It keeps no
// identities but their hashes, which take a third of the memory.
type distinct[T any] struct {
	identity func(T) identity
	seed     maphash.Seed
	byHash   map[uint64]T
	others   map[identity]T // with the hash of another identity
}

// newDistinct returns one for about as many objects as expected.
func newDistinct[T any](of func(T) identity, expected int) *distinct[T] {
	return &distinct[T]{identity: of, seed: maphash.MakeSeed(), byHash: make(map[uint64]T, expected), others: map[identity]T{}}
}

// add returns the first with the identity of t, and whether there is one already.
func (d *distinct[T]) add(t T) (first T, again bool) {
	id := d.identity(t)
	hash := maphash.Comparable(d.seed, id)
	first, again = d.byHash[hash]
	if !again {
		d.byHash[hash] = t
		return t, false
	}
	if d.identity(first) == id {
		return first, true
	}
	if first, again = d.others[id]; !again {
		d.others[id] = t
		first = t
	}
	return first, again
}
