package manifests_test

import (
	"io/fs"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/manifests"
)

// countedFS is a file system without optional methods. One call of Open returns a file that
// is nil, or one call of Stat panics.
type countedFS struct {
	fsys                fstest.MapFS
	opens, stats        atomic.Int32
	nilOpen, panicsStat int32 // number of the call, or 0
	nilEntry            bool  // in each directory
	open                atomic.Int32
}

func (c *countedFS) Open(name string) (fs.File, error) {
	file, err := c.fsys.Open(name)
	if c.opens.Add(1) == c.nilOpen || err != nil {
		return nil, err
	}
	c.open.Add(1)
	return &countedFile{file, c}, nil
}

type countedFile struct {
	fs.File
	fsys *countedFS
}

func (c *countedFile) ReadDir(n int) ([]fs.DirEntry, error) {
	entries, err := c.File.(fs.ReadDirFile).ReadDir(n)
	if c.fsys.nilEntry {
		entries = append(entries, nil)
	}
	return entries, err
}

func (c *countedFile) Stat() (fs.FileInfo, error) {
	if c.fsys.stats.Add(1) == c.fsys.panicsStat {
		panic(errOdd)
	}
	return c.File.Stat()
}

func (c *countedFile) Close() error {
	c.fsys.open.Add(-1)
	return c.File.Close()
}

var countedTree = tree{
	".sourceignore": "x", "kustomization.yaml": "resources: [a.yaml]\nconfigMapGenerator: [{name: c, files: [b.txt]}]", "a.yaml": "a", "b.txt": "b", "d/c.yaml": "c",
}.mapFS()

func TestNilEntryOfAFile(t *testing.T) {
	_, err := manifests.CollectFS(t.Context(), &countedFS{fsys: countedTree, nilEntry: true}, manifests.Options{})
	requirePathError(t, err, fs.ErrInvalid, ".")
}

func TestEachFileThatIsNil(t *testing.T) {
	for n := int32(1); ; n++ {
		fsys := &countedFS{fsys: countedTree, nilOpen: n}
		_, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
		if err == nil {
			_, err = manifests.Directories(t.Context(), manifests.Root{FS: fsys}, []string{"*"}, manifests.Options{})
		}
		if fsys.opens.Load() < n {
			require.NoError(t, err)
			break
		}
		if err == nil { // it was opened to look behind its end
			continue
		}
		require.ErrorIs(t, err, fs.ErrInvalid, "call %d", n)
		var pathErr *manifests.PathError
		require.ErrorAs(t, err, &pathErr)
	}
}

// readAll collects a tree and reads its files.
func readAll(t *testing.T, fsys fs.FS) error {
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
	if err != nil {
		return err
	}
	reader, err := set.Open()
	require.NoError(t, err)
	for _, f := range set.Files() {
		if err := reader.ReadFile(t.Context(), f, make([]byte, f.Size)); err != nil {
			return err
		}
		content, err := reader.Open(t.Context(), f)
		if err != nil {
			return err
		}
		require.NoError(t, content.Close())
	}
	return nil
}

// A file is closed although its Stat panics.
func TestEachStatThatPanics(t *testing.T) {
	for n := int32(1); ; n++ {
		fsys := &countedFS{fsys: countedTree, panicsStat: n}
		var err error
		recovered := func() (value any) {
			defer func() { value = recover() }()
			err = readAll(t, fsys)
			return nil
		}()
		assert.Zero(t, fsys.open.Load(), "call %d", n)
		if fsys.stats.Load() < n {
			require.Nil(t, recovered)
			require.NoError(t, err)
			break
		}
		p, _ := recovered.(*calls.Panic)
		require.ErrorIs(t, p, errOdd, "call %d", n)
	}
}
