package unpacker_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/unpacker"
)

// TestUnpackDeep counts the allocations for the files of deep trees, each of which has a
// directory of its own. Opening a directory allocates, so that they grow with the depth if
// every directory is opened from the root.
func TestUnpackDeep(t *testing.T) {
	allocations := func(files, depth int, trees ...string) float64 {
		var entries []entry
		for i := range files / len(trees) {
			for _, tree := range trees { // in turn, as the copies of a file are
				entries = append(entries, regular(fmt.Sprintf("%s/%s%05d/f", tree, strings.Repeat("d/", depth), i), ""))
			}
		}
		src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, entries...)))
		dir := filepath.Join(t.TempDir(), "out")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := unpacker.Unpack(t.Context(), src, manifest, dir, unpacker.Options{})
		runtime.ReadMemStats(&after)
		require.NoError(t, err)
		return float64(after.Mallocs-before.Mallocs) / float64(files)
	}
	const files, depth = 500, 90
	flat := allocations(files, 1, "a")
	deep := allocations(files, depth, "a")
	more := allocations(2*files, depth, "a")
	assert.Less(t, deep, 1.5*flat, "allocations per file")
	assert.Less(t, more, 1.2*deep, "allocations per file")

	const usual = 5
	one := allocations(files, usual, "a")
	both := allocations(2*files, usual, "a", "b")
	assert.Less(t, both, 1.2*one, "allocations per file of two trees in turn")
}
