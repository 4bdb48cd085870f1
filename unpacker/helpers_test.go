package unpacker_test

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/kubeoci/oci/internal/testing/goldentree"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/unpacker"
)

const (
	treesDir  = goldentree.Dir
	layerType = "application/vnd.oci.image.layer.v1.tar+gzip"
	plainType = "application/vnd.oci.image.layer.v1.tar"
	fluxType  = "application/vnd.cncf.flux.content.v1.tar+gzip"
)

var (
	trees        = goldentree.Names
	layouts      = goldentree.Layouts
	eachTree     = goldentree.Each
	collect      = goldentree.Collect
	collectTexts = goldentree.CollectTexts
	sourceFiles  = goldentree.Manifests
	allFiles     = goldentree.Files
	laidOut      = goldentree.LaidOut
	noise        = goldentree.Noise
	manyBlocks   = goldentree.ManyBlocks
)

// The content stores of oras-go, and our own, satisfy Fetcher.
var (
	_ unpacker.Fetcher = (content.Fetcher)(nil)
	_ unpacker.Fetcher = (*packager.Store)(nil)
)

// packed is an artifact in a Store that the test closes.
type packed struct {
	packager.Result
	store *packager.Store
}

func pack(t testing.TB, set *manifests.Set, layout packager.Layout, opts packager.Options) packed {
	t.Helper()
	store := new(packager.Store)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	result, err := packager.Pack(t.Context(), store, set, layout, opts)
	require.NoError(t, err)
	return packed{result, store}
}

// archive returns the uncompressed layer.
func (p packed) archive(t testing.TB) []byte {
	t.Helper()
	layer, err := p.store.Fetch(t.Context(), p.Layer)
	require.NoError(t, err)
	data, err := io.ReadAll(layer)
	require.NoError(t, err)
	return gunzipped(t, data)
}

// blobs is a source that returns the given content, right or wrong.
type blobs map[digest.Digest][]byte

func (b blobs) Fetch(_ context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	data, ok := b[desc.Digest]
	if !ok {
		return nil, errdef.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (b blobs) add(mediaType string, data []byte) ocispec.Descriptor {
	desc := content.NewDescriptorFromBytes(mediaType, data)
	b[desc.Digest] = data
	return desc
}

// manifest adds a manifest of layers.
func (b blobs) manifest(t testing.TB, layers ...ocispec.Descriptor) ocispec.Descriptor {
	t.Helper()
	return b.document(t, ocispec.MediaTypeImageManifest, ocispec.Manifest{
		Versioned:   specs.Versioned{SchemaVersion: 2},
		MediaType:   ocispec.MediaTypeImageManifest,
		Config:      ocispec.DescriptorEmptyJSON, // which is missing
		Layers:      layers,
		Annotations: map[string]string{"a": "b"},
	})
}

func (b blobs) document(t testing.TB, mediaType string, v any) ocispec.Descriptor {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	desc := b.add(mediaType, data)
	desc.MediaType = mediaType // even an invalid one
	return desc
}

// artifactOf returns an artifact with one layer.
func artifactOf(t testing.TB, mediaType string, layer []byte) (blobs, ocispec.Descriptor) {
	t.Helper()
	b := blobs{}
	return b, b.manifest(t, b.add(mediaType, layer))
}

// oneFile returns an artifact of the file a.yaml.
func oneFile(t testing.TB, text string) (blobs, ocispec.Descriptor) {
	t.Helper()
	return artifactOf(t, layerType, gzipped(t, archiveOf(t, regular("a.yaml", text))))
}

// entry is an entry to write to an archive.
type entry struct {
	tar.Header
	text string
}

func regular(name, text string) entry {
	return entry{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644}, text}
}

func directory(name string) entry {
	return entry{tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}, ""}
}

func special(kind byte, name, target string) entry {
	return entry{tar.Header{Typeflag: kind, Name: name, Linkname: target, Mode: 0o644}, ""}
}

// archiveOf returns an archive with an end marker.
func archiveOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		e.Size = int64(len(e.text))
		require.NoError(t, w.WriteHeader(&e.Header), e.Name)
		_, err := io.WriteString(w, e.text)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// rawEntry returns an entry in the USTAR format that archive/tar would not write.
func rawEntry(kind byte, name, text string) []byte {
	h := make([]byte, 512)
	copy(h, name)
	copy(h[100:], "0000644\x000000000\x000000000\x00")
	copy(h[124:], octal(int64(len(text)))+"\x0000000000000\x00        ")
	h[156] = kind
	copy(h[257:], "ustar\x0000")
	if kind == tar.TypeGNUSparse {
		copy(h[257:], "ustar  \x00")
		copy(h[483:], octal(int64(len(text)))) // the size after expansion
	}
	sum := int64(0)
	for _, b := range h {
		sum += int64(b)
	}
	copy(h[148:], octal(sum)[5:]+"\x00 ")
	return append(h, padded(text)...)
}

