package unpacker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci/internal/strictjson"
)

const (
	// maxManifestSize is the size that every registry accepts (distribution-spec
	// v1.1, "Pushing Manifests"), and the limit here.
	maxManifestSize = 4 << 20
	// maxLayers is the limit of Argo CD.
	maxLayers = 10
)

// mediaTypeFluxLayer is the media type of layers from flux push artifact.
const mediaTypeFluxLayer = "application/vnd.cncf.flux.content.v1.tar+gzip"

// contentTypes are the media types of layers that are unpacked.
var contentTypes = []string{ocispec.MediaTypeImageLayerGzip, ocispec.MediaTypeImageLayer, mediaTypeFluxLayer}

// document holds the fields of a manifest or an index.
type document struct {
	ocispec.Manifest
	Manifests []ocispec.Descriptor `json:"manifests"`
}

// fetchManifest reads an image manifest, and refuses any other document.
func fetchManifest(ctx context.Context, src Fetcher, desc ocispec.Descriptor) (document, error) {
	if err := checkDescriptor(desc); err != nil {
		return document{}, err
	}
	if desc.Size > maxManifestSize {
		return document{}, &ArtifactError{
			MediaType: desc.MediaType, Err: ErrNotArtifact,
			Reason: fmt.Sprintf("a manifest has at most %d bytes, not %d", maxManifestSize, desc.Size),
		}
	}
	data, err := fetchDocument(ctx, src, desc)
	if err != nil {
		return document{}, err
	}
	var doc document
	if err := strictjson.Unmarshal(data, &doc); err != nil {
		return document{}, &ArtifactError{MediaType: desc.MediaType, Err: ErrNotArtifact, Reason: jsonFault(err)}
	}
	declared := doc.MediaType
	doc.MediaType = cmp.Or(declared, desc.MediaType)
	switch {
	case declared != "" && desc.MediaType != "" && declared != desc.MediaType:
		return document{}, doc.reject(ErrNotArtifact, fmt.Sprintf("its descriptor has the media type %.100q", desc.MediaType))
	case doc.MediaType != ocispec.MediaTypeImageManifest, doc.Manifests != nil:
		return document{}, doc.reject(ErrNotArtifact, "it is not an image manifest")
	}
	return doc, nil
}

// jsonFault returns the reason of an error of strictjson. Those of encoding/json name types
// of this program.
func jsonFault(err error) string {
	if errors.Is(err, strictjson.ErrAmbiguous) || errors.Is(err, strictjson.ErrTooComplex) {
		return err.Error()
	}
	return "it is not JSON"
}

// contentLayer returns the index of the layer to unpack. Like Argo CD, it ignores layers of other
// types.
func (d document) contentLayer() (int, error) {
	if len(d.Layers) > maxLayers {
		return 0, d.reject(ErrNotArtifact, fmt.Sprintf("%d layers, and the limit is %d", len(d.Layers), maxLayers))
	}
	var found []int
	for i, layer := range d.Layers {
		if slices.Contains(contentTypes, layer.MediaType) {
			found = append(found, i)
		}
	}
	switch {
	case len(d.Layers) == 0:
		return 0, d.reject(ErrNotArtifact, "it has no layers")
	case len(found) == 0:
		return 0, d.reject(ErrUnsupportedLayer, "no layer has one of the media types \""+strings.Join(contentTypes, `", "`)+`"`)
	case len(found) > 1:
		return 0, d.reject(ErrNotArtifact, fmt.Sprintf("%d layers of files", len(found)))
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
		return &BlobError{desc, fmt.Sprintf("invalid size %d", desc.Size), ErrCorruptArtifact}
	}
	if err := desc.Digest.Validate(); err != nil {
		return &BlobError{desc, "invalid digest", ErrCorruptArtifact}
	}
	return nil
}

// fetchError distinguishes wrong content from a source that fails.
func fetchError(desc ocispec.Descriptor, err error) error {
	for _, mismatch := range []struct {
		err    error
		reason string
	}{
		{content.ErrMismatchedDigest, "digest mismatch"},
		{content.ErrTrailingData, fmt.Sprintf("longer than %d bytes", desc.Size)},
		{io.ErrUnexpectedEOF, fmt.Sprintf("shorter than %d bytes", desc.Size)},
	} {
		if errors.Is(err, mismatch.err) {
			return &BlobError{desc, mismatch.reason, ErrCorruptArtifact}
		}
	}
	return fmt.Errorf("fetch %.100q: %w", desc.MediaType, err)
}
