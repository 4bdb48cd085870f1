package packager_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/tartest"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

const layerType = "application/vnd.oci.image.layer.v1.tar+gzip"

// TestPackManifest pins every byte of manifest and config, so that they cannot
// contain facts about the host.
func TestPackManifest(t *testing.T) {
	p := pack(t, small(t), packager.LayoutBoth, packager.Options{
		Prefix:       "app",
		Annotations:  map[string]string{ocispec.AnnotationVersion: "1.2.3", "a<b": "c&d"},
		Created:      time.Date(2025, 3, 4, 5, 6, 7, 890, time.FixedZone("", 2*60*60)),
		ArtifactType: "application/vnd.example.app",
	})

	config := fmt.Sprintf(`{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["%s"]}}`, p.ContentDigest)
	assert.Equal(t, config, string(fetch(t, p.store, p.Config)))

	assert.Equal(t, fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.example.app",`+
		`"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},`+
		`"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"%s","size":%d,`+
		`"annotations":{"io.deis.oras.content.digest":"%s","io.deis.oras.content.unpack":"true","org.opencontainers.image.title":"."}}],`+
		`"annotations":{"a\u003cb":"c\u0026d","org.opencontainers.image.created":"2025-03-04T03:06:07Z","org.opencontainers.image.version":"1.2.3"}}`,
		digest.FromString(config), len(config), p.Layer.Digest, p.Layer.Size, p.ContentDigest,
	), string(fetch(t, p.store, p.Manifest)))
}

func TestPackDefaults(t *testing.T) {
	p := pack(t, small(t), packager.LayoutRoot, packager.Options{})
	manifest := p.manifest(t)
	assert.Empty(t, manifest.ArtifactType)
	assert.Equal(t, map[string]string{ocispec.AnnotationCreated: epoch}, manifest.Annotations)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(fetch(t, p.store, p.Manifest), &fields))
	assert.Len(t, fields, 5, "fields of the manifest")
}

// TestPackResult compares the result of Pack with the store.
func TestPackResult(t *testing.T) {
	eachTree(t, func(t *testing.T, tree string, layout packager.Layout) {
		set := collect(t, filepath.Join(treesDir, tree))
		p := pack(t, set, layout, packager.Options{ArtifactType: "application/vnd.example"})
		manifest := p.manifest(t)
		assert.Equal(t, ocispec.MediaTypeImageManifest, p.Manifest.MediaType)
		assert.Equal(t, "application/vnd.example", p.Manifest.ArtifactType)
		assert.Less(t, p.Manifest.Size, int64(4<<20))
		assert.Equal(t, p.Config, manifest.Config)
		assert.Equal(t, []ocispec.Descriptor{p.Layer}, manifest.Layers)

		stream := p.archive(t)
		assert.Equal(t, digest.FromBytes(stream), p.ContentDigest)
		assert.EqualValues(t, len(stream), p.ContentSize)
		assert.Zero(t, p.ContentSize%512)
		var config ocispec.Image
		require.NoError(t, json.Unmarshal(fetch(t, p.store, p.Config), &config))
		assert.Equal(t, []digest.Digest{p.ContentDigest}, config.RootFS.DiffIDs)
		assert.True(t, p.Created.Equal(time.Unix(0, 0)))

		plan := newPlan(t, set, layout, packager.Options{})
		assert.Equal(t, plan.Entries(), p.Plan.Entries())
		assert.Equal(t, plan.Paths(), p.Plan.Paths())
		assert.Equal(t, p.ContentSize, plan.ArchiveSize())
		contentDigest, err := plan.Digest(t.Context())
		require.NoError(t, err)
		assert.Equal(t, p.ContentDigest, contentDigest)
	})
}

// TestPackLayer checks the gzip header, and that there is one member only.
func TestPackLayer(t *testing.T) {
	p := pack(t, small(t), packager.LayoutRoot, packager.Options{})
	layer := bytes.NewReader(fetch(t, p.store, p.Layer))
	assert.Equal(t, layerType, p.Layer.MediaType)
	reader, err := gzip.NewReader(layer)
	require.NoError(t, err)
	reader.Multistream(false)
	assert.Equal(t, gzip.Header{OS: 255}, reader.Header, "neither name nor time nor system")
	var stream bytes.Buffer
	_, err = stream.ReadFrom(reader)
	require.NoError(t, err)
	assert.Zero(t, layer.Len(), "a second member or padding")
	assert.EqualValues(t, p.ContentSize, stream.Len())
}

