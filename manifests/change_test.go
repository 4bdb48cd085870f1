package manifests_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// change modifies a file with the text "0123456789".
type change struct {
	name string
	do   func(t *testing.T, file string)
}

var contentChanges = []change{
	{"grows", func(t *testing.T, file string) {
		f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = f.WriteString("more")
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.NoError(t, os.Chtimes(file, longAgo, longAgo))
	}},
	{"shrinks", func(t *testing.T, file string) {
		require.NoError(t, os.Truncate(file, 5))
		require.NoError(t, os.Chtimes(file, longAgo, longAgo))
	}},
	{"is emptied", func(t *testing.T, file string) {
		require.NoError(t, os.Truncate(file, 0))
		require.NoError(t, os.Chtimes(file, longAgo, longAgo))
	}},
	{"is rewritten in its size", func(t *testing.T, file string) {
		require.NoError(t, os.WriteFile(file, []byte("9876543210"), 0o644))
		require.NoError(t, os.Chtimes(file, longAgo, longAgo.AddDate(0, 0, 1)))
	}},
	{"is rewritten in its size within the second", func(t *testing.T, file string) {
		require.NoError(t, os.WriteFile(file, []byte("9876543210"), 0o644))
		require.NoError(t, os.Chtimes(file, longAgo, longAgo.Add(1000)))
	}},
}

var replacements = []change{
	{"vanishes", func(t *testing.T, file string) { require.NoError(t, os.Remove(file)) }},
	{"vanishes with its directory", func(t *testing.T, file string) { require.NoError(t, os.RemoveAll(filepath.Dir(file))) }},
	{"becomes a directory", func(t *testing.T, file string) {
		require.NoError(t, os.Remove(file))
		require.NoError(t, os.Mkdir(file, 0o755))
		require.NoError(t, os.Chtimes(file, longAgo, longAgo))
	}},
	{"becomes another file", func(t *testing.T, file string) {
		require.NoError(t, os.WriteFile(file+"~", []byte("9876543210"), 0o644))
		require.NoError(t, os.Rename(file+"~", file))
	}},
}

// collectTen collects a tree with one file, sub/a.yaml, that was modified long ago.
func collectTen(t *testing.T) (set *manifests.Set, dir, file string) {
	t.Helper()
	dir = tree{"sub/a.yaml": "0123456789"}.dir(t)
	file = filepath.Join(dir, "sub", "a.yaml")
	require.NoError(t, os.Chtimes(file, longAgo, longAgo))
	set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
	require.NoError(t, err)
	return set, dir, file
}

func TestChangeBeforeOpen(t *testing.T) {
	for _, change := range append(contentChanges, replacements...) {
		t.Run(change.name, func(t *testing.T) {
			set, _, file := collectTen(t)
			change.do(t, file)
			requireChanged(t, set)
		})
	}
}

// requireChanged asserts that the only file of set is neither opened nor read.
func requireChanged(t *testing.T, set *manifests.Set) {
	t.Helper()
	reader, err := set.Open()
	require.NoError(t, err)
	defer func() { assert.NoError(t, reader.Close()) }()
	content, err := reader.Open(t.Context(), set.Files()[0])
	require.Nil(t, content)
	requirePathError(t, err, manifests.ErrFileChanged, "sub/a.yaml")
	err = reader.ReadFile(t.Context(), set.Files()[0], make([]byte, 10))
	requirePathError(t, err, manifests.ErrFileChanged, "sub/a.yaml")
}

// The file changes after it was opened.
func TestReadAtFindsChanges(t *testing.T) {
	for _, change := range contentChanges {
		t.Run(change.name, func(t *testing.T) {
			set, _, file := collectTen(t)
			reader, err := set.Open()
			require.NoError(t, err)
			defer func() { assert.NoError(t, reader.Close()) }()
			content, err := reader.Open(t.Context(), set.Files()[0])
			require.NoError(t, err)
			defer func() { assert.NoError(t, content.Close()) }()
			piece := make([]byte, 5)
			n, err := content.ReadAt(piece, 3)
			require.NoError(t, err)
			require.Equal(t, "34567", string(piece[:n]))

			change.do(t, file)
			_, err = content.ReadAt(piece, 3)
			requirePathError(t, err, manifests.ErrFileChanged, "sub/a.yaml")
		})
	}
}

func TestChangeWhileReading(t *testing.T) {
	for _, change := range contentChanges {
		for _, seen := range []int{0, 1, 10} {
			t.Run(change.name+" after "+strings.Repeat("x", seen), func(t *testing.T) {
				set, _, file := collectTen(t)
				reader, err := set.Open()
				require.NoError(t, err)
				defer func() { assert.NoError(t, reader.Close()) }()
				content, err := reader.Open(t.Context(), set.Files()[0])
				require.NoError(t, err)
				defer func() { assert.NoError(t, content.Close()) }()
				text := make([]byte, seen)
				_, err = io.ReadFull(content, text)
				require.NoError(t, err)
				require.Equal(t, "0123456789"[:seen], string(text))

				change.do(t, file)
				rest, err := io.ReadAll(content)
				requirePathError(t, err, manifests.ErrFileChanged, "sub/a.yaml")
				assert.LessOrEqual(t, seen+len(rest), 10, "more than the collected size")
			})
		}
	}
}

// Changes beside the file do not matter.
func TestUnchanged(t *testing.T) {
	set, dir, file := collectTen(t)
	tree{"b.yaml": "new", "sub/c.yaml": "new"}.write(t, dir)
	require.NoError(t, os.Chmod(file, 0o600))
	assert.Equal(t, map[string]string{"sub/a.yaml": "0123456789"}, contents(t, set))
}

func TestSourceVanishes(t *testing.T) {
	set, dir, _ := collectTen(t)
	require.NoError(t, os.RemoveAll(dir))
	_, err := set.Open()
	requirePathError(t, err, manifests.ErrPathNotFound, dir)
}

// unsized has files that report no size, as those of /proc do.
type unsized struct {
	fs.FS
	readerAt bool // the files implement io.ReaderAt
}

func (u unsized) Open(name string) (fs.File, error) {
	file, err := u.FS.Open(name)
	if at, ok := file.(io.ReaderAt); ok && u.readerAt {
		return struct {
			unsizedFile
			io.ReaderAt
		}{unsizedFile{file}, at}, err
	}
	return unsizedFile{file}, err
}

type unsizedFile struct{ fs.File }

func (f unsizedFile) Stat() (fs.FileInfo, error) {
	info, err := f.File.Stat()
	return unsizedInfo{info}, err
}

func (f unsizedFile) ReadDir(n int) ([]fs.DirEntry, error) {
	entries, err := f.File.(fs.ReadDirFile).ReadDir(n)
	for i, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		entries[i] = fs.FileInfoToDirEntry(unsizedInfo{info})
	}
	return entries, err
}

type unsizedInfo struct{ fs.FileInfo }

func (unsizedInfo) Size() int64 { return 0 }

func TestFilesWithoutASize(t *testing.T) {
	for _, readerAt := range []bool{true, false} {
		set, err := manifests.CollectFS(t.Context(), unsized{tree{"a.yaml": "a", "b.yaml": ""}.mapFS(), readerAt}, manifests.Options{})
		require.NoError(t, err)
		reader, err := set.Open()
		require.NoError(t, err)
		requirePathError(t, reader.ReadFile(t.Context(), set.Files()[0], nil), manifests.ErrFileChanged, "a.yaml")
		require.NoError(t, reader.ReadFile(t.Context(), set.Files()[1], nil))
		require.NoError(t, reader.Close())
	}
}
