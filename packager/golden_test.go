package packager_test

import (
	"archive/tar"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/tartest"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// TestGolden compares the archive of each tree with the description in
// testdata. The content digest in it must never change: users compare builds of
// different releases by it.
func TestGolden(t *testing.T) {
	eachTree(t, func(t *testing.T, tree string, layout packager.Layout) {
		p := pack(t, collect(t, filepath.Join(treesDir, tree)), layout, packager.Options{})
		got := description(t, p)
		name := filepath.Join("..", "testdata", "golden", tree+"."+string(layout)+".golden")
		if *update {
			require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
			require.NoError(t, os.WriteFile(name, []byte(got), 0o644))
		}
		want, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, string(want), got)
	})
}

// TestGoldenKustomize checks that the files that kustomizations name are the same
// as those of patterns, and that without them the content is that of releases
// that did not include such files.
func TestGoldenKustomize(t *testing.T) {
	for layout, without := range map[packager.Layout]digest.Digest{
		packager.LayoutBoth:   "sha256:20e0c28bd94e920e03c3e2be767d5478d406141e0ec5fc94c94e65d6e559bbcd",
		packager.LayoutRoot:   "sha256:6512ea65a21cb4236c06daeb0ff13c8ac2741a682f46c81ef8bf364dab5ae687",
		packager.LayoutPrefix: "sha256:3da56614735384574509b92813fac30e74fc95c76a7c7497ed24120675ac0ada",
	} {
		t.Run(string(layout), func(t *testing.T) {
			content := func(opts manifests.Options) digest.Digest {
				set, err := manifests.Collect(t.Context(), filepath.Join(treesDir, "kustomize"), opts)
				require.NoError(t, err)
				return pack(t, set, layout, packager.Options{}).ContentDigest
			}
			assert.Equal(t, without, content(manifests.Options{SkipReferences: true}))
			included := manifests.Options{SkipReferences: true, Include: []string{"*.properties", "*.env"}}
			assert.Equal(t, content(included), content(manifests.Options{}))
		})
	}
}

// TestGoldenTrees checks that every tree has its descriptions, and no other exist.
func TestGoldenTrees(t *testing.T) {
	entries, err := os.ReadDir(treesDir)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	assert.Equal(t, trees, names)
	assert.Len(t, allFiles(t, filepath.Join("..", "testdata", "golden")), len(trees)*len(layouts))
}

// description returns the content digest, the number of entries, and for each entry
// a line with type, mode, size, the start of the content's SHA-256, and path.
func description(t *testing.T, p packed) string {
	t.Helper()
	records := tartest.Read(t, p.archive(t))
	var out strings.Builder
	fmt.Fprintf(&out, "content %s\nentries %d\n", p.ContentDigest, len(records))
	for _, r := range records {
		kind, sum := "file", fmt.Sprintf("%x", sha256.Sum256([]byte(r.Text)))[:12]
		if r.Typeflag == tar.TypeDir {
			kind, sum = "dir", strings.Repeat("-", 12)
		}
		fmt.Fprintf(&out, "%-4s %04o %5d %s %s\n", kind, r.Mode, r.Size, sum, r.Name)
	}
	return out.String()
}
