package packager

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"sync"
)

// Cache keeps the compressed parts of a layer, so that packing the same tree
// repeatedly compresses only what changed. It holds, in memory, the compressed
// content of the last layer that was packed with it, and during a Pack that of the
// layer before as well, and which layer each of at most 1,000 contents became. A Cache
// never changes the result.
//
// The zero value is ready to use, and safe for concurrent use. A Cache serves one
// tree: packing another one replaces its content.
type Cache struct {
	// Limit is the maximum number of bytes of a layer to keep. Zero means
	// 64 MiB, and a negative number none.
	Limit int64
	// Dir is a directory in which other processes find which layer a content became,
	// for [Plan.Recall]. It is made if it does not exist, must belong to the user of
	// the program, and nobody else may be able to write to it, because its records
	// decide which digest a build returns. Recall refuses another directory with an
	// error that matches [ErrInvalidCache], and Pack, which only writes to it, ignores
	// it. Do not restore it from a cache that jobs of less trust, such as those of pull
	// requests, can fill. A record that is corrupt is ignored. Several processes and trees
	// may share the directory. It holds at most 1,000 files of some hundred bytes, one for
	// each content of each tree: the oldest are removed. Empty means none.
	Dir string

	mu      sync.Mutex
	blocks  map[blockKey][]byte
	records map[recordKey]record
}

// Size returns the number of bytes that the Cache holds. A nil Cache holds none.
func (c *Cache) Size() int64 {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var size int64
	for _, block := range c.blocks {
		size += int64(len(block))
	}
	return size
}

// blockKey identifies a block by everything that its compressed form depends on.
type blockKey struct {
	level   int
	content [sha256.Size]byte
}

// generation holds the blocks that one Pack reads from a Cache, and those that it
// leaves there.
type generation struct {
	cache  *Cache
	before map[blockKey][]byte // read-only

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
		left:   cmp.Or(c.Limit, 64<<20),
	}
}

// compress returns the cached compressed block, or compresses it as [compressors.compress]
// does. A nil generation caches nothing.
func (g *generation) compress(c *compressors, out *output, block []byte) ([]byte, error) {
	if g == nil {
		return c.compress(out, block)
	}
	key := blockKey{c.level, sha256.Sum256(block)}
	compressed, found := g.before[key]
	if !found {
		fresh, err := c.compress(out, block)
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

// end leaves the blocks of this Pack for the next one.
func (g *generation) end() {
	if g == nil {
		return
	}
	g.cache.mu.Lock()
	defer g.cache.mu.Unlock()
	g.cache.blocks = g.after
}
