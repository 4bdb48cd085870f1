package unpacker_test

import (
	"archive/tar"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/file"
	"oras.land/oras-go/v2/content/memory"
	"oras.land/oras-go/v2/content/oci"
	"oras.land/oras-go/v2/errdef"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/unpacker"
)

// TestUnpackRoundTrip compares every byte with the source.
func TestUnpackRoundTrip(t *testing.T) {
	eachTree(t, func(t *testing.T, tree string, layout packager.Layout) {
		dir := filepath.Join(treesDir, tree)
		p := pack(t, collect(t, dir), layout, packager.Options{Annotations: map[string]string{"key": "value"}})
		files, unpacked, err := unpackBoth(t, p.store, p.Manifest, unpacker.Options{})
		require.NoError(t, err)
		sameFiles(t, laidOut(sourceFiles(t, dir), layout, tree), files)
		assert.Equal(t, p.Manifest, unpacked.Manifest)
		assert.Equal(t, p.Layer, unpacked.Layer)
		assert.Equal(t, "value", unpacked.Annotations["key"])
		assert.Empty(t, unpacked.SkippedLinks)
		var want, got []string
		for _, e := range p.Plan.Entries() {
			want = append(want, e.Path)
		}
		slices.Sort(want)
		for _, f := range unpacked.Files {
			got = append(got, f.Path)
		}
		assert.Equal(t, want, got)
	})
}

// TestUnpackFromStores unpacks from stores of several kinds.
func TestUnpackFromStores(t *testing.T) {
	set := collectTexts(t, manyBlocks(t))
	layout, err := oci.New(t.TempDir())
	require.NoError(t, err)
	spilling := &packager.Store{MemoryLimit: 1, TempDir: t.TempDir()}
	t.Cleanup(func() { assert.NoError(t, spilling.Close()) })
	for name, store := range map[string]content.Storage{"memory": memory.New(), "OCI layout": layout, "spilling": spilling} {
		t.Run(name, func(t *testing.T) {
			p, err := packager.Pack(t.Context(), store, set, packager.LayoutRoot, packager.Options{})
			require.NoError(t, err)
			files, _, err := unpackBoth(t, store, p.Manifest, unpacker.Options{})
			require.NoError(t, err)
			sameFiles(t, manyBlocks(t), files)
		})
	}
}

// TestUnpackOthers unpacks archives as other programs write them.
func TestUnpackOthers(t *testing.T) {
	want := map[string]string{"a.yaml": "a", "sub/b.yaml": "b"}
	for _, tt := range []struct {
		name      string
		mediaType string
		entries   []entry
		want      map[string]string
	}{
		{"files alone", layerType, []entry{regular("a.yaml", "a"), regular("sub/b.yaml", "b")}, want},
		{"not compressed", plainType, []entry{regular("a.yaml", "a"), regular("sub/b.yaml", "b")}, want},
		{"flux push artifact", fluxType, []entry{directory("sub/"), regular("sub/b.yaml", "b"), regular("a.yaml", "a")}, want},
		{"the root as a directory", layerType, []entry{directory("./"), regular("a.yaml", "a"), directory("sub/"), regular("sub/b.yaml", "b")}, want},
		{"the root as a dot, directories without a slash", layerType, []entry{directory("."), regular("a.yaml", "a"), directory("sub"), regular("sub/b.yaml", "b")}, want},
		{"a directory after its content", layerType, []entry{regular("sub/b.yaml", "b"), regular("a.yaml", "a"), directory("sub")}, want},
		{"under the title", layerType, []entry{directory("app"), regular("app/a.yaml", "a")}, map[string]string{"app/a.yaml": "a"}},
		{"an empty directory", layerType, []entry{directory("empty/")}, map[string]string{}},
		{"nothing", layerType, nil, map[string]string{}},
		{"empty file", layerType, []entry{regular("a.yaml", "")}, map[string]string{"a.yaml": ""}},
		{"longest name and PAX", layerType, []entry{regular(long(255)+"/"+long(255), "a")}, map[string]string{long(255) + "/" + long(255): "a"}},
		{"dots without a meaning", layerType, []entry{regular("a..b/..c/d..", "a")}, map[string]string{"a..b/..c/d..": "a"}},
		{"colon", layerType, []entry{regular("system:node.yaml", "a")}, map[string]string{"system:node.yaml": "a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			layer := archiveOf(t, tt.entries...)
			if tt.mediaType != plainType {
				layer = gzipped(t, layer)
			}
			src, manifest := artifactOf(t, tt.mediaType, layer)
			files, unpacked, err := unpackBoth(t, src, manifest, unpacker.Options{})
			require.NoError(t, err)
			sameFiles(t, tt.want, files)
			assert.Equal(t, map[string]string{"a": "b"}, unpacked.Annotations)
		})
	}
}

