package archive_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/archive"
	"github.com/kubeoci/oci/internal/testing/tartest"
)

// sizes are around the borders at which blocks begin.
var sizes = []int{
	0, 1, 511, 512, 513, 31 << 10, 32 << 10, 33 << 10,
	archive.AloneSize - 1, archive.AloneSize, archive.AloneSize + 1,
	archive.BlockSize/2 - 512, archive.BlockSize / 2,
	archive.BlockSize - 512, archive.BlockSize - 1, archive.BlockSize, archive.BlockSize + 1,
	2*archive.BlockSize - 1, 2 * archive.BlockSize, 2*archive.BlockSize + 513,
}

// text returns content that repeats with no period of a block.
func text(seed, size int) string {
	return strings.Repeat(fmt.Sprintf("%d: the quick brown fox\n", seed), size/20+1)[:size]
}

// TestPairsAsArchiveTar compares with the standard library's writer.
func TestPairsAsArchiveTar(t *testing.T) {
	if testing.Short() {
		t.Skip("a single goroutine has no races")
	}
	all := files{}
	for i, size := range sizes {
		f := files{"a.yaml": "a", "dir/b.yaml": text(i, size), "dir/sub/c.yaml": text(i, size)}
		all[fmt.Sprintf("%02d/%d.yaml", i%7, i)] = text(i, size)
		compare := func(t *testing.T) {
			_, blocks := fill(t, f, f.pairs())
			assert.True(t, bytes.Equal(reference(t, f, f.pairs()), slices.Concat(blocks...)))
		}
		t.Run(fmt.Sprint(size, " at the end"), compare)
		f["e.yaml"] = "e"
		t.Run(fmt.Sprint(size), compare)
	}
	_, blocks := fill(t, all, all.pairs())
	assert.True(t, bytes.Equal(reference(t, all, all.pairs()), slices.Concat(blocks...)))
}

func TestCopiesFollowTheirFiles(t *testing.T) {
	f := files{"a": "a", "b/c/d": "d", "b/c/e": "e", "b-f": "f"}
	_, blocks := fill(t, f, f.pairs())
	assert.Equal(t, []string{
		"a", "copy/", "copy/a",
		"b-f", "copy/b-f",
		"b/", "b/c/", "b/c/d", "copy/b/", "copy/b/c/", "copy/b/c/d",
		"b/c/e", "copy/b/c/e",
	}, names(tartest.Read(t, slices.Concat(blocks...))))
}

// TestTwins checks that the blocks with the content of a large file are there twice, that
// smaller files share a block with their copies, and that blocks do not grow.
func TestTwins(t *testing.T) {
	if testing.Short() {
		t.Skip("a single goroutine has no races")
	}
	for _, size := range sizes {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			f := files{"a.yaml": "a", "z.yaml": "z"}
			for i := range 9 {
				f[fmt.Sprintf("dir-%d/b.yaml", i)] = text(i, size)
			}
			a, blocks := fill(t, f, f.pairs())
			twins := 0
			for n, block := range blocks {
				assert.LessOrEqual(t, len(block), archive.BlockSize+4*512)
				twin, found := a.Twin(n)
				if !found {
					continue
				}
				twins++
				_, again := a.Twin(twin)
				assert.False(t, again)
			}
			want := 0
			if size > archive.AloneSize {
				want = 9 * ((size + archive.BlockSize - 1) / archive.BlockSize)
			}
			assert.Equal(t, want, twins)
			if want > 0 {
				return
			}
			for i := range 9 { // both are in one block
				both := slices.IndexFunc(blocks, func(b []byte) bool {
					return bytes.Contains(b, fmt.Appendf(nil, "dir-%d/b.yaml\x00", i)) && bytes.Contains(b, fmt.Appendf(nil, "copy/dir-%d/b.yaml\x00", i))
				})
				assert.GreaterOrEqual(t, both, 0, "file %d", i)
			}
		})
	}
}

// TestGroups checks that groups have all blocks in order, and both a file of one block and
// its copy.
func TestGroups(t *testing.T) {
	if testing.Short() {
		t.Skip("a single goroutine has no races")
	}
	for _, size := range append(sizes, 200<<10, 300<<10) {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			f := files{"a.yaml": text(99, 500<<10), "z.yaml": "z"}
			for i := range 9 {
				f[fmt.Sprintf("dir-%d/b.yaml", i)] = text(i, size)
			}
			a, blocks := fill(t, f, f.pairs())
			next, total, most := 0, int64(0), int64(0)
			for n := range a.Groups() {
				first, end, bytes := a.Group(n)
				require.Equal(t, next, first)
				require.Greater(t, end, first)
				next, most = end, max(most, bytes)
				want := int64(0)
				for block := first; block < end; block++ {
					want += int64(len(blocks[block]))
					if twin, found := a.Twin(block); found && size <= archive.BlockSize {
						assert.GreaterOrEqual(t, twin, first, "block %d", block)
					}
				}
				assert.Equal(t, want, bytes)
				assert.LessOrEqual(t, bytes, int64(2*archive.BlockSize+8*512))
				if total += bytes; end < a.Blocks() && size < archive.AloneSize {
					assert.Greater(t, bytes+int64(len(blocks[end])), int64(archive.BlockSize), "a group could hold more")
				}
			}
			assert.Equal(t, a.Blocks(), next)
			assert.Equal(t, a.Size(), total)
			assert.Equal(t, most, a.LargestGroup())
		})
	}
}

// TestContentOfPairs checks that the content of a file is asked for once, or, if it gets
// blocks of its own, once for each of the two entries.
func TestContentOfPairs(t *testing.T) {
	f := files{"a": "", "b": text(1, archive.AloneSize), "c": text(2, archive.AloneSize+1), "d": text(3, archive.BlockSize+1)}
	assert.Equal(t, map[int]int64{
		0: 0, 2: archive.AloneSize,
		4: archive.AloneSize + 1, 5: archive.AloneSize + 1,
		6: archive.BlockSize + 1, 7: archive.BlockSize + 1,
	}, asked(t, f.pairs()))
}

func TestShared(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want string
	}{
		{"", "", ""}, {"a", "a", ""}, {"a/b", "", ""}, {"a/b", "a/c", "a/"}, {"a/b", "ab/b", ""}, {"a/b", "a/b/c", "a/"},
		{"a/b/c", "a/b/d", "a/b/"}, {"a/b/c", "a/bb/c", "a/"},
	} {
		t.Run(tt.a+" and "+tt.b, func(t *testing.T) {
			assert.Equal(t, len(tt.want), archive.Shared(tt.a, tt.b))
			assert.Equal(t, len(tt.want), archive.Shared(tt.b, tt.a))
		})
	}
}
