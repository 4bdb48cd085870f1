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

// Pack is [Packer.Pack] of a Packer that is used once. Its errors are those of
// [NewPacker] and of that.
func Pack(ctx context.Context, store content.Pusher, set *manifests.Set, opts Options) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	packer, err := NewPacker(set, opts)
	if err != nil {
		return Result{}, err
	}
	return packer.Pack(ctx, store)
}

// Packer packages the files of one Set in one way. It is safe for concurrent
// use.
type Packer struct {
	set     *manifests.Set
	opts    Options
	layout  Layout
	archive *archive.Archive
}

// NewPacker plans how the files of set lie in the artifact. It reads nothing.
//
// Errors match [ErrCollision], [ErrTooLarge], or are those of
// [Options.Validate].
func NewPacker(set *manifests.Set, opts Options) (*Packer, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	layout, err := Plan(set.Files(), opts.Engine, cmp.Or(opts.Prefix, set.Name()))
	if err != nil {
		return nil, err
	}
	entries := make([]archive.Entry, len(layout.Entries))
	for i, e := range layout.Entries {
		entries[i] = archive.Entry{Path: e.Path, Size: e.File.Size}
	}
	laidOut, err := archive.New(entries, MaxArchiveSize)
	if err != nil {
		return nil, err
	}
	return &Packer{set, opts, layout, laidOut}, nil
}

// Layout says what will be where in the archive.
func (p *Packer) Layout() Layout { return p.layout }

// Pack packages the files into store: the layer, the config, and then the
// manifest, which is tagged nowhere. What store holds already is not an error.
// Reading and compressing happens on several cores, and memory does not grow
// with the size of the files.
//
// Errors match those of [manifests.Reader.Open], or are those of store or ctx.
// Nothing refers to what was written before an error.
func (p *Packer) Pack(ctx context.Context, store content.Pusher) (Result, error) {
	layer, content, err := p.packLayer(ctx, store)
	if err != nil {
		return Result{}, err
	}
	return p.PackAround(ctx, store, layer, content)
}

// PackAround packages what is around a layer that exists: it pushes the config
// and the manifest to store. layer is what [Content.Layer] found, and content
// what [Packer.Content] returned.
//
// Errors are those of store or ctx.
func (p *Packer) PackAround(ctx context.Context, store content.Pusher, layer ocispec.Descriptor, content Content) (Result, error) {
	result := Result{
		Layer:         layer,
		ContentDigest: content.Digest,
		ContentSize:   content.Size,
		Created:       p.opts.created(),
		Layout:        p.layout,
	}
	var err error
	if result.Config, err = pushJSON(ctx, store, ocispec.MediaTypeImageConfig, imageConfig(content.Digest)); err != nil {
		return Result{}, err
	}
	manifest := ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: p.opts.ArtifactType,
		Config:       result.Config,
		Layers:       []ocispec.Descriptor{result.Layer},
		Annotations:  p.opts.manifestAnnotations(),
	}
	if result.Manifest, err = pushJSON(ctx, store, manifest.MediaType, manifest); err != nil {
		return Result{}, err
	}
	result.Manifest.ArtifactType = p.opts.ArtifactType
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
