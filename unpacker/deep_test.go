package unpacker_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/goldentree"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
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

// A tree that is as deep as package manifests collects it can be unpacked, whatever the
// layout.
func TestUnpackDeepestTree(t *testing.T) {
	const collected = 100
	texts := map[string]string{strings.Repeat("d/", collected) + "a.yaml": "a: b\n"}
	set := collectTexts(t, texts)
	for _, layout := range layouts {
		t.Run(string(layout), func(t *testing.T) {
			p := pack(t, set, layout, packager.Options{Prefix: "app"})
			files, _, err := unpackBoth(t, p.store, p.Manifest, unpacker.Options{})
			require.NoError(t, err)
			assert.Equal(t, laidOut(texts, layout, "app"), files)
		})
	}
	_, err := manifests.CollectFS(t.Context(), goldentree.FS(map[string]string{strings.Repeat("d/", collected+1) + "a.yaml": ""}), manifests.Options{})
	require.ErrorIs(t, err, manifests.ErrLimitExceeded)
}
