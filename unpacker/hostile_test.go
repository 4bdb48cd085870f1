package unpacker_test

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/unpacker"
)

// hostileArchive is an archive that is refused as a whole.
type hostileArchive struct {
	name    string
	archive []byte
	kind    error
	entry   string // named by the error
}

func hostileArchives(t testing.TB) []hostileArchive {
	t.Helper()
	good := regular("good.yaml", "good") // which must not stay
	of := func(entries ...entry) []byte { return archiveOf(t, append([]entry{good}, entries...)...) }
	raw := func(parts ...[]byte) []byte {
		return ended(append([][]byte{rawEntry('0', "good.yaml", "good")}, parts...)...)
	}
	unsafe, collision, corrupt := unpacker.ErrUnsafeEntry, manifests.ErrCollision, unpacker.ErrCorruptArtifact

	all := []hostileArchive{
		{"symlink", of(special(tar.TypeSymlink, "a", "b")), unpacker.ErrLinkEntry, "a"},
		{"symlink out of the directory, and a file through it", of(special(tar.TypeSymlink, "a", ".."), regular("a/b", "")), unpacker.ErrLinkEntry, "a"},
		{"hard link", of(special(tar.TypeLink, "a", "good.yaml")), unpacker.ErrLinkEntry, "a"},
		{"device", of(special(tar.TypeChar, "a", "")), unsafe, "a"},
		{"block device", of(special(tar.TypeBlock, "a", "")), unsafe, "a"},
		{"FIFO", of(special(tar.TypeFifo, "a", "")), unsafe, "a"},
		{"sparse file of old GNU", raw(rawEntry('S', "a", "")), unsafe, "a"},
		{"sparse file of PAX 0.0", raw(rawPAX('x', "22 GNU.sparse.size=10\n"), rawEntry('0', "a", "")), unsafe, "a"},
		{"sparse file of PAX 1.0", raw(
			rawPAX('x', "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n22 GNU.sparse.name=ab\n28 GNU.sparse.realsize=1024\n"),
			rawEntry('0', "a", "1\n0\n512\n"+strings.Repeat("\x00", 504)+strings.Repeat("x", 512))), unsafe, "ab"},
		{"PAX globals", raw(rawPAX('g', "12 path=a/b\n"), rawEntry('0', "c", "")), unsafe, "a/b"},
		{"contiguous file", raw(rawEntry('7', "a", "")), unsafe, "a"},
		{"unknown kind", raw(rawEntry('Z', "a", "")), unsafe, "a"},
		{"directory with content", raw(rawEntry('5', "a/", "text")), unsafe, "a/"},

		{"duplicate file", of(regular("a", "1"), regular("a", "2")), collision, "a"},
		{"duplicate directory", of(directory("a/"), directory("a")), collision, "a"},
		{"duplicate root", of(directory("./"), directory(".")), collision, "."},
		{"a file where a directory was", of(directory("a/"), regular("a", "")), collision, "a"},
		{"a file where an implied directory was", of(regular("a/b", ""), regular("a", "")), collision, "a"},
		{"a directory where a file was", of(regular("a", ""), directory("a/")), collision, "a"},
		{"a file below a file", of(regular("a", ""), regular("a/b", "")), collision, "a/b"},
		{"a name that differs by case", of(regular("a/B", ""), regular("a/b", "")), collision, "a/b"},
		{"a directory that differs by case", of(regular("a/b", ""), regular("A/c", "")), collision, "A/c"},
		{"a name that differs by case beyond ASCII", of(regular("straße-ÄΣ", ""), regular("straße-äς", "")), collision, "straße-äς"},
		{"a name that differs by the Kelvin sign", of(regular("k", ""), regular("\u212a", "")), collision, "\u212a"},

		{"no end marker", bytes.TrimRight(of(), "\x00"), corrupt, ""},
		{"no end marker, but whole entries", rawEntry('0', "good.yaml", "good"), corrupt, ""},
		{"half an end marker", of()[:1024+512], corrupt, ""},
		{"empty", nil, unpacker.ErrUnsupportedLayer, ""},
		{"shorter than a header", []byte("a: 1\n"), unpacker.ErrUnsupportedLayer, ""},
		{"a header of something else", []byte(strings.Repeat("a: 1 # b\n", 57)[:512]), unpacker.ErrUnsupportedLayer, ""},
		{"cut in a header", append(rawEntry('0', "good.yaml", "good"), rawEntry('0', "a", "")[:300]...), corrupt, ""},
		{"cut in a file", append(rawEntry('0', "good.yaml", "good"), rawEntry('0', "a", long(5000))[:2000]...), corrupt, ""},
		{"checksum of a header", bytes.Replace(of(), []byte("good.yaml"), []byte("evil.yaml"), 1), corrupt, ""},
		{"no archive", []byte(strings.Repeat("<html>", 1000)), unpacker.ErrUnsupportedLayer, ""},
		{"more entries after the end", append(of(), archiveOf(t, regular("a", ""))...), corrupt, ""},
		{"a byte after the end", append(of(), append(make([]byte, 100_000), 'x')...), corrupt, ""},
		{"PAX path with NUL", raw(rawPAX('x', "12 path=a\x00b\n"), rawEntry('0', "a", "")), corrupt, ""},
		{"negative size", raw(rawPAX('x', "11 size=-5\n"), rawEntry('0', "a", "")), corrupt, ""},
		{"size of 2^62", raw(rawPAX('x', "28 size=4611686018427387904\n"), rawEntry('0', "a", "")), manifests.ErrLimitExceeded, "a"},
		{"size of 2^63-1", raw(rawPAX('x', "28 size=9223372036854775807\n"), rawEntry('0', "a", "")), manifests.ErrLimitExceeded, "a"},
	}
	for name, path := range map[string]string{
		"parent":                     "../a",
		"parent within":              "a/../../b",
		"parent at the end":          "a/..",
		"parent alone":               "..",
		"../ within a longer name":   "a../b",
		"absolute":                   "/etc/passwd",
		"two slashes at the start":   "//a",
		"drive":                      `C:\a`,
		"drive with a slash":         "c:/a",
		"drive alone":                "C:",
		"backslash":                  `a\b`,
		"backslash and parent":       `..\a`,
		"newline":                    "a\nb",
		"escape":                     "a\x1b[31mb",
		"DEL":                        "a\x7fb",
		"control beyond ASCII":       "a\u0085b",
		"256 bytes":                  long(256),
		"256 bytes of a directory":   long(256) + "/a",
		"256 bytes in fewer letters": strings.Repeat("ä", 128),
	} {
		all = append(all, hostileArchive{"name: " + name, of(regular(path, "evil")), unsafe, path})
	}
	return append(append(all, unclean(of, raw)...),
		hostileArchive{"name: empty", raw(rawEntry('0', "", "")), unsafe, ""},
		hostileArchive{"name: not UTF-8", raw(rawEntry('0', "a\xff", "")), unsafe, "a\xff"},
		hostileArchive{"name: dot as a file", raw(rawEntry('0', ".", "")), unsafe, "."},
		hostileArchive{"name: slash at the end of a file of PAX", raw(rawPAX('x', "11 path=a/\n"), rawEntry('0', "a", "")), unsafe, "a/"},
		hostileArchive{"name: parent as a directory", of(directory("../")), unsafe, "../"},
		hostileArchive{"name: a directory that ends in two dots, and a file in it", of(directory("a../"), regular("a../b", "")), unsafe, "a../"},
		hostileArchive{"name: root as a directory", of(directory("/")), unsafe, "/"},
		hostileArchive{"name: parent of GNU", raw(rawEntry('L', "././@LongLink", "../a\x00"), rawEntry('0', "a", "")), unsafe, "../a"},
		hostileArchive{"name: parent of PAX", raw(rawPAX('x', "13 path=../a\n"), rawEntry('0', "a", "")), unsafe, "../a"},
	)
}

