package manifests_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

func TestResolveRefuses(t *testing.T) {
	dir := tree{"file.yaml": "a"}.dir(t)
	missing, file := filepath.Join(dir, "missing"), filepath.Join(dir, "file.yaml")
	for _, tt := range []struct {
		name, dir string
		err       error
		path      string
	}{
		{"empty", "", manifests.ErrPathRequired, ""},
		{"blank", " \t\n", manifests.ErrPathRequired, ""},
		{"missing", missing, manifests.ErrPathNotFound, missing},
		{"below a missing directory", filepath.Join(missing, "x"), manifests.ErrPathNotFound, filepath.Join(missing, "x")},
		{"URL", "https://ci:hunter2secret@host/repository?ref=v1", manifests.ErrPathNotFound, "https://host/repository"},
		{"address for SSH", "ssh://git@host/repository", manifests.ErrPathNotFound, "ssh://git@host/repository"},
		{"file", file, manifests.ErrPathNotDirectory, file},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root, err := manifests.Root{Dir: tt.dir}.Resolve()
			assert.Empty(t, root)
			requirePathError(t, err, tt.err, tt.path)

			set, err := manifests.Collect(t.Context(), tt.dir, manifests.Options{})
			assert.Nil(t, set)
			requirePathError(t, err, tt.err, tt.path)
		})
	}
}

// No system call accepts the path.
func TestResolveRefusesAnUnreadableName(t *testing.T) {
	_, err := manifests.Root{Dir: "a\x00b"}.Resolve()
	require.Error(t, err)
	pathErr := requirePathError(t, err, err, "a\x00b")
	assert.NotErrorIs(t, err, manifests.ErrPathNotFound)
	assert.NotContains(t, err.Error(), "\x00")
	assert.NotContains(t, pathErr.Err.Error(), "stat", "the path is named once")
}

func TestResolve(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "my app")
	require.NoError(t, os.Mkdir(dir, 0o755))
	tree{"a.yaml": "a"}.write(t, dir)
	t.Chdir(dir)
	wd, err := os.Getwd()
	require.NoError(t, err)

	for _, written := range []string{
		".", "./", "../my app", "../my app/.", filepath.Join(wd, "..", "my app") + string(filepath.Separator),
	} {
		root, err := manifests.Root{Dir: written}.Resolve()
		require.NoError(t, err, written)
		assert.Equal(t, wd, root.Dir, written)

		set, err := manifests.Collect(t.Context(), written, manifests.Options{})
		require.NoError(t, err, written)
		assert.Equal(t, "my app", set.Name(), written)
		assert.Equal(t, []string{"a.yaml"}, paths(set), written)
	}
}

// A relative path stays valid when the working directory changes.
func TestCollectRelative(t *testing.T) {
	t.Chdir(tree{"app/a.yaml": "a"}.dir(t))
	set, err := manifests.Collect(t.Context(), "app", manifests.Options{})
	require.NoError(t, err)

	t.Chdir(t.TempDir())
	assert.Equal(t, map[string]string{"a.yaml": "a"}, contents(t, set))
}

func TestCollectFSHasNoName(t *testing.T) {
	set, err := manifests.CollectFS(t.Context(), tree{"a.yaml": "a"}.mapFS(), manifests.Options{})
	require.NoError(t, err)
	assert.Empty(t, set.Name())
}
