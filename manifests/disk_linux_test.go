package manifests_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// Few file systems besides those of Linux support these names.
func TestNamesOnDisk(t *testing.T) {
	for _, name := range []string{"a\xff.yaml", "a\nb.yaml", `a\b.yaml`, "\x1b[2J.yml"} {
		dir := tree{"ok.yaml": "ok", name: "text"}.dir(t)
		_, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		requirePathError(t, err, manifests.ErrInvalidName, name)
	}
}

// No system call accepts the whole path.
func TestLongPathOnDisk(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer func() { require.NoError(t, root.Close()) }()
	name := longPath(4096)
	require.NoError(t, root.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, root.WriteFile(name, []byte("text"), 0o644))

	set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{name: "text"}, contents(t, set))

	require.NoError(t, root.Rename(name, longPath(4097)))
	_, err = manifests.Collect(t.Context(), dir, manifests.Options{})
	requirePathError(t, err, manifests.ErrInvalidName, longPath(4097))
}

// The files have no blocks, so their size costs nothing.
func TestDefaultSizes(t *testing.T) {
	for _, tt := range []struct {
		name  string
		sizes []int64
		limit string
	}{
		{"total at the limit", []int64{1_000_000_000 - 1, 1}, ""},
		{"total over the limit", []int64{1_000_000_000, 1}, "MaxTotalSize"},
		{"file over the limit", []int64{1_000_000_000 + 1}, "MaxFileSize"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for i, size := range tt.sizes {
				name := filepath.Join(dir, string(rune('a'+i))+".yaml")
				require.NoError(t, os.WriteFile(name, nil, 0o644))
				require.NoError(t, os.Truncate(name, size))
			}
			_, err := manifests.Collect(t.Context(), dir, manifests.Options{})
			if tt.limit == "" {
				require.NoError(t, err)
				return
			}
			var limit *manifests.LimitError
			require.ErrorAs(t, err, &limit)
			assert.Equal(t, tt.limit, limit.Limit)
		})
	}
}

// The files of /proc have content, but no size.
func TestFileOfProc(t *testing.T) {
	const dir = "/proc/sys/kernel/random"
	if info, err := os.Stat(dir + "/boot_id"); err != nil || info.Size() != 0 {
		t.Skip("there is no such file")
	}
	set, err := manifests.CollectRoots(t.Context(), []manifests.Root{{Dir: dir}, {FS: tree{"a.yaml": "a"}.mapFS()}}, manifests.Options{Include: []string{"boot_id"}})
	require.NoError(t, err)
	reader, err := set.Open()
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close()) }()
	file := set.Files()[1]
	requirePathError(t, reader.ReadFile(t.Context(), file, nil), manifests.ErrFileChanged, "boot_id")
}