// TestUnpackHostileArchives unpacks each archive, compressed and not, into a
// directory and into memory, and checks that it is refused and leaves nothing.
func TestUnpackHostileArchives(t *testing.T) {
	for _, tt := range hostileArchives(t) {
		t.Run(tt.name, func(t *testing.T) {
			for _, mediaType := range []string{layerType, plainType, fluxType} {
				layer := tt.archive
				if mediaType != plainType {
					layer = gzipped(t, layer)
				}
				src, manifest := artifactOf(t, mediaType, layer)
				for _, skip := range []bool{false, true} {
					if skip && tt.kind == unpacker.ErrLinkEntry {
						continue
					}
					_, _, err := unpackBoth(t, src, manifest, unpacker.Options{SkipLinks: skip})
					requireKind(t, err, tt.kind)
					var entryErr *unpacker.EntryError
					if assert.Equal(t, tt.kind != unpacker.ErrCorruptArtifact && tt.kind != unpacker.ErrUnsupportedLayer, assert.ErrorAs(ignoring{t}, err, &entryErr)) && entryErr != nil {
						assert.Equal(t, tt.entry, entryErr.Entry)
					}
				}
			}
		})
	}
}

// ignoring is a TestingT that ignores failures, to use an assertion as a condition.
type ignoring struct{ testing.TB }

func (ignoring) Errorf(string, ...any) {}

