package registry

import (
	"encoding/json"
	"fmt"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
)

// maxManifestBytes is what a registry has to accept at least, and the most that
// is read (distribution-spec v1.1, "Pushing Manifests").
const maxManifestBytes = 4 << 20

// checkManifest refuses what is no image manifest, or too large for one.
func checkManifest(desc ocispec.Descriptor) error {
	if desc.MediaType != ocispec.MediaTypeImageManifest {
		return &localError{fmt.Errorf("%.80q is not an image manifest: %w", desc.MediaType, errdef.ErrUnsupported)}
	}
	if desc.Size > maxManifestBytes {
		return &localError{fmt.Errorf("manifest of %d bytes: %w", desc.Size, errdef.ErrSizeExceedsLimit)}
	}
	return nil
}

// blobsOf returns the config and the layers of an image manifest.
func blobsOf(manifest []byte) ([]ocispec.Descriptor, error) {
	var m ocispec.Manifest
	if err := json.Unmarshal(manifest, &m); err != nil {
		return nil, &localError{fmt.Errorf("the manifest is not valid JSON: %w", err)}
	}
	return append([]ocispec.Descriptor{m.Config}, m.Layers...), nil
}
