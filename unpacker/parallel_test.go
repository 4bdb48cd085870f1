package unpacker_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/unpacker"
)

// TestUnpackRandomTrees compares the result with that of a reader that takes one entry
// after another.
func TestUnpackRandomTrees(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			archive := archiveOf(t, randomTree(t, seed)...)
			want, err := naiveRead(archive, plainType)
			require.NoError(t, err)
			for mediaType, layer := range map[string][]byte{plainType: archive, layerType: gzipped(t, archive)} {
				src, manifest := artifactOf(t, mediaType, layer)
				files, _, err := unpackBoth(t, src, manifest, unpacker.Options{})
				require.NoError(t, err)
				sameFiles(t, want.files, files)
				dir := filepath.Join(t.TempDir(), "out")
				_, err = unpacker.Unpack(t.Context(), src, manifest, dir, unpacker.Options{})
				require.NoError(t, err)
				requireDirs(t, want, os.DirFS(dir))
			}
		})
	}
}

// randomTree returns entries in any order, with sizes around those of buffers.
func randomTree(t *testing.T, seed uint64) []entry {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	text := string(noise(t, 300<<10))
	var entries []entry
	dir := ""
	for i := range 50 + rng.IntN(400) {
		switch rng.IntN(12) {
		case 0:
			dir = fmt.Sprintf("d%d/", i)
		case 1:
			dir += fmt.Sprintf("e%d/", i)
		case 2:
			dir = ""
		case 3:
			entries = append(entries, directory(fmt.Sprintf("%sf%d/", dir, i)))
		}
		size := rng.IntN(3000)
		if rng.IntN(8) == 0 {
			size = (1<<(10+rng.IntN(9)) + rng.IntN(3) - 1) * rng.IntN(2) // 1 KiB to 256 KiB, or none
		}
		from := rng.IntN(len(text) - size)
		entries = append(entries, regular(fmt.Sprintf("%sg%d", dir, i), text[from:from+size]))
	}
	return entries
}

// manyFiles returns files of a kilobyte each in several directories.
func manyFiles(n int) []entry {
	var entries []entry
	for i := range n {
		entries = append(entries, regular(fmt.Sprintf("d%d/f%d", i/40, i), fmt.Sprint(i, long(1000))))
	}
	return entries
}

// TestUnpackDamaged damages a layer behind many files, which are being written when the
// damage is found.
func TestUnpackDamaged(t *testing.T) {
	archive := archiveOf(t, append(manyFiles(300), regular("last", string(noise(t, 1<<20))))...)
	layer := gzipped(t, archive)
	for _, tt := range []struct {
		name      string
		mediaType string
		layer     []byte
		reason    string
	}{
		{"truncated gzip", layerType, layer[:len(layer)*2/3], "it is truncated"},
		{"other bytes in gzip", layerType, append(layer[:len(layer)/2:len(layer)/2], noise(t, len(layer)/2)...), ""},
		{"wrong checksum of gzip", layerType, append(layer[:len(layer)-8:len(layer)-8], "checksum"...), "invalid checksum"},
		{"data after gzip", layerType, append(layer[:len(layer):len(layer)], 0), "data after the end of the gzip stream"},
		{"truncated archive", plainType, archive[:len(archive)*2/3], "it is truncated"},
		{"truncated header", plainType, archive[:512*500+100], "it is truncated"},
		{"no end", plainType, archive[:len(archive)-1024], "the archive has no end marker"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src, manifest := artifactOf(t, tt.mediaType, tt.layer)
			for range 2 {
				_, _, err := unpackBoth(t, src, manifest, unpacker.Options{})
				requireKind(t, err, unpacker.ErrCorruptArtifact)
				require.ErrorContains(t, err, tt.reason)
			}
		})
	}
}

// The first file in the archive that cannot be written is reported, whichever goroutine
// fails first.
func TestUnpackFirstFailure(t *testing.T) {
	var entries []entry
	for i := range 500 {
		entries = append(entries, regular(fmt.Sprint("f", i), long(1000)))
	}
	b, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, entries...)))
	for range 10 {
		parent := t.TempDir()
		dir := filepath.Join(parent, "out")
		src := readerOf{b, layerType, func(r io.Reader) io.Reader {
			staging, err := filepath.Glob(filepath.Join(parent, ".oci-unpack-*"))
			require.NoError(t, err)
			require.Len(t, staging, 1)
			require.NoError(t, os.RemoveAll(staging[0]))
			return r
		}}
		_, err := unpacker.Unpack(t.Context(), src, manifest, dir, unpacker.Options{})
		var targetErr *unpacker.TargetError
		require.ErrorAs(t, err, &targetErr)
		require.ErrorIs(t, err, os.ErrNotExist)
		require.Equal(t, filepath.Join(dir, "f0"), targetErr.Path)
		require.Empty(t, namesIn(t, parent))
	}
}

// TestUnpackEndsItsGoroutines leaves none behind, however the call ends. A bubble of
// synctest does not end before its goroutines.
func TestUnpackEndsItsGoroutines(t *testing.T) {
	archive := archiveOf(t, append(manyFiles(200), regular("last", string(noise(t, 2<<20))))...)
	damaged := append(archive[:100<<10:100<<10], long(1<<20)...)
	for _, tt := range []struct {
		name  string
		layer []byte
		looks int // at the context until it ends
		err   error
	}{
		{"success", gzipped(t, archive), 1 << 30, nil},
		{"damaged in the middle", gzipped(t, damaged), 1 << 30, unpacker.ErrCorruptArtifact},
		{"cancelled at a file", gzipped(t, archive), 200, context.Canceled},
		{"cancelled later", gzipped(t, archive), 450, context.Canceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src, manifest := artifactOf(t, layerType, tt.layer)
			parent := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				_, err := unpacker.Unpack(&countdown{t.Context(), tt.looks}, src, manifest, filepath.Join(parent, "out"), unpacker.Options{})
				require.ErrorIs(t, err, tt.err)
				_, _, err = unpacker.UnpackFS(&countdown{t.Context(), tt.looks}, src, manifest, unpacker.Options{})
				require.ErrorIs(t, err, tt.err)
			})
			assert.Equal(t, tt.err == nil, len(namesIn(t, parent)) == 1)
		})
	}
}

// TestUnpackCancelledAmongFiles ends the context while many small files are written, and at
// each of its last checks.
func TestUnpackCancelledAmongFiles(t *testing.T) {
	src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, manyFiles(300)...)))
	counted := &countdown{t.Context(), math.MaxInt}
	_, err := unpacker.Unpack(counted, src, manifest, filepath.Join(t.TempDir(), "out"), unpacker.Options{})
	require.NoError(t, err)
	all := math.MaxInt - counted.left
	require.Greater(t, all, 300, "for each file")
	for looks := 0; looks < all; looks++ {
		parent := t.TempDir()
		_, err := unpacker.Unpack(&countdown{t.Context(), looks}, src, manifest, filepath.Join(parent, "out"), unpacker.Options{})
		require.Equal(t, context.Canceled, err, "%d of %d", looks, all)
		require.Empty(t, namesIn(t, parent))
		if looks < all-10 {
			looks = min(looks+100, all-10)
		}
	}
}
