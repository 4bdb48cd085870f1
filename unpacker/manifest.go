package unpacker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
)

const (
	// maxManifestSize is what registries take at least, and the most that is
	// read (distribution-spec v1.1, "Pushing Manifests").
	maxManifestSize = 4 << 20
	// maxLayers is what Argo CD reads.
	maxLayers = 10
)

// mediaTypeFluxLayer is what flux push artifact gives to its layer.
const mediaTypeFluxLayer = "application/vnd.cncf.flux.content.v1.tar+gzip"

// contentTypes are the media types of a layer that is unpacked.
var contentTypes = []string{ocispec.MediaTypeImageLayerGzip, ocispec.MediaTypeImageLayer, mediaTypeFluxLayer}

// document is what may be in a manifest or an index.
type document struct {
	MediaType    string               `json:"mediaType"`
	ArtifactType string               `json:"artifactType"`
	Layers       []ocispec.Descriptor `json:"layers"`
	Manifests    []ocispec.Descriptor `json:"manifests"`
	Annotations  map[string]string    `json:"annotations"`
}

// fetchManifest reads an image manifest, and refuses all else.
func fetchManifest(ctx context.Context, src Fetcher, desc ocispec.Descriptor) (document, error) {
	if err := checkDescriptor(desc); err != nil {
		return document{}, err
	}
	if desc.Size > maxManifestSize {
		return document{}, &ArtifactError{
			MediaType: desc.MediaType, Err: ErrNotArtifact,
			Reason: fmt.Sprintf("a manifest has at most %d bytes, and this has %d", maxManifestSize, desc.Size),
		}
	}
	blob, err := src.Fetch(ctx, desc)
	if err != nil {
		return document{}, fetchError(desc, err)
	}
	defer func() { _ = blob.Close() }() // only read from
	data, err := content.ReadAll(&contextReader{ctx: ctx, r: blob}, desc)
	if err != nil {
		return document{}, fetchError(desc, err)
	}
	var doc document
	if err := json.Unmarshal(data, &doc); err != nil {
		return document{}, &ArtifactError{MediaType: desc.MediaType, Err: ErrNotArtifact, Reason: "it is not a manifest in JSON"}
	}
	declared := doc.MediaType
	doc.MediaType = cmp.Or(declared, desc.MediaType)
	switch {
	case declared != "" && desc.MediaType != "" && declared != desc.MediaType:
		return document{}, doc.reject(ErrNotArtifact, fmt.Sprintf("its descriptor says %.100q", desc.MediaType))
	case doc.MediaType != ocispec.MediaTypeImageManifest, doc.Manifests != nil:
		return document{}, doc.reject(ErrNotArtifact, "it is not an image manifest")
	}
	return doc, nil
}

// contentLayer finds the one layer to unpack. As Argo CD does it leaves alone
// what is there of other types.
func (d document) contentLayer() (ocispec.Descriptor, error) {
	if len(d.Layers) > maxLayers {
		return ocispec.Descriptor{}, d.reject(ErrNotArtifact, fmt.Sprintf("%d layers, and %d are allowed", len(d.Layers), maxLayers))
	}
	var found []ocispec.Descriptor
	for _, layer := range d.Layers {
		if slices.Contains(contentTypes, layer.MediaType) {
			found = append(found, layer)
		}
	}
	switch {
	case len(d.Layers) == 0:
		return ocispec.Descriptor{}, d.reject(ErrNotArtifact, "no layers")
	case len(found) == 0:
		return ocispec.Descriptor{}, d.reject(ErrUnsupportedLayer, "no layer is a tar archive, plain or of gzip")
	case len(found) > 1:
		return ocispec.Descriptor{}, d.reject(ErrNotArtifact, fmt.Sprintf("%d layers of files", len(found)))
	}
	return found[0], nil
}

func (d document) reject(kind error, reason string) error {
	e := &ArtifactError{MediaType: d.MediaType, ArtifactType: d.ArtifactType, Reason: reason, Err: kind}
	for _, desc := range slices.Concat(d.Layers, d.Manifests) {
		e.Contents = append(e.Contents, desc.MediaType)
	}
	return e
}

func checkDescriptor(desc ocispec.Descriptor) error {
	if desc.Size < 0 {
		return &BlobError{desc, fmt.Sprintf("a size of %d", desc.Size), ErrCorruptArtifact}
	}
	if err := desc.Digest.Validate(); err != nil {
		return &BlobError{desc, "it has no digest that can be verified", ErrCorruptArtifact}
	}
	return nil
}

// fetchError tells content that is wrong from a source that fails.
func fetchError(desc ocispec.Descriptor, err error) error {
	for _, mismatch := range []struct {
		err    error
		reason string
	}{
		{content.ErrMismatchedDigest, "its digest is another"},
		{content.ErrTrailingData, fmt.Sprintf("it has more than %d bytes", desc.Size)},
		{io.ErrUnexpectedEOF, fmt.Sprintf("it has less than %d bytes", desc.Size)},
	} {
		if errors.Is(err, mismatch.err) {
			return &BlobError{desc, mismatch.reason, ErrCorruptArtifact}
		}
	}
	return fmt.Errorf("fetch %.100q: %w", desc.MediaType, err)
}
