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
	for _, dir := range []string{"data/sub/deep", "site/sub"} {
		require.NoError(t, os.MkdirAll(filepath.Join(top, dir), 0o700))
	}
	require.NoError(t, os.Symlink("../data/sub", filepath.Join(top, "site/link")))
	for _, tt := range []struct{ name, wd, path, want string }{
		{"name", "site", "new", "site/new"},
		{"working directory", "site", ".", "site"},
		{"link", "site", "link", "site/link"},
		{"below a link", "site", "link/new", "site/link/new"},
		{"above", "site", "../new", "new"},
		{"above a directory", "site", "sub/../new", "site/new"},
		{"above a link", "site", "link/../new", "data/new"},
		{"above a link twice", "site", "link/../../new", "new"},
		{"link behind it", "site", "sub/../link/new", "site/link/new"},
		{"nothing behind it", "site", "link/..", "data"},
		{"slash at the end", "site", "link/../new//", "data/new"},
		{"absolute", "site", top + "/site/link/../new", "data/new"},
		{"above a working directory that is a link", "site/link", "../new", "data/new"},
		{"in a working directory that is a link", "site/link", "new", "site/link/new"},
		{"dots in a name", "site", "link/..new", "site/link/..new"},
		{"above the top", "site", "../../../../../../../../../../.." + top + "/new", "new"},
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