// rawPAX returns a PAX record for the entry after it.
func rawPAX(kind byte, record string) []byte { return rawEntry(kind, "pax", record) }

func octal(n int64) string {
	digits := []byte("00000000000")
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = byte('0' + n&7)
		n >>= 3
	}
	return string(digits)
}

func padded(text string) []byte { return append([]byte(text), make([]byte, -len(text)&511)...) }

// ended adds the end marker of an archive.
func ended(parts ...[]byte) []byte { return append(bytes.Join(parts, nil), make([]byte, 1024)...) }

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func gunzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	text, err := io.ReadAll(reader)
	require.NoError(t, err)
	return text
}

// unpackAll unpacks into a new directory, and checks that nothing else is left in
// its parent, nor the directory itself after an error.
func unpackAll(t testing.TB, src content.Fetcher, manifest ocispec.Descriptor, opts unpacker.Options) (map[string]string, unpacker.Result, error) {
	t.Helper()
	parent := t.TempDir()
	unpacked, err := unpacker.Unpack(t.Context(), src, manifest, filepath.Join(parent, "out"), opts)
	if err != nil {
		assert.Empty(t, namesIn(t, parent), "left over")
		assert.Zero(t, unpacked)
		return nil, unpacked, err
	}
	assert.Equal(t, []string{"out"}, namesIn(t, parent))
	files := allFiles(t, filepath.Join(parent, "out"))
	listed := map[string]int64{}
	for _, f := range unpacked.Files {
		listed[f.Path] = f.Size
	}
	sizes := map[string]int64{}
	for name, text := range files {
		sizes[name] = int64(len(text))
	}
	assert.Equal(t, sizes, listed)
	return files, unpacked, nil
}

// unpackBoth unpacks into a directory and into memory, and compares the results.
func unpackBoth(t testing.TB, src content.Fetcher, manifest ocispec.Descriptor, opts unpacker.Options) (map[string]string, unpacker.Result, error) {
	t.Helper()
	opts.MaxSize = cmp.Or(opts.MaxSize, packager.MaxArchiveSize) // otherwise their defaults differ
	files, unpacked, err := unpackAll(t, src, manifest, opts)
	fsys, inMemory, memErr := unpacker.UnpackFS(t.Context(), src, manifest, opts)
	assert.Equal(t, unpacked, inMemory)
	if err != nil {
		assert.Nil(t, fsys)
		require.EqualError(t, memErr, err.Error())
		return files, unpacked, err
	}
	require.NoError(t, memErr)
	assert.Equal(t, files, filesOfFS(t, fsys))
	return files, unpacked, nil
}

func filesOfFS(t testing.TB, fsys fs.FS) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		files[name] = string(data)
		return err
	}))
	return files
}

func namesIn(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// snapshot lists the content of a directory, including links.
func snapshot(t testing.TB, dir string) []string {
	t.Helper()
	var all []string
	require.NoError(t, filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		link, _ := os.Readlink(name)
		all = append(all, fmt.Sprintln(strings.TrimPrefix(name, dir), info.Mode(), link))
		return err
	}))
	return all
}

// unpackKinds are the sentinels of all errors of Unpack.
var unpackKinds = []error{
	unpacker.ErrNotArtifact, unpacker.ErrUnsupportedLayer, unpacker.ErrCorruptArtifact, unpacker.ErrUnsafeEntry, unpacker.ErrLinkEntry, unpacker.ErrVersionControlEntry,
	manifests.ErrCollision, unpacker.ErrTargetNotEmpty, unpacker.ErrTargetNotDirectory, manifests.ErrLimitExceeded, manifests.ErrInvalidLimit,
}

// requireKind checks that err matches one sentinel only, and is fit for display.
func requireKind(t testing.TB, err, kind error) {
	t.Helper()
	require.ErrorIs(t, err, kind)
	for _, other := range unpackKinds {
		require.Equal(t, other == kind, errors.Is(err, other), "%v is %v", err, other)
	}
	require.NotRegexp(t, `[\x00-\x1f\x7f]`, err.Error())
	require.Less(t, len(err.Error()), 2000)
	var hinting interface{ Hint() string }
	require.ErrorAs(t, err, &hinting)
	require.NotEmpty(t, hinting.Hint())
}

// sameFiles compares two trees.
func sameFiles(t testing.TB, want, got map[string]string) {
	t.Helper()
	if !maps.Equal(want, got) {
		assert.Equal(t, want, got)
	}
}

func long(n int) string { return strings.Repeat("n", n) }
