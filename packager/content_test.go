package packager_test

import (
	"encoding/json"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

func newPacker(t testing.TB, set *manifests.Set, opts packager.Options) *packager.Packer {
	t.Helper()
	packer, err := packager.NewPacker(set, opts)
	require.NoError(t, err)
	return packer
}

func contentOf(t testing.TB, packer *packager.Packer) packager.Content {
	t.Helper()
	content, err := packer.Content(t.Context())
	require.NoError(t, err)
	return content
}

// TestContentIsThatOfThePackedLayer without packing one.
func TestContentIsThatOfThePackedLayer(t *testing.T) {
	eachTree(t, func(t *testing.T, tree string, engine packager.GitOpsEngine) {
		set := collect(t, treesDir+"/"+tree)
		p := pack(t, set, packager.Options{Engine: engine})
		content := contentOf(t, newPacker(t, set, packager.Options{Engine: engine}))
		assert.Equal(t, packager.Content{Digest: p.ContentDigest, Size: p.ContentSize}, content)
		assert.Equal(t, digest.FromBytes(p.archive(t)), content.Digest)
	})
}

// TestPackAround makes the same artifact around a layer that exists, and other
// annotations where they are asked for.
func TestPackAround(t *testing.T) {
	set := collectTexts(t, manyBlocks(t))
	opts := packager.Options{Prefix: "app", Annotations: map[string]string{"a": "1"}}
	before := pack(t, set, opts)
	manifest := fetch(t, before.store, before.Manifest)

	packer := newPacker(t, set, opts)
	content := contentOf(t, packer)
	layer, found := content.Layer(manifest)
	require.True(t, found)
	store := new(packager.Store)
	defer func() { assert.NoError(t, store.Close()) }()
	same, err := packer.PackAround(t.Context(), store, layer, content)
	require.NoError(t, err)
	assert.Equal(t, before.Result, same)
	assert.Equal(t, manifest, fetch(t, store, same.Manifest))
	exists, err := store.Exists(t.Context(), same.Layer)
	require.NoError(t, err)
	assert.False(t, exists)

	opts.Annotations["a"] = "2"
	other, err := newPacker(t, set, opts).PackAround(t.Context(), store, layer, content)
	require.NoError(t, err)
	assert.Equal(t, before.Layer, other.Layer)
	assert.Equal(t, before.Config, other.Config)
	assert.NotEqual(t, before.Manifest.Digest, other.Manifest.Digest)
}

// TestLayerOfAnotherCompressor is used again, whatever its digest.
func TestLayerOfAnotherCompressor(t *testing.T) {
	set := collectTexts(t, manyBlocks(t))
	opts := packager.Options{Prefix: "app"}
	packer := newPacker(t, set, opts)
	opts.Level = 1
	before := pack(t, set, opts)
	layer, found := contentOf(t, packer).Layer(fetch(t, before.store, before.Manifest))
	require.True(t, found)
	assert.Equal(t, before.Layer, layer)
}

// TestLayerThatDoesNotFit is not taken.
func TestLayerThatDoesNotFit(t *testing.T) {
	set := small(t)
	p := pack(t, set, packager.Options{Prefix: "app"})
	content := contentOf(t, newPacker(t, set, packager.Options{Prefix: "app"}))
	for name, change := range map[string]func(m *ocispec.Manifest){
		"another media type of the manifest": func(m *ocispec.Manifest) { m.MediaType = ocispec.MediaTypeImageIndex },
		"no layer":                           func(m *ocispec.Manifest) { m.Layers = nil },
		"two layers":                         func(m *ocispec.Manifest) { m.Layers = append(m.Layers, m.Layers[0]) },
		"another media type":                 func(m *ocispec.Manifest) { m.Layers[0].MediaType = ocispec.MediaTypeImageLayerZstd },
		"another content": func(m *ocispec.Manifest) {
			m.Layers[0].Annotations["io.deis.oras.content.digest"] = digest.FromString("x").String()
		},
		"no annotations":          func(m *ocispec.Manifest) { m.Layers[0].Annotations = nil },
		"no folder for oras pull": func(m *ocispec.Manifest) { delete(m.Layers[0].Annotations, ocispec.AnnotationTitle) },
		"another config":          func(m *ocispec.Manifest) { m.Config.Digest = digest.FromString("x") },
		"a digest that is none":   func(m *ocispec.Manifest) { m.Layers[0].Digest = "sha256:x" },
		"a size that is none":     func(m *ocispec.Manifest) { m.Layers[0].Size = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			m := p.manifest(t)
			change(&m)
			data, err := json.Marshal(m)
			require.NoError(t, err)
			_, found := content.Layer(data)
			assert.False(t, found)
		})
	}
	for _, text := range []string{"", "{}", "null", "[]", "not JSON"} {
		_, found := content.Layer([]byte(text))
		assert.False(t, found, text)
	}
	_, found := packager.Content{}.Layer(fetch(t, p.store, p.Manifest))
	assert.False(t, found)
}

// TestLayerTakesNothingElse leaves behind what a manifest says beside what a
// layer needs.
func TestLayerTakesNothingElse(t *testing.T) {
	set := small(t)
	p := pack(t, set, packager.Options{Prefix: "app"})
	m := p.manifest(t)
	m.Layers[0].URLs = []string{"https://example.com/elsewhere"}
	m.Layers[0].Data = []byte("data")
	data, err := json.Marshal(m)
	require.NoError(t, err)
	layer, found := contentOf(t, newPacker(t, set, packager.Options{Prefix: "app"})).Layer(data)
	require.True(t, found)
	assert.Equal(t, p.Layer, layer)
}