func TestPackCreated(t *testing.T) {
	for _, tt := range []struct {
		name  string
		given time.Time
		want  string
	}{
		{"none", time.Time{}, epoch},
		{"UTC", time.Date(2025, 12, 31, 23, 59, 59, 0, time.UTC), "2025-12-31T23:59:59Z"},
		{"another zone", time.Date(2026, 1, 1, 1, 0, 0, 0, time.FixedZone("x", 90*60)), "2025-12-31T23:30:00Z"},
		{"fraction", time.Date(2025, 12, 31, 23, 59, 59, 999_999_999, time.UTC), "2025-12-31T23:59:59Z"},
		{"fraction before the epoch", time.Unix(-1, 1), "1969-12-31T23:59:59Z"},
		{"first year", time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), "0000-01-01T00:00:00Z"},
		{"last year", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), "9999-12-31T23:59:59Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := pack(t, small(t), packager.LayoutRoot, packager.Options{Created: tt.given})
			assert.Equal(t, tt.want, p.manifest(t).Annotations[ocispec.AnnotationCreated])
			assert.Equal(t, tt.want, p.Created.Format(time.RFC3339Nano))
		})
	}
}

// TestPackLeaksNothing searches every byte for the path and the user.
func TestPackLeaksNothing(t *testing.T) {
	t.Setenv("USER", "canary-user")
	t.Setenv("HOME", filepath.Join(t.TempDir(), "canary-home"))
	parent := filepath.Join(t.TempDir(), "canary-parent")
	dir := filepath.Join(parent, "app")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.yaml"), []byte("kind: List\n"), 0o600))
	p := pack(t, collect(t, dir), packager.LayoutBoth, packager.Options{})
	for _, blob := range [][]byte{fetch(t, p.store, p.Manifest), fetch(t, p.store, p.Config), fetch(t, p.store, p.Layer), p.archive(t)} {
		for _, fact := range []string{"canary", os.TempDir() + string(filepath.Separator), filepath.Dir(parent)} {
			assert.NotContains(t, string(blob), fact)
		}
	}
}

func TestPackPrefix(t *testing.T) {
	set := collect(t, filepath.Join(treesDir, "flat"))
	assert.Equal(t, packager.EnginePaths{Flux: "./flat", ArgoCD: "flat"}, pack(t, set, packager.LayoutBoth, packager.Options{}).Plan.Paths())
	assert.Equal(t, packager.EnginePaths{Flux: "./app", ArgoCD: "app"}, pack(t, set, packager.LayoutBoth, packager.Options{Prefix: "app"}).Plan.Paths())

	_, err := packager.Pack(t.Context(), new(packager.Store), small(t), packager.LayoutBoth, packager.Options{})
	require.ErrorIs(t, err, packager.ErrInvalidPrefix, "a Set without a name needs a prefix")
}

// TestPackContent checks that bytes are packed unchanged.
func TestPackContent(t *testing.T) {
	texts := map[string]string{
		"bom.yaml": "\ufeffa: b\n", "crlf.yaml": "a: b\r\n", "no-end.yaml": "a: b", "binary.json": "\x00\xff\x1f\x8b", "template.yml": "{{ . }}\n",
	}
	got := map[string]string{}
	for _, r := range tartest.Read(t, pack(t, collectTexts(t, texts), packager.LayoutRoot, packager.Options{}).archive(t)) {
		got[r.Name] = r.Text
	}
	assert.Equal(t, texts, got)
}

func TestPackChangedFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "b.yaml")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.yaml"), []byte("a"), 0o644))
	for change, do := range map[string]func() error{
		"grown":   func() error { return os.WriteFile(name, []byte("changed"), 0o644) },
		"removed": func() error { return os.Remove(name) },
	} {
		t.Run(change, func(t *testing.T) {
			require.NoError(t, os.WriteFile(name, []byte("b"), 0o644))
			set := collect(t, dir)
			require.NoError(t, do())
			store := &countingStore{}
			result, err := packager.Pack(t.Context(), store, set, packager.LayoutRoot, packager.Options{})
			require.ErrorIs(t, err, manifests.ErrFileChanged)
			var pathErr *manifests.PathError
			require.ErrorAs(t, err, &pathErr)
			assert.Equal(t, "b.yaml", pathErr.Path)
			assert.Zero(t, result)
			assert.Empty(t, store.pushed)
		})
	}
}

func TestPackSourceGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "app")
	require.NoError(t, os.Mkdir(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.yaml"), []byte("a"), 0o644))
	set := collect(t, dir)
	require.NoError(t, os.RemoveAll(dir))
	_, err := packager.Pack(t.Context(), new(packager.Store), set, packager.LayoutBoth, packager.Options{})
	require.ErrorIs(t, err, manifests.ErrPathNotFound)
}
