package preflight_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/unprivileged"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/preflight"
)

func TestUnreadableFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "app.yaml")
	require.NoError(t, os.WriteFile(name, []byte(app), 0o644))
	unprivileged.Run(t, dir, func() {
		set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		require.NoError(t, err)
		a := artifact(t, set, flux)
		require.NoError(t, os.Chmod(name, 0))
		_, err = preflight.Check(t.Context(), a, preflight.Options{})
		require.ErrorIs(t, err, fs.ErrPermission)
		assert.EqualError(t, err, `permission denied: "app.yaml"`)
	})
}
