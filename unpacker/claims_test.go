package unpacker_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/errdef"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/unpacker"
)

const fluxConfigType = "application/vnd.cncf.flux.config.v1+json"

// TestUnpackContentDigest unpacks layers whose content is not the one that the config or an
// annotation declares.
func TestUnpackContentDigest(t *testing.T) {
	archive := archiveOf(t, regular("a.yaml", "good"))
	right := digest.FromBytes(archive)
	wrong := digest.FromString("other")
	layerDigest := digest.FromBytes(gzipped(t, archive))
	list := func(diffIDs ...digest.Digest) string {
		text, err := json.Marshal(diffIDs)
		require.NoError(t, err)
		return `{"architecture":"x","os":"y","created":"2026-01-01T00:00:00Z","rootfs":{"type":"layers","diff_ids":` + string(text) + `}}`
	}
	const noReason = ""
	for _, tt := range []struct {
		name, configType, config, annotation, reason string
		others                                       int // layers before it
	}{
		{"right", ocispec.MediaTypeImageConfig, list(right), right.String(), noReason, 0},
		{"right, by another algorithm", ocispec.MediaTypeImageConfig, list(digest.SHA512.FromBytes(archive)), right.String(), noReason, 0},
		{"the second layer", ocispec.MediaTypeImageConfig, list(wrong, right), "", noReason, 1},
		{"digest of the layer", fluxConfigType, list(layerDigest), "", noReason, 0},
		{"no digests", ocispec.MediaTypeImageConfig, `{}`, "", noReason, 0},
		{"null", ocispec.MediaTypeImageConfig, `{"rootfs":null}`, "", noReason, 0},
		{"config of another type", "application/vnd.example", list(wrong), "", noReason, 0},
		{"wrong config", ocispec.MediaTypeImageConfig, list(wrong), "", "the config has another digest of its content", 0},
		{"wrong config of Flux", fluxConfigType, list(wrong), "", "the config has another digest of its content", 0},
		{"wrong config, right annotation", ocispec.MediaTypeImageConfig, list(wrong), right.String(), "the config has another digest of its content", 0},
		{"right config, wrong annotation", ocispec.MediaTypeImageConfig, list(right), wrong.String(), "the annotation io.deis.oras.content.digest has another digest of its content", 0},
		{"wrong annotation alone", "application/vnd.oci.empty.v1+json", `{}`, wrong.String(), "the annotation io.deis.oras.content.digest has another digest of its content", 0},
		{"both wrong and the same", ocispec.MediaTypeImageConfig, list(wrong), wrong.String(), "the annotation io.deis.oras.content.digest has another digest of its content", 0},
		{"the digests in another order", ocispec.MediaTypeImageConfig, list(right, wrong), "", "the config has another digest of its content", 1},
		{"more digests than layers", ocispec.MediaTypeImageConfig, list(right, wrong), "", "the number of layers is 2 in it, and 1 in the manifest", 0},
		{"fewer digests than layers", ocispec.MediaTypeImageConfig, list(right), "", "the number of layers is 1 in it, and 2 in the manifest", 1},
		{"invalid digest in the config", ocispec.MediaTypeImageConfig, list("md5:0"), "", "the config has an invalid digest of its content", 0},
		{"invalid digest in the annotation", ocispec.MediaTypeImageConfig, list(right), "x", "the annotation io.deis.oras.content.digest has an invalid digest of its content", 0},
		{"duplicate key", ocispec.MediaTypeImageConfig, strings.Replace(list(right), `"type"`, `"diff_ids":[],"type"`, 1), "", `ambiguous key: "diff_ids" after "diff_ids"`, 0},
		{"another case", ocispec.MediaTypeImageConfig, strings.Replace(list(right), `diff_ids`, `Diff_IDs`, 1), "", `ambiguous key: "Diff_IDs" in place of "diff_ids"`, 0},
		{"not JSON", ocispec.MediaTypeImageConfig, `<html>`, "", "it is not JSON", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := blobs{}
			config := b.add(tt.configType, []byte(tt.config))
			layer := b.add(layerType, gzipped(t, archive))
			if tt.annotation != "" {
				layer.Annotations = map[string]string{"io.deis.oras.content.digest": tt.annotation}
			}
			layers := make([]ocispec.Descriptor, tt.others, tt.others+1)
			for i := range layers {
				layers[i] = b.add("text/plain", []byte("other"))
			}
			manifest := b.document(t, ocispec.MediaTypeImageManifest, ocispec.Manifest{
				Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
				Config: config, Layers: append(layers, layer),
			})
			files, _, err := unpackBoth(t, b, manifest, unpacker.Options{})
			if tt.reason == noReason {
				require.NoError(t, err)
				assert.Equal(t, map[string]string{"a.yaml": "good"}, files)
				return
			}
			requireKind(t, err, unpacker.ErrCorruptArtifact)
			var blobErr *unpacker.BlobError
			require.ErrorAs(t, err, &blobErr)
			assert.Equal(t, tt.reason, blobErr.Reason)
		})
	}
}

