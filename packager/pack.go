package packager

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/kubeoci/oci/internal/archive"
	"github.com/kubeoci/oci/manifests"
)

// MaxArchiveSize is how many bytes an archive may have before compression.
// Argo CD stops unpacking there (ARGOCD_REPO_SERVER_OCI_MANIFEST_MAX_EXTRACTED_SIZE,
// default 1G), and where that is between two entries it does so without an error.
const MaxArchiveSize = 1_000_000_000

// ErrTooLarge reports an archive of more than [MaxArchiveSize] bytes.
var ErrTooLarge = archive.ErrTooLarge

// Result describes an artifact in a content store.
type Result struct {
	Manifest ocispec.Descriptor
	Config   ocispec.Descriptor
	Layer    ocispec.Descriptor
	// ContentDigest is that of the uncompressed archive. It depends on the
	// files and the layout alone, not on annotations or the compressor.
	ContentDigest digest.Digest
	// ContentSize is the size of the uncompressed archive in bytes.
	ContentSize int64
	// Created is the creation time that the manifest records.
	Created time.Time
	// Layout says what is where in the archive.
	Layout Layout
}

// Pack packages the files of set into store: the layer, the config, and then
// the manifest, which is tagged nowhere. What store holds already is not an
// error.
//
// Errors match [ErrCollision], [ErrInvalidPrefix], [ErrUnknownEngine],
// [ErrInvalidArtifactType], [ErrInvalidAnnotation], [ErrTooLarge], those of
// [manifests.Reader.Open], or are those of store or ctx. Nothing refers to what
// was written before an error.
//
// Pack may be called concurrently, for one store too if that allows it.
func Pack(ctx context.Context, store content.Pusher, set *manifests.Set, opts Options) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	if err := opts.Validate(); err != nil {
		return Result{}, err
	}
	layout, err := Plan(set.Files(), opts.Engine, cmp.Or(opts.Prefix, set.Name()))
	if err != nil {
		return Result{}, err
	}
	if size := layout.leastSize(); size > MaxArchiveSize { // found before anything is read
		return Result{}, fmt.Errorf("%w: at least %d bytes, and %d are allowed", ErrTooLarge, size, MaxArchiveSize)
	}
	result := Result{Layout: layout, Created: opts.created()}
	if err := result.packLayer(ctx, store, set); err != nil {
		return Result{}, err
	}
	config := imageConfig(result.ContentDigest)
	if result.Config, err = pushJSON(ctx, store, ocispec.MediaTypeImageConfig, config); err != nil {
		return Result{}, err
	}
	manifest := ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: opts.ArtifactType,
		Config:       result.Config,
		Layers:       []ocispec.Descriptor{result.Layer},
		Annotations:  opts.manifestAnnotations(),
	}
	if result.Manifest, err = pushJSON(ctx, store, manifest.MediaType, manifest); err != nil {
		return Result{}, err
	}
	result.Manifest.ArtifactType = opts.ArtifactType
	return result, nil
}

// imageConfig is what registries and tools expect of an image. Architecture and
// operating system are required by the image specification and say nothing
// about the content, so they are the same everywhere.
func imageConfig(diffID digest.Digest) ocispec.Image {
	return ocispec.Image{
		Platform: ocispec.Platform{Architecture: "amd64", OS: "linux"},
		RootFS:   ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{diffID}},
	}
}

func pushJSON(ctx context.Context, store content.Pusher, mediaType string, v any) (ocispec.Descriptor, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	desc := content.NewDescriptorFromBytes(mediaType, data)
	return desc, pushNew(ctx, store, desc, bytes.NewReader(data))
}

// pushNew pushes content unless the store holds it already.
func pushNew(ctx context.Context, store content.Pusher, desc ocispec.Descriptor, r io.Reader) error {
	err := store.Push(ctx, desc, r)
	if errors.Is(err, errdef.ErrAlreadyExists) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store %s: %w", desc.MediaType, err)
	}
	return nil
}
