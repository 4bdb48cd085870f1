package preflight

import (
	"hash/maphash"

	"github.com/kubeoci/oci/internal/objects"
)

// distinct finds objects with the same identity. It keeps no identities but their
// hashes, which take a third of the memory.
type distinct struct {
	identity func(o *objects.Object) identity
	seed     maphash.Seed
	byHash   map[uint64]located
	others   map[identity]located // with the hash of another identity
}

func newDistinct(of func(o *objects.Object) identity) *distinct {
	return &distinct{identity: of, seed: maphash.MakeSeed(), byHash: map[uint64]located{}, others: map[identity]located{}}
}

// add returns the first object with the identity of l, and whether there is one already.
func (d *distinct) add(l located) (first located, again bool) {
	id := d.identity(l.Object)
	hash := maphash.Comparable(d.seed, id)
	first, again = d.byHash[hash]
	if !again {
		d.byHash[hash] = l
		return l, false
	}
	if d.identity(first.Object) == id {
		return first, true
	}
	if first, again = d.others[id]; !again {
		d.others[id] = l
		first = l
	}
	return first, again
}