// TestUnpackConfig checks the config itself.
func TestUnpackConfig(t *testing.T) {
	b, _ := oneFile(t, "a")
	layer := b.add(layerType, gzipped(t, archiveOf(t, regular("a.yaml", "a"))))
	good := b.add(ocispec.MediaTypeImageConfig, []byte(`{}`))
	for _, tt := range []struct {
		name   string
		change func(desc *ocispec.Descriptor)
		kind   error
	}{
		{"absent", func(desc *ocispec.Descriptor) { desc.Digest = digest.FromString("absent") }, errdef.ErrNotFound},
		{"negative size", func(desc *ocispec.Descriptor) { desc.Size = -1 }, unpacker.ErrCorruptArtifact},
		{"size of 2^63-1", func(desc *ocispec.Descriptor) { desc.Size = 1<<63 - 1 }, unpacker.ErrCorruptArtifact},
		{"another size", func(desc *ocispec.Descriptor) { desc.Size++ }, unpacker.ErrCorruptArtifact},
		{"invalid digest", func(desc *ocispec.Descriptor) { desc.Digest = "../x" }, unpacker.ErrCorruptArtifact},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config := good
			tt.change(&config)
			manifest := b.document(t, ocispec.MediaTypeImageManifest, ocispec.Manifest{Config: config, Layers: []ocispec.Descriptor{layer}})
			_, _, err := unpackBoth(t, b, manifest, unpacker.Options{})
			require.ErrorIs(t, err, tt.kind)
		})
	}
}

// A layer that was put in the place of the one that was packed is noticed.
func TestUnpackPlantedLayer(t *testing.T) {
	p := pack(t, collectTexts(t, map[string]string{"a.yaml": "good"}), packager.LayoutRoot, packager.Options{})
	evil := gzipped(t, archiveOf(t, regular("a.yaml", "evil")))
	for _, annotated := range []bool{false, true} {
		t.Run(fmt.Sprint("annotations of the good layer: ", annotated), func(t *testing.T) {
			b := blobs{}
			config, err := p.store.Fetch(t.Context(), p.Config)
			require.NoError(t, err)
			text := make([]byte, p.Config.Size)
			_, err = config.Read(text)
			require.NoError(t, err)
			planted := b.add(layerType, evil)
			if annotated {
				planted.Annotations = p.Layer.Annotations
			}
			manifest := b.document(t, ocispec.MediaTypeImageManifest, ocispec.Manifest{
				MediaType: ocispec.MediaTypeImageManifest, Config: b.add(p.Config.MediaType, text), Layers: []ocispec.Descriptor{planted},
			})
			_, _, err = unpackBoth(t, b, manifest, unpacker.Options{})
			requireKind(t, err, unpacker.ErrCorruptArtifact)
		})
	}
}
