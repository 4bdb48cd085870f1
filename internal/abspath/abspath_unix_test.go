//go:build unix

package abspath_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/abspath"
)

func TestOf(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for _, dir := range []string{"data/sub/deep", "work/sub"} {
		require.NoError(t, os.MkdirAll(filepath.Join(top, dir), 0o700))
	}
	require.NoError(t, os.Symlink("../data/sub", filepath.Join(top, "work/link")))
	for _, tt := range []struct{ name, wd, path, want string }{
		{"name", "work", "new", "work/new"},
		{"working directory", "work", ".", "work"},
		{"link", "work", "link", "work/link"},
		{"below a link", "work", "link/new", "work/link/new"},
		{"above", "work", "../new", "new"},
		{"above a directory", "work", "sub/../new", "work/new"},
		{"above a link", "work", "link/../new", "data/new"},
		{"above a link twice", "work", "link/../../new", "new"},
		{"link behind it", "work", "sub/../link/new", "work/link/new"},
		{"nothing behind it", "work", "link/..", "data"},
		{"slash at the end", "work", "link/../new//", "data/new"},
		{"absolute", "work", top + "/work/link/../new", "data/new"},
		{"above a working directory that is a link", "work/link", "../new", "data/new"},
		{"in a working directory that is a link", "work/link", "new", "work/link/new"},
		{"dots in a name", "work", "link/..new", "work/link/..new"},
		{"above the top", "work", "../../../../../../../../../../.." + top + "/new", "new"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(filepath.Join(top, tt.wd))
			got, err := abspath.Of(tt.path)
			require.NoError(t, err)
			assert.Equal(t, filepath.Join(top, tt.want), got)
		})
	}
	t.Chdir(top)
	_, err = abspath.Of("missing/../new")
	require.ErrorIs(t, err, fs.ErrNotExist)
}
