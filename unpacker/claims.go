package unpacker

import (
	"context"
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/strictjson"
)

// annotationContentDigest is what oras push writes at the layer of a directory.
const annotationContentDigest = "io.deis.oras.content.digest"

// imageConfigTypes are the media types of configs that list the digests of the
// uncompressed layers.
var imageConfigTypes = []string{
	ocispec.MediaTypeImageConfig,
	"application/vnd.cncf.flux.config.v1+json",
	"application/vnd.docker.container.image.v1+json",
}

// claim is a digest of an uncompressed layer that another part of the artifact declares. A
// layer that does not match it was put in the place of another.
type claim struct {
	by       string
	digest   digest.Digest
	verifier digest.Verifier
}

// claims returns the claims on a layer of the manifest.
func (d document) claims(ctx context.Context, src Fetcher, index int) ([]*claim, error) {
	layer := d.Layers[index]
	var all []*claim
	if declared, found := layer.Annotations[annotationContentDigest]; found {
		all = append(all, &claim{by: "annotation " + annotationContentDigest, digest: digest.Digest(declared)})
	}
	if slices.Contains(imageConfigTypes, d.Config.MediaType) {
		diffIDs, err := fetchDiffIDs(ctx, src, d.Config)
		if err != nil {
			return nil, err
		}
		if n := len(diffIDs); n > 0 && n != len(d.Layers) {
			return nil, &BlobError{d.Config, fmt.Sprintf("the number of layers is %d in it, and %d in the manifest", n, len(d.Layers)), ErrCorruptArtifact}
		} else if n > 0 {
			all = append(all, &claim{by: "config", digest: diffIDs[index]})
		}
	}
	for i, c := range all {
		if c.digest.Validate() != nil {
			return nil, &BlobError{layer, fmt.Sprintf("the %s has an invalid digest of its content", c.by), ErrCorruptArtifact}
		}
		if i == 0 || c.digest != all[0].digest {
			c.verifier = c.digest.Verifier()
		} else {
			c.verifier = all[0].verifier
		}
	}
	return all, nil
}

// fetchDiffIDs returns the digests of the uncompressed layers in a config, which may have
// none.
func fetchDiffIDs(ctx context.Context, src Fetcher, desc ocispec.Descriptor) ([]digest.Digest, error) {
	if err := checkDescriptor(desc); err != nil {
		return nil, err
	}
	if desc.Size > maxManifestSize {
		return nil, &BlobError{desc, fmt.Sprintf("a config has at most %d bytes, not %d", maxManifestSize, desc.Size), ErrCorruptArtifact}
	}
	data, err := fetchDocument(ctx, src, desc)
	if err != nil {
		return nil, err
	}
	var config struct {
		RootFS struct {
			DiffIDs []digest.Digest `json:"diff_ids"`
		} `json:"rootfs"`
	}
	if err := strictjson.Unmarshal(data, &config); err != nil {
		return nil, &BlobError{desc, jsonFault(err), ErrCorruptArtifact}
	}
	return config.RootFS.DiffIDs, nil
}

// hash adds a part of the uncompressed layer.
func hash(claims []*claim, p []byte) {
	for i, c := range claims {
		if i == 0 || c.verifier != claims[0].verifier {
			_, _ = c.verifier.Write(p) // never fails
		}
	}
}

// checkClaims compares the claims with the layer of which all was hashed.
func checkClaims(layer ocispec.Descriptor, claims []*claim) error {
	for _, c := range claims {
		// A layer that was pushed as a plain file has its own digest in the config.
		if !c.verifier.Verified() && c.digest != layer.Digest {
			return &BlobError{layer, fmt.Sprintf("the %s has another digest of its content", c.by), ErrCorruptArtifact}
		}
	}
	return nil
}
