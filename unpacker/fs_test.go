package unpacker_test

import (
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/unpacker"
)

// TestUnpackFS checks the whole file system in each layout.
func TestUnpackFS(t *testing.T) {
	eachTree(t, func(t *testing.T, tree string, layout packager.Layout) {
		p := pack(t, collect(t, filepath.Join(treesDir, tree)), layout, packager.Options{})
		fsys, unpacked, err := unpacker.UnpackFS(t.Context(), p.store, p.Manifest, unpacker.Options{})
		require.NoError(t, err)
		paths := make([]string, len(unpacked.Files))
		for i, f := range unpacked.Files {
			paths[i] = f.Path
		}
		require.NoError(t, fstest.TestFS(fsys, paths...))
	})
}

// TestUnpackFSRoundTrip packs an unpacked artifact again.
func TestUnpackFSRoundTrip(t *testing.T) {
	p := pack(t, collect(t, filepath.Join(treesDir, "names")), packager.LayoutRoot, packager.Options{})
	fsys, _, err := unpacker.UnpackFS(t.Context(), p.store, p.Manifest, unpacker.Options{})
	require.NoError(t, err)
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
	require.NoError(t, err)
	again := pack(t, set, packager.LayoutRoot, packager.Options{})
	assert.Equal(t, p.Manifest, again.Manifest)
}

func TestUnpackFSEmpty(t *testing.T) {
	src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t)))
	fsys, _, err := unpacker.UnpackFS(t.Context(), src, manifest, unpacker.Options{})
	require.NoError(t, err)
	require.NoError(t, fstest.TestFS(fsys))
	root, err := fsys.Open(".")
	require.NoError(t, err)
	_, err = root.Read(make([]byte, 1))
	require.ErrorIs(t, err, fs.ErrInvalid)
	require.NoError(t, root.Close())
}

func TestUnpackFSFiles(t *testing.T) {
	src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, regular("sub/a.yaml", "text"), regular("empty", ""))))
	fsys, _, err := unpacker.UnpackFS(t.Context(), src, manifest, unpacker.Options{})
	require.NoError(t, err)

	info, err := fs.Stat(fsys, "sub/a.yaml")
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o644), info.Mode())
	assert.Equal(t, time.Time{}, info.ModTime())
	assert.Nil(t, info.Sys())
	assert.EqualValues(t, 4, info.Size())
	info, err = fs.Stat(fsys, "sub")
	require.NoError(t, err)
	assert.Equal(t, fs.ModeDir|0o755, info.Mode())

	data, err := fs.ReadFile(fsys, "empty")
	require.NoError(t, err)
	assert.NotNil(t, data)
	data, err = fs.ReadFile(fsys, "sub/a.yaml")
	require.NoError(t, err)
	data[0] = 'T' // the caller owns it
	file, err := fsys.Open("sub/a.yaml")
	require.NoError(t, err)
	_, err = file.(io.Seeker).Seek(1, io.SeekStart)
	require.NoError(t, err)
	rest, err := io.ReadAll(file)
	require.NoError(t, err)
	assert.Equal(t, "ext", string(rest))
	at := make([]byte, 2)
	_, err = file.(io.ReaderAt).ReadAt(at, 0)
	require.NoError(t, err)
	assert.Equal(t, "te", string(at))
	_, writes := file.(io.Writer)
	assert.False(t, writes)

	entries, err := fs.ReadDir(fsys, ".")
	require.NoError(t, err)
	slices.Reverse(entries) // the caller owns them, too
	entries, err = fs.ReadDir(fsys, ".")
	require.NoError(t, err)
	assert.Equal(t, "empty", entries[0].Name())
}

func TestUnpackFSErrors(t *testing.T) {
	src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, regular("sub/a.yaml", "text"))))
	fsys, _, err := unpacker.UnpackFS(t.Context(), src, manifest, unpacker.Options{})
	require.NoError(t, err)
	ops := map[string]func(name string) error{
		"open":    func(name string) error { _, err := fsys.Open(name); return err },
		"stat":    func(name string) error { _, err := fs.Stat(fsys, name); return err },
		"read":    func(name string) error { _, err := fs.ReadFile(fsys, name); return err },
		"readdir": func(name string) error { _, err := fs.ReadDir(fsys, name); return err },
	}
	for op, do := range ops {
		for name, want := range map[string]error{
			"missing": fs.ErrNotExist, "sub/a.yaml/b": fs.ErrNotExist, "SUB": fs.ErrNotExist,
			"": fs.ErrInvalid, "/sub": fs.ErrInvalid, "sub/": fs.ErrInvalid, "../sub": fs.ErrInvalid, "./sub": fs.ErrInvalid,
		} {
			err := do(name)
			require.ErrorIs(t, err, want, "%s %q", op, name)
			var pathErr *fs.PathError
			require.ErrorAs(t, err, &pathErr)
			assert.Equal(t, fs.PathError{Op: op, Path: name, Err: want}, *pathErr)
		}
	}
	require.ErrorIs(t, ops["read"]("sub"), fs.ErrInvalid)
	require.ErrorIs(t, ops["readdir"]("sub/a.yaml"), fs.ErrInvalid)
}

func TestUnpackFSConcurrently(t *testing.T) {
	texts := map[string]string{"a.yaml": "a", "sub/b.yaml": "b"}
	p := pack(t, collectTexts(t, texts), packager.LayoutRoot, packager.Options{})
	fsys, _, err := unpacker.UnpackFS(t.Context(), p.store, p.Manifest, unpacker.Options{})
	require.NoError(t, err)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() { assert.NoError(t, fstest.TestFS(fsys, "a.yaml", "sub/b.yaml")) })
		group.Go(func() {
			again, _, err := unpacker.UnpackFS(t.Context(), p.store, p.Manifest, unpacker.Options{})
			if assert.NoError(t, err) {
				assert.Equal(t, texts, filesOfFS(t, again))
			}
		})
	}
	group.Wait()
}

// The default limit of the layer follows that of the archive, and allows for content
// that cannot be compressed.
func TestUnpackFSCompressedLimit(t *testing.T) {
	archive := archiveOf(t, regular("a", string(noise(t, 100_000))))
	layer := gzipped(t, archive)
	require.Greater(t, len(layer), 100_000)
	src, manifest := artifactOf(t, layerType, layer)
	_, _, err := unpacker.UnpackFS(t.Context(), src, manifest, unpacker.Options{MaxSize: int64(len(archive))})
	require.NoError(t, err)
	_, _, err = unpacker.UnpackFS(t.Context(), src, manifest, unpacker.Options{MaxSize: 50_000})
	require.ErrorContains(t, err, "more than MaxCompressedSize 52050:")
}
