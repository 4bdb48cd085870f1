//go:build unix

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// A save is seen in the tree that is built, although links lead there.
func TestLookAboveALink(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"data/sub", "data/app", "work"} {
		require.NoError(t, os.MkdirAll(dir, 0o700))
	}
	require.NoError(t, os.Symlink("../data/sub", "work/link"))
	saved := filepath.Join("data", "app", "a.yaml")
	require.NoError(t, os.WriteFile(saved, []byte("a: 1\n"), 0o600))
	trees := []manifests.Root{{Dir: "work/link/../app"}}
	before := look(t.Context(), trees, manifests.Options{})
	require.Empty(t, before.reason)
	require.NoError(t, os.WriteFile(saved, []byte("a: 1000\n"), 0o600))
	assert.False(t, before.equal(look(t.Context(), trees, manifests.Options{})))
}