// TestUnpackORAS unpacks an artifact that oras push made of a directory.
func TestUnpackORAS(t *testing.T) {
	for _, title := range []string{".", "kustomize"} {
		t.Run(title, func(t *testing.T) {
			dir := filepath.Join(treesDir, "kustomize")
			work, prefix := dir, ""
			if title != "." {
				work, prefix = treesDir, title+"/"
			}
			source, err := file.New(work)
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, source.Close()) })
			layer, err := source.Add(t.Context(), title, "", "")
			require.NoError(t, err)
			require.Equal(t, "true", layer.Annotations["io.deis.oras.content.unpack"])
			manifest, err := oras.PackManifest(t.Context(), source, oras.PackManifestVersion1_1, "application/vnd.example",
				oras.PackManifestOptions{Layers: []ocispec.Descriptor{layer}})
			require.NoError(t, err)

			files, _, err := unpackBoth(t, source, manifest, unpacker.Options{})
			require.NoError(t, err)
			want := map[string]string{}
			for name, text := range allFiles(t, dir) {
				want[prefix+name] = text
			}
			sameFiles(t, want, files)
		})
	}
}

// TestUnpackOtherLayers checks that layers of other types are ignored.
func TestUnpackOtherLayers(t *testing.T) {
	b := blobs{}
	layers := make([]ocispec.Descriptor, 9)
	for i := range layers {
		layers[i] = ocispec.Descriptor{MediaType: "text/plain", Digest: "none", Size: -1}
	}
	layers = append(layers, b.add(layerType, gzipped(t, archiveOf(t, regular("a.yaml", "a")))))
	files, unpacked, err := unpackBoth(t, b, b.manifest(t, layers...), unpacker.Options{})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a.yaml": "a"}, files)
	assert.Equal(t, layers[9], unpacked.Layer)
}

// TestUnpackModes checks that modes do not depend on the archive.
func TestUnpackModes(t *testing.T) {
	entries := []entry{directory("d/")}
	entries[0].Mode = 0o1777
	for name, mode := range map[string]int64{"suid": 0o4755, "none": 0, "all": 0o7777, "private": 0o600} {
		e := regular("d/"+name, name)
		e.Mode = mode
		entries = append(entries, e)
	}
	src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, entries...)))
	parent := t.TempDir()
	dir := filepath.Join(parent, "out")
	_, err := unpacker.Unpack(t.Context(), src, manifest, dir, unpacker.Options{})
	require.NoError(t, err)

	plainDir, plainFile := filepath.Join(parent, "plain"), filepath.Join(parent, "plain", "file")
	require.NoError(t, os.Mkdir(plainDir, 0o755)) // less the umask
	require.NoError(t, os.WriteFile(plainFile, nil, 0o644))
	for name, like := range map[string]string{
		"": plainDir, "d": plainDir, "d/suid": plainFile, "d/none": plainFile, "d/all": plainFile, "d/private": plainFile,
	} {
		got, err := os.Lstat(filepath.Join(dir, name))
		require.NoError(t, err)
		want, err := os.Lstat(like)
		require.NoError(t, err)
		assert.Equal(t, want.Mode(), got.Mode(), name)
	}
}

// TestUnpackInsecurePath sets GODEBUG, by which a program makes archive/tar report
// insecure paths.
func TestUnpackInsecurePath(t *testing.T) {
	t.Setenv("GODEBUG", "tarinsecurepath=0")
	src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, regular("../a.yaml", "a"))))
	_, _, err := unpackBoth(t, src, manifest, unpacker.Options{})
	requireKind(t, err, unpacker.ErrUnsafeEntry)
}

