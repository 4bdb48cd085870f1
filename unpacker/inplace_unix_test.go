//go:build unix

package unpacker_test

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/unpacker"
)

var inPlace = unpacker.Options{InPlace: true}

// TestUnpackInPlace unpacks to each kind of target. A refused target stays unchanged, and
// nothing is fetched.
func TestUnpackInPlace(t *testing.T) {
	b, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, regular("a.yaml", "a"), regular("sub/deep/b.yaml", "b"), directory("empty"))))
	for _, tt := range []struct {
		name    string
		prepare func(dir string) error
		kind    error
	}{
		{"empty", func(dir string) error { return os.Mkdir(dir, 0o700) }, nil},
		{"new file system", func(dir string) error { return os.MkdirAll(filepath.Join(dir, "lost+found"), 0o700) }, nil},
		{"absent", func(string) error { return nil }, fs.ErrNotExist},
		{"not empty", func(dir string) error { return os.MkdirAll(filepath.Join(dir, "sub"), 0o755) }, unpacker.ErrTargetNotEmpty},
		{"new file system with a file", func(dir string) error {
			return errors.Join(os.MkdirAll(filepath.Join(dir, "lost+found"), 0o700), os.WriteFile(filepath.Join(dir, "z"), nil, 0o600))
		}, unpacker.ErrTargetNotEmpty},
		{"left by a killed process", func(dir string) error { return os.MkdirAll(filepath.Join(dir, ".oci-unpack-in-place"), 0o755) }, unpacker.ErrTargetNotEmpty},
		{"file", func(dir string) error { return os.WriteFile(dir, []byte("mine"), 0o600) }, unpacker.ErrTargetNotDirectory},
		{"symlink to an empty directory", func(dir string) error {
			return errors.Join(os.Mkdir(dir+"-elsewhere", 0o700), os.Symlink(dir+"-elsewhere", dir))
		}, unpacker.ErrTargetNotDirectory},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "out")
			require.NoError(t, tt.prepare(dir))
			before := snapshot(t, parent)
			info, _ := os.Lstat(dir)
			src := b
			if tt.kind != nil {
				src = blobs{}
			}
			_, err := unpacker.Unpack(t.Context(), src, manifest, dir, inPlace)
			if tt.kind != nil {
				requireTarget(t, err, tt.kind, dir)
				assert.Equal(t, before, snapshot(t, parent))
				return
			}
			require.NoError(t, err)
			assert.Equal(t, map[string]string{"a.yaml": "a", "sub/deep/b.yaml": "b"}, allFiles(t, dir))
			assert.DirExists(t, filepath.Join(dir, "empty"))
			assert.NotContains(t, namesIn(t, dir), ".oci-unpack-in-place")
			after, err := os.Lstat(dir)
			require.NoError(t, err)
			assert.True(t, os.SameFile(info, after), "the directory was replaced")
			assert.Equal(t, info.Mode(), after.Mode())
			_, err = unpacker.Unpack(t.Context(), src, manifest, dir, inPlace)
			requireTarget(t, err, unpacker.ErrTargetNotEmpty, dir)
		})
	}
}

// In place, the working directory can be the target.
func TestUnpackInPlaceWorkingDirectory(t *testing.T) {
	src, manifest := oneFile(t, "a")
	t.Chdir(t.TempDir())
	_, err := unpacker.Unpack(t.Context(), src, manifest, ".", inPlace)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a.yaml": "a"}, allFiles(t, "."))
}

// TestUnpackInPlaceLeavesNothing refuses the content, or ends while it is read.
func TestUnpackInPlaceLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	big := regular("sub/a.yaml", strings.Repeat("a", 1<<20))
	layer := archiveOf(t, regular("first", "1"), big)
	for _, tt := range []struct {
		name  string
		ctx   context.Context
		layer []byte
		read  func(r io.Reader) io.Reader
		kind  error
	}{
		{"cut archive", t.Context(), layer[:len(layer)/2], nil, unpacker.ErrCorruptArtifact},
		{"hostile archive", t.Context(), archiveOf(t, big, special(tar.TypeSymlink, "a", "..")), nil, unpacker.ErrLinkEntry},
		{"name of the other directory", t.Context(), archiveOf(t, regular(".a", "1"), regular(".oci-unpack-in-place/b", "2"), big), nil, unpacker.ErrUnsafeEntry},
		{"broken source", t.Context(), layer, func(r io.Reader) io.Reader {
			return io.MultiReader(io.LimitReader(r, 1000), errorReader{io.ErrClosedPipe})
		}, io.ErrClosedPipe},
		{"context that ends", ctx, layer, func(r io.Reader) io.Reader { cancel(); return r }, context.Canceled},
		{"context that ends later", &countdown{t.Context(), 40}, layer, nil, context.Canceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, manifest := artifactOf(t, plainType, tt.layer)
			src := readerOf{b, plainType, func(r io.Reader) io.Reader {
				if tt.read != nil {
					return tt.read(r)
				}
				return r
			}}
			dir := t.TempDir()
			_, err := unpacker.Unpack(tt.ctx, src, manifest, dir, inPlace)
			require.ErrorIs(t, err, tt.kind)
			assert.Empty(t, namesIn(t, dir))
		})
	}
}

