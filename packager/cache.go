package packager

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"sync"
)

// DefaultCacheLimit is how many bytes a [Cache] holds.
const DefaultCacheLimit = 64 << 20

// Cache remembers what the parts of a layer were compressed to, so that who
// packs a tree again and again compresses only what changed. It holds, in
// memory, the compressed content of the last layer that was packed with it, and
// while one is packed that of the one before as well. What comes of packing is
// the same with and without it.
//
// The zero value is ready to use, and safe for concurrent use. It serves one
// tree: another takes its place.
type Cache struct {
	// Limit is how many bytes of a layer are held. Zero means
	// DefaultCacheLimit, and a negative number none.
	Limit int64

	mu     sync.Mutex
	blocks map[blockKey][]byte
}

// Size is the number of bytes that are held.
func (c *Cache) Size() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var size int64
	for _, block := range c.blocks {
		size += int64(len(block))
	}
	return size
}

// blockKey names a block by all that its compressed form depends on.
type blockKey struct {
	level   int
	content [sha256.Size]byte
}

// generation is what one Pack takes from a Cache and leaves in it.
type generation struct {
	cache  *Cache
	before map[blockKey][]byte // only read from

	mu    sync.Mutex
	after map[blockKey][]byte
	left  int64
}

// begin returns nil for a nil Cache.
func (c *Cache) begin() *generation {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return &generation{
		cache:  c,
		before: c.blocks,
		after:  map[blockKey][]byte{},
		left:   cmp.Or(c.Limit, DefaultCacheLimit),
	}
}

// compress is that of slot, or what it returned for this block before. A nil
// generation remembers nothing.
func (g *generation) compress(slot *slot, level int) ([]byte, error) {
	if g == nil {
		return slot.compress(slot.raw, level)
	}
	key := blockKey{level, sha256.Sum256(slot.raw)}
	compressed, found := g.before[key]
	if !found {
		fresh, err := slot.compress(slot.raw, level)
		if err != nil {
			return nil, err
		}
		compressed = bytes.Clone(fresh)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, duplicate := g.after[key]; !duplicate && int64(len(compressed)) <= g.left {
		g.left -= int64(len(compressed))
		g.after[key] = compressed
	}
	return compressed, nil
}

// end leaves what was used for the next Pack.
func (g *generation) end() {
	if g == nil {
		return
	}
	g.cache.mu.Lock()
	defer g.cache.mu.Unlock()
	g.cache.blocks = g.after
}