// TestUnpackSkippedLinks checks that entries which conflict with a skipped link are
// refused.
func TestUnpackSkippedLinks(t *testing.T) {
	link := special(tar.TypeSymlink, "a", "..")
	for name, tt := range map[string]struct {
		entries []entry
		kind    error
	}{
		"a file through it":        {[]entry{link, regular("a/b", "")}, manifests.ErrCollision},
		"a file in its place":      {[]entry{link, regular("a", "")}, manifests.ErrCollision},
		"it, in place of a file":   {[]entry{regular("A", ""), link}, manifests.ErrCollision},
		"it, out of the directory": {[]entry{special(tar.TypeSymlink, "../a", "b")}, unpacker.ErrUnsafeEntry},
		"a hard link, absolutely":  {[]entry{special(tar.TypeLink, "/a", "b")}, unpacker.ErrUnsafeEntry},
	} {
		t.Run(name, func(t *testing.T) {
			src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, tt.entries...)))
			_, _, err := unpackBoth(t, src, manifest, unpacker.Options{SkipLinks: true})
			requireKind(t, err, tt.kind)
		})
	}
}

func zstandard(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return w.EncodeAll(data, nil)
}

// TestUnpackCompression checks that layers are refused that are not one gzip file,
// or do not match their media type.
func TestUnpackCompression(t *testing.T) {
	archive := archiveOf(t, regular("a.yaml", string(noise(t, 200_000))))
	good := gzipped(t, archive)
	changed := func(at int) []byte {
		layer := bytes.Clone(good)
		layer[at] ^= 0x80
		return layer
	}
	size := bytes.Clone(good)
	binary.LittleEndian.PutUint32(size[len(size)-4:], uint32(len(archive)-512))
	for _, tt := range []struct {
		name, mediaType string
		layer           []byte
		kind            error
		reason          string
	}{
		{"not gzip", layerType, archive, unpacker.ErrUnsupportedLayer, "its content is a tar archive, not gzip"},
		{"empty", layerType, nil, unpacker.ErrUnsupportedLayer, "its content is something else, not gzip"},
		{"a file in gzip", layerType, gzipped(t, []byte("a: 1\n")), unpacker.ErrUnsupportedLayer, "its content is something else, not a tar archive"},
		{"a file", plainType, []byte("a: 1\n"), unpacker.ErrUnsupportedLayer, "its content is something else, not a tar archive"},
		{"a longer file", plainType, bytes.Repeat([]byte("a: 1\n"), 1000), unpacker.ErrUnsupportedLayer, "its content is something else, not a tar archive"},
		{"an empty file", plainType, nil, unpacker.ErrUnsupportedLayer, "its content is something else, not a tar archive"},
		{"zstd", layerType, zstandard(t, archive), unpacker.ErrUnsupportedLayer, "its content is zstd, not gzip"},
		{"zstd without a suffix", plainType, zstandard(t, archive), unpacker.ErrUnsupportedLayer, "its content is zstd, not a tar archive"},
		{"gzip without a suffix", plainType, good, unpacker.ErrUnsupportedLayer, "its content is gzip, not a tar archive"},
		{"gzip of gzip", layerType, gzipped(t, good), unpacker.ErrUnsupportedLayer, "its content is gzip, not a tar archive"},
		{"gzip of zstd", fluxType, gzipped(t, zstandard(t, archive)), unpacker.ErrUnsupportedLayer, "its content is zstd, not a tar archive"},
		{"two members", layerType, append(gzipped(t, archive[:1024]), gzipped(t, archive[1024:])...), unpacker.ErrCorruptArtifact, "data after the end of the gzip stream"},
		{"an empty member after it", layerType, append(bytes.Clone(good), gzipped(t, nil)...), unpacker.ErrCorruptArtifact, "data after the end of the gzip stream"},
		{"a zero after it", layerType, append(bytes.Clone(good), 0), unpacker.ErrCorruptArtifact, "data after the end of the gzip stream"},
		{"truncated", layerType, good[:len(good)/2], unpacker.ErrCorruptArtifact, "it is truncated"},
		{"truncated by the trailer", layerType, good[:len(good)-8], unpacker.ErrCorruptArtifact, "it is truncated"},
		{"truncated by one byte", layerType, good[:len(good)-1], unpacker.ErrCorruptArtifact, "it is truncated"},
		{"truncated in the header", layerType, good[:5], unpacker.ErrCorruptArtifact, "it is truncated"},
		{"wrong checksum", layerType, changed(len(good) - 8), unpacker.ErrCorruptArtifact, "gzip: invalid checksum"},
		{"wrong size", layerType, size, unpacker.ErrCorruptArtifact, "gzip: invalid checksum"},
		{"changed in the middle", layerType, changed(len(good) / 2), unpacker.ErrCorruptArtifact, "gzip: invalid checksum"},
		{"reserved flag", layerType, changed(3), unpacker.ErrCorruptArtifact, "gzip: invalid header"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src, manifest := artifactOf(t, tt.mediaType, tt.layer)
			_, _, err := unpackBoth(t, src, manifest, unpacker.Options{})
			requireKind(t, err, tt.kind)
			var blobErr *unpacker.BlobError
			require.ErrorAs(t, err, &blobErr)
			assert.Equal(t, tt.mediaType, blobErr.Blob.MediaType)
			assert.Equal(t, tt.reason, blobErr.Reason)
		})
	}
}

