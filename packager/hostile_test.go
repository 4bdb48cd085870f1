package packager_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// zeros is a file system whose files report 600 MB of zeros.
type zeros struct{ fstest.MapFS }

type zeroInfo struct{ fs.FileInfo }

func (zeroInfo) Size() int64 { return 600_000_000 }

type zeroEntry struct{ fs.DirEntry }

func (e zeroEntry) Info() (fs.FileInfo, error) { i, err := e.DirEntry.Info(); return zeroInfo{i}, err }

type zeroFile struct {
	fs.File
	n *int64
}

func (z zeroFile) Stat() (fs.FileInfo, error) { i, err := z.File.Stat(); return zeroInfo{i}, err }
func (z zeroFile) Read(p []byte) (int, error) {
	if *z.n%600_000_000+int64(len(p)) > 600_000_000 {
		p = p[:600_000_000-*z.n%600_000_000]
	}
	clear(p)
	*z.n += int64(len(p))
	if *z.n%600_000_000 == 0 && len(p) == 0 {
		return 0, io.EOF
	}
	return len(p), nil
}

var zerosRead int64

func (z zeros) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := z.MapFS.ReadDir(name)
	for i := range entries {
		entries[i] = zeroEntry{entries[i]}
	}
	return entries, err
}
func (z zeros) Open(name string) (fs.File, error) {
	f, err := z.MapFS.Open(name)
	return zeroFile{f, &zerosRead}, err
}

func TestPackFindsBeforeReadingThatItIsTooMuch(t *testing.T) {
	set, err := manifests.CollectFS(t.Context(), zeros{fstest.MapFS{"a.yaml": {Data: []byte("x")}, "b.yaml": {Data: []byte("x")}}}, manifests.Options{MaxTotalSize: 2_000_000_000})
	require.NoError(t, err)
	for _, tt := range []struct {
		layout packager.Layout
		hint   string
	}{
		{packager.LayoutRoot, "exclude files with Collect.Ignore, or push several artifacts"},
		{packager.LayoutBoth, "set Layout to root or prefix, which holds each file once, exclude files with Collect.Ignore, or push several artifacts"},
	} {
		_, err = packager.Pack(t.Context(), &packager.Store{TempDir: t.TempDir()}, set, tt.layout, packager.Options{Prefix: "app"})
		require.ErrorIs(t, err, packager.ErrArchiveTooLarge)
		require.ErrorContains(t, err, "archive is too large: at least ")
		var hinting interface{ Hint() string }
		require.ErrorAs(t, err, &hinting)
		assert.Equal(t, tt.hint, hinting.Hint())
		require.Zero(t, zerosRead, "files were read")
	}
}

// TestStorePushWhenCancelled checks that a cancelled Push does not read.
func TestStorePushWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := bytes.NewReader([]byte("0123456789"))
	var s packager.Store
	require.ErrorIs(t, s.Push(ctx, describe("0123456789"), r), context.Canceled)
	assert.Equal(t, 10, r.Len())
}

// TestPackCancelledComesFirst checks that a cancelled context wins over other
// errors.
func TestPackCancelledComesFirst(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	fsys := fstest.MapFS{"a.yaml": {Data: []byte("a")}}
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
	require.NoError(t, err)
	delete(fsys, "a.yaml")
	_, err = packager.Pack(ctx, new(packager.Store), set, packager.LayoutBoth, packager.Options{Prefix: "app"})
	require.ErrorIs(t, err, context.Canceled)
}

func TestStorePushOfANegativeSize(t *testing.T) {
	var s packager.Store
	desc := ocispec.Descriptor{Digest: describe("").Digest, Size: -5}
	require.ErrorIs(t, s.Push(t.Context(), desc, strings.NewReader("")), content.ErrInvalidDescriptorSize)
}

func TestArtifactTypeIsAMediaType(t *testing.T) {
	for _, good := range []string{"", "application/vnd.acme.manifests.v1+tar", strings.Repeat("a", 127) + "/" + strings.Repeat("b", 127)} {
		require.NoError(t, packager.Options{ArtifactType: good}.Validate(""))
	}
	for _, bad := range []string{"manifests", "application/", "a/b\x1b", "a/b; c=d", "a/b/c", strings.Repeat("a", 128) + "/b", "a/" + strings.Repeat("b", 128)} {
		require.ErrorIs(t, packager.Options{ArtifactType: bad}.Validate(""), packager.ErrInvalidArtifactType, bad)
	}
}