func TestUnpackSHA512(t *testing.T) {
	b := blobs{}
	layer := b.add(layerType, gzipped(t, archiveOf(t, regular("a.yaml", "a"))))
	data := b[layer.Digest]
	layer.Digest = digest.SHA512.FromBytes(data)
	b[layer.Digest] = data
	files, _, err := unpackBoth(t, b, b.manifest(t, layer), unpacker.Options{})
	require.NoError(t, err)
	assert.Len(t, files, 1)
}

func TestUnpackSkipsLinks(t *testing.T) {
	src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t,
		regular("a.yaml", "a"), special(tar.TypeSymlink, "sub/out", "../../etc/passwd"), special(tar.TypeLink, "hard", "a.yaml"), regular("sub/b.yaml", "b"))))
	files, unpacked, err := unpackBoth(t, src, manifest, unpacker.Options{SkipLinks: true})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a.yaml": "a", "sub/b.yaml": "b"}, files)
	assert.Equal(t, []unpacker.SkippedLink{{Path: "sub/out", Target: "../../etc/passwd"}, {Path: "hard", Target: "a.yaml", Hard: true}}, unpacked.SkippedLinks)
}

// A source that fails is not reported as corrupt.
func TestUnpackFailingSource(t *testing.T) {
	b, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, regular("a.yaml", "a"))))
	_, _, err := unpackBoth(t, blobs{}, manifest, unpacker.Options{})
	require.ErrorIs(t, err, errdef.ErrNotFound)
	require.EqualError(t, err, `fetch "application/vnd.oci.image.manifest.v1+json": not found`)

	failing := readerOf{b, layerType, func(io.Reader) io.Reader { return errorReader{os.ErrDeadlineExceeded} }}
	_, _, err = unpackBoth(t, failing, manifest, unpacker.Options{})
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NotErrorIs(t, err, unpacker.ErrCorruptArtifact)
}

// TestUnpackCancelled cancels the context before the call, and at each read of the
// layer.
func TestUnpackCancelled(t *testing.T) {
	b, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, regular("a.yaml", strings.Repeat("a", 1<<20)))))
	for _, at := range []string{"before", ocispec.MediaTypeImageManifest, layerType} {
		t.Run(at, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			if at == "before" {
				cancel()
			}
			src := readerOf{b, at, func(r io.Reader) io.Reader { cancel(); return r }}
			parent := t.TempDir()
			unpacked, err := unpacker.Unpack(ctx, src, manifest, filepath.Join(parent, "out"), unpacker.Options{})
			require.ErrorIs(t, err, context.Canceled)
			assert.Zero(t, unpacked)
			assert.Empty(t, namesIn(t, parent))
			_, _, err = unpacker.UnpackFS(ctx, src, manifest, unpacker.Options{})
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

// TestUnpackCancelledAnywhere ends the context at each of its checks, many of which
// happen while a file is written.
func TestUnpackCancelledAnywhere(t *testing.T) {
	src, manifest := artifactOf(t, plainType, archiveOf(t, directory("d"), regular("d/a.yaml", strings.Repeat("a", 1<<20)), regular("b", "")))
	for looks := 0; ; looks++ {
		require.Less(t, looks, 1000)
		parent := t.TempDir()
		_, err := unpacker.Unpack(&countdown{t.Context(), looks}, src, manifest, filepath.Join(parent, "out"), unpacker.Options{})
		if err == nil {
			assert.Greater(t, looks, 3*16, "for a megabyte that is read, read again, and written")
			return
		}
		require.Equal(t, context.Canceled, err)
		require.Empty(t, namesIn(t, parent))
	}
}

// countdown is a context that ends after a number of checks.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// readerOf changes how the blobs of one type are read.
type readerOf struct {
	content.Fetcher
	mediaType string
	change    func(io.Reader) io.Reader
}

func (r readerOf) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	blob, err := r.Fetcher.Fetch(ctx, desc)
	if err == nil && desc.MediaType == r.mediaType {
		return io.NopCloser(r.change(blob)), nil
	}
	return blob, err
}

type errorReader struct{ err error }

func (e errorReader) Read([]byte) (int, error) { return 0, e.err }
