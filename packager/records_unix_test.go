//go:build unix

package packager_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
)

func TestRecallIgnoresRecordsOfOthers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(path string) error
		found  bool
	}{
		{"own", func(string) error { return nil }, true},
		{"writable by the group", func(path string) error { return os.Chmod(path, 0o620) }, false},
		{"writable by all", func(path string) error { return os.Chmod(path, 0o602) }, false},
		{"of another user", func(path string) error { return os.Chown(path, 1234, -1) }, false},
		{"a link out of the directory", func(path string) error {
			elsewhere := path + ".moved"
			if err := os.Rename(path, elsewhere); err != nil {
				return err
			}
			return os.Symlink(elsewhere, path)
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "of another user" && os.Geteuid() != 0 {
				t.Skip("only root can give a file to another user")
			}
			dir := filepath.Join(t.TempDir(), "cache")
			plan, err := packager.NewPlan(collect(t, filepath.Join(treesDir, "flat")), packager.LayoutRoot, packager.Options{})
			require.NoError(t, err)
			_, err = plan.Pack(t.Context(), new(packager.Store), &packager.Cache{Dir: dir}, nil)
			require.NoError(t, err)
			paths, err := filepath.Glob(filepath.Join(dir, "*"))
			require.NoError(t, err)
			require.Len(t, paths, 1)
			require.NoError(t, tt.change(paths[0]))

			_, found, err := plan.Recall(t.Context(), new(packager.Store), &packager.Cache{Dir: dir}, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.found, found)
		})
	}
}