// TestUnpackVerifies changes the content of the source, or its descriptor.
func TestUnpackVerifies(t *testing.T) {
	good := archiveOf(t, regular("a.yaml", "good"))
	forged := archiveOf(t, regular("a.yaml", "evil"))
	require.Len(t, forged, len(good), "of the same size")
	tail := bytes.Clone(good)
	tail[len(tail)-1] ^= 1
	for _, tt := range []struct {
		name   string
		change func(b blobs, layer *ocispec.Descriptor)
		reason string
	}{
		{"forged archive of the same size", func(b blobs, l *ocispec.Descriptor) { b[l.Digest] = forged }, "digest mismatch"},
		{"changed tail", func(b blobs, l *ocispec.Descriptor) { b[l.Digest] = tail }, "digest mismatch"},
		{"one byte more", func(b blobs, l *ocispec.Descriptor) { b[l.Digest] = append(bytes.Clone(good), 0) }, "longer than"},
		{"one byte less", func(b blobs, l *ocispec.Descriptor) { b[l.Digest] = good[:len(good)-1] }, "shorter than"},
		{"nothing", func(b blobs, l *ocispec.Descriptor) { b[l.Digest] = nil }, "shorter than"},
		{"negative size", func(_ blobs, l *ocispec.Descriptor) { l.Size = -1 }, "invalid size -1"},
		{"smaller size", func(_ blobs, l *ocispec.Descriptor) { l.Size-- }, "longer than"},
		{"larger size", func(_ blobs, l *ocispec.Descriptor) { l.Size++ }, "shorter than"},
		{"no digest", func(_ blobs, l *ocispec.Descriptor) { l.Digest = "" }, "invalid digest"},
		{"no digest to be verified", func(_ blobs, l *ocispec.Descriptor) { l.Digest = "md5:d41d8cd98f00b204e9800998ecf8427e" }, "invalid digest"},
		{"digest that is a path", func(_ blobs, l *ocispec.Descriptor) { l.Digest = "sha256:../../../etc/passwd\x1b" }, "invalid digest"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := blobs{}
			layer := b.add(plainType, good)
			tt.change(b, &layer)
			_, _, err := unpackBoth(t, b, b.manifest(t, layer), unpacker.Options{})
			requireKind(t, err, unpacker.ErrCorruptArtifact)
			var blobErr *unpacker.BlobError
			require.ErrorAs(t, err, &blobErr)
			assert.Equal(t, layer, blobErr.Blob)
			assert.Contains(t, blobErr.Reason, tt.reason)
		})
		t.Run("manifest: "+tt.name, func(t *testing.T) {
			b := blobs{}
			manifest := b.add(ocispec.MediaTypeImageManifest, good) // any content, because it is verified first
			tt.change(b, &manifest)
			_, _, err := unpackBoth(t, b, manifest, unpacker.Options{})
			requireKind(t, err, unpacker.ErrCorruptArtifact)
		})
	}
}

// TestUnpackFetchesOnce uses a source that returns other bytes the second time.
func TestUnpackFetchesOnce(t *testing.T) {
	good := gzipped(t, archiveOf(t, regular("a.yaml", "good")))
	b, manifest := artifactOf(t, layerType, good)
	times := 0
	src := readerOf{b, layerType, func(r io.Reader) io.Reader {
		if times++; times > 1 {
			return bytes.NewReader(gzipped(t, archiveOf(t, regular("a.yaml", "evil"))))
		}
		return r
	}}
	files, _, err := unpackAll(t, src, manifest, unpacker.Options{})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a.yaml": "good"}, files)
	assert.Equal(t, 1, times)
	_, _, err = unpackAll(t, src, manifest, unpacker.Options{})
	requireKind(t, err, unpacker.ErrCorruptArtifact)
}

// TestUnpackEndless checks that an endless blob is read up to its size only.
func TestUnpackEndless(t *testing.T) {
	for _, mediaType := range []string{ocispec.MediaTypeImageManifest, layerType} {
		b, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, regular("a.yaml", "a"))))
		src := readerOf{b, mediaType, func(io.Reader) io.Reader { return endless{} }}
		_, _, err := unpackBoth(t, src, manifest, unpacker.Options{})
		requireKind(t, err, unpacker.ErrCorruptArtifact)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
