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

// TestUnpackDeep counts the allocations for the files of a deep tree, each of which has a
// directory of its own. Opening a directory allocates, so that they grow with the depth if
// every directory is opened from the root.
func TestUnpackDeep(t *testing.T) {
	allocations := func(files, depth int) float64 {
		entries := make([]entry, files)
		for i := range entries {
			entries[i] = regular(fmt.Sprintf("%s%05d/f", strings.Repeat("d/", depth), i), "")
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
	const files = 500
	flat := allocations(files, 1)
	deep := allocations(files, 90)
	more := allocations(2*files, 90)
	assert.Less(t, deep, 1.5*flat, "allocations per file")
	assert.Less(t, more, 1.2*deep, "allocations per file")
}
