package packager

import (
	"context"
	"encoding/json"
	"maps"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Content is what a layer holds. It depends on the files and the layout alone,
// not on the compressor.
type Content struct {
	// Digest and Size are those of the archive before compression.
	Digest digest.Digest
	Size   int64
}

// Content reads the files, and compresses and writes nothing. It tells whether
// an artifact that exists has the same content: see [Content.Layer].
//
// Errors match those of [manifests.Reader.Open], or are that of ctx.
func (p *Packer) Content(ctx context.Context) (Content, error) {
	nothing := func(*slot) error { return nil }
	return p.read(ctx, newSource(p), newSlots(0), nothing, nothing)
}

// Layer returns the layer of an artifact that a Packer made, if that has this
// content. Whoever compressed it, and how, it can be used again: see
// [Packer.PackAround].
//
// What the manifest says of the layer is believed. It should be from where the
// artifact is to be pushed, under a tag that only who may push can set.
func (c Content) Layer(manifest []byte) (ocispec.Descriptor, bool) {
	var m ocispec.Manifest
	if json.Unmarshal(manifest, &m) != nil || m.MediaType != ocispec.MediaTypeImageManifest || len(m.Layers) != 1 {
		return ocispec.Descriptor{}, false
	}
	config, err := json.Marshal(imageConfig(c.Digest))
	if err != nil {
		return ocispec.Descriptor{}, false
	}
	layer, annotations := m.Layers[0], layerAnnotations(c.Digest)
	same := c.Digest != "" && layer.MediaType == ocispec.MediaTypeImageLayerGzip && layer.Size > 0 && layer.Digest.Validate() == nil &&
		maps.Equal(layer.Annotations, annotations) && m.Config.Digest == digest.FromBytes(config)
	if !same {
		return ocispec.Descriptor{}, false
	}
	return ocispec.Descriptor{
		MediaType:   layer.MediaType,
		Digest:      layer.Digest,
		Size:        layer.Size,
		Annotations: annotations,
	}, true
}
