package manifests_test

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// tree maps the paths of a directory to their content: text, or "-> " and the target
// of a symbolic link. A path that ends in a slash is an empty directory.
type tree map[string]string

const linkTo = "-> "

// mapFS returns the tree in memory.
func (tr tree) mapFS() fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range tr {
		file := &fstest.MapFile{Data: []byte(text), Mode: 0o644}
		if target, ok := strings.CutPrefix(text, linkTo); ok {
			file = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink}
		} else if strings.HasSuffix(name, "/") {
			file = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
		}
		fsys[strings.TrimSuffix(name, "/")] = file
	}
	return fsys
}

// dir writes the tree to a new directory.
func (tr tree) dir(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	tr.write(tb, dir)
	return dir
}

func (tr tree) write(tb testing.TB, dir string) {
	tb.Helper()
	for name, text := range tr {
		full := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(tb, os.MkdirAll(filepath.Dir(full), 0o755))
		if target, ok := strings.CutPrefix(text, linkTo); ok {
			require.NoError(tb, os.Symlink(target, full))
		} else if strings.HasSuffix(name, "/") {
			require.NoError(tb, os.MkdirAll(full, 0o755))
		} else {
			require.NoError(tb, os.WriteFile(full, []byte(text), 0o644))
		}
	}
}

// collectEachWay collects the tree from memory and from a directory.
func collectEachWay(t *testing.T, tr tree, opts manifests.Options, check func(*testing.T, *manifests.Set, error)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		set, err := manifests.CollectFS(t.Context(), tr.mapFS(), opts)
		check(t, set, err)
	})
	t.Run("directory", func(t *testing.T) {
		set, err := manifests.Collect(t.Context(), tr.dir(t), opts)
		check(t, set, err)
	})
}

func paths(set *manifests.Set) []string {
	var paths []string
	for _, f := range set.Files() {
		paths = append(paths, f.Path)
	}
	return paths
}

// contents reads all files of the set.
func contents(t *testing.T, set *manifests.Set) map[string]string {
	t.Helper()
	reader, err := set.Open()
	require.NoError(t, err)
	defer func() { assert.NoError(t, reader.Close()) }()
	texts := map[string]string{}
	for _, f := range set.Files() {
		text, err := readFile(reader, f)
		require.NoError(t, err)
		texts[f.Path] = text
		whole := make([]byte, f.Size)
		require.NoError(t, reader.ReadFile(t.Context(), f, whole))
		require.Equal(t, text, string(whole))
	}
	return texts
}

func readFile(reader *manifests.Reader, f manifests.File) (string, error) {
	content, err := reader.Open(context.Background(), f)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(content)
	if err != nil {
		_ = content.Close() // only read from
		return string(text), err
	}
	return string(text), content.Close()
}

// requirePathError asserts that err is a PathError with the sentinel and the path.
func requirePathError(t *testing.T, err, sentinel error, path string) *manifests.PathError {
	t.Helper()
	require.ErrorIs(t, err, sentinel)
	var pathErr *manifests.PathError
	require.ErrorAs(t, err, &pathErr)
	require.Equal(t, path, pathErr.Path)
	return pathErr
}

// longAgo is a modification time that no new file has.
var longAgo = time.Date(2001, time.February, 3, 4, 5, 6, 0, time.UTC)