// TestUnpackInPlaceUnseen looks at the target while content is unpacked: nothing is there
// before all of it was verified, except for a directory that others cannot enter.
func TestUnpackInPlaceUnseen(t *testing.T) {
	b, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, regular("a", "1"), regular("b/c", "2"))))
	dir := t.TempDir()
	src := readerOf{b, layerType, func(r io.Reader) io.Reader {
		assert.Equal(t, []string{".oci-unpack-in-place"}, namesIn(t, dir))
		info, err := os.Lstat(filepath.Join(dir, ".oci-unpack-in-place"))
		require.NoError(t, err)
		assert.Equal(t, fs.ModeDir|0o700, info.Mode())
		return r
	}}
	_, err := unpacker.Unpack(t.Context(), src, manifest, dir, inPlace)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, namesIn(t, dir))
}

// TestUnpackInPlaceDisturbed changes the target while the layer is fetched. Nothing is
// written outside, and the entries of others stay.
func TestUnpackInPlaceDisturbed(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, dir, outside string)
		kind   error
		leaves []string
	}{
		{"a file of the name of an entry", func(t *testing.T, dir, _ string) { write(t, filepath.Join(dir, "sub")) }, unpacker.ErrTargetNotEmpty, []string{"sub"}},
		{"a link of the name of an entry", func(t *testing.T, dir, outside string) {
			require.NoError(t, os.Symlink(outside, filepath.Join(dir, "sub")))
		}, unpacker.ErrTargetNotEmpty, []string{"sub"}},
		{"another file", func(t *testing.T, dir, _ string) { write(t, filepath.Join(dir, "z")) }, unpacker.ErrTargetNotEmpty, []string{"z"}},
		{"the staging directory becomes a link", func(t *testing.T, dir, outside string) {
			staging := filepath.Join(dir, ".oci-unpack-in-place")
			require.NoError(t, os.Rename(staging, filepath.Join(outside, "..", "moved")))
			require.NoError(t, os.Symlink(outside, staging))
		}, nil, []string{}},
		{"a link in the staging directory", func(t *testing.T, dir, outside string) {
			require.NoError(t, os.Symlink(outside, filepath.Join(dir, ".oci-unpack-in-place", "sub")))
		}, manifests.ErrCollision, []string{}},
		{"the target becomes a link", func(t *testing.T, dir, outside string) {
			require.NoError(t, os.Rename(dir, dir+"-moved"))
			require.NoError(t, os.Symlink(outside, dir))
		}, unpacker.ErrTargetNotDirectory, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, regular("a", "1"), regular("sub/c", "2"))))
			parent := t.TempDir()
			dir, outside := filepath.Join(parent, "out"), filepath.Join(parent, "victim", "dir")
			require.NoError(t, os.Mkdir(dir, 0o755))
			require.NoError(t, os.MkdirAll(outside, 0o755))
			src := readerOf{b, layerType, func(r io.Reader) io.Reader { tt.change(t, dir, outside); return r }}
			_, err := unpacker.Unpack(t.Context(), src, manifest, dir, inPlace)
			assert.Empty(t, namesIn(t, outside), "written outside")
			require.Error(t, err)
			if tt.kind == nil { // the error of the file system differs between systems
				return
			}
			require.ErrorIs(t, err, tt.kind)
			assert.Equal(t, tt.leaves, append([]string{}, namesIn(t, dir)...))
		})
	}
}

// TestUnpackInPlaceConcurrently unpacks several artifacts to one directory, and checks
// that it contains all of one of them.
func TestUnpackInPlaceConcurrently(t *testing.T) {
	for round := range 20 {
		dir := t.TempDir()
		const many = 8
		var errs [many]error
		var group sync.WaitGroup
		for i := range many {
			src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, regular("same", fmt.Sprint(i)), regular(fmt.Sprint("own-", i), "x"))))
			group.Go(func() { _, errs[i] = unpacker.Unpack(t.Context(), src, manifest, dir, inPlace) })
		}
		group.Wait()
		won := -1
		for i, err := range errs {
			if err == nil {
				require.Equal(t, -1, won, "two of them won")
				won = i
				continue
			}
			requireTarget(t, err, unpacker.ErrTargetNotEmpty, dir)
		}
		require.NotEqual(t, -1, won, "round %d: none of them won: %v", round, errs)
		require.Equal(t, map[string]string{"same": fmt.Sprint(won), fmt.Sprint("own-", won): "x"}, allFiles(t, dir))
	}
}

// requireMountPoint unpacks to a mount point: without InPlace that is refused, and the
// error has advice.
func requireMountPoint(t *testing.T, dir string) {
	t.Helper()
	src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, regular("a.yaml", "a"), regular("sub/b.yaml", "b"))))
	refuse := func(src unpacker.Fetcher, manifest ocispec.Descriptor) {
		_, err := unpacker.Unpack(t.Context(), src, manifest, dir, unpacker.Options{})
		var targetErr *unpacker.TargetError
		require.ErrorAs(t, err, &targetErr)
		assert.Contains(t, targetErr.Hint(), "InPlace")
		assert.Empty(t, namesIn(t, dir))
	}
	refuse(src, manifest)
	_, err := unpacker.Unpack(t.Context(), src, manifest, dir, inPlace)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a.yaml": "a", "sub/b.yaml": "b"}, allFiles(t, dir))
	_, err = unpacker.Unpack(t.Context(), src, manifest, filepath.Join(dir, "below"), unpacker.Options{})
	require.NoError(t, err, "below the mount point")
}
