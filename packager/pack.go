package packager

import (
	"bytes"
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

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/manifests"
)

// Result describes an artifact in a content store.
type Result struct {
	Manifest ocispec.Descriptor
	Config   ocispec.Descriptor
	Layer    ocispec.Descriptor
	// ContentDigest is the digest of the uncompressed archive. It depends on the
	// files, the layout and its prefix alone, not on annotations or the compressor.
	ContentDigest digest.Digest
	// ContentSize is the size of the uncompressed archive in bytes.
	ContentSize int64
	// Created is the creation time that the manifest records.
	Created time.Time
	// Plan describes the archive.
	Plan *Plan
	// Contents identify the content of the files. They are nil without a Cache.
	Contents *Contents
}

// Pusher stores content. The content stores of oras-go satisfy it.
type Pusher interface {
	// Push stores the content that expected describes.
	Push(ctx context.Context, expected ocispec.Descriptor, content io.Reader) error
}

// Pack is [NewPlan] followed by [Plan.Pack], without a Cache. Its errors are
// theirs.
func Pack(ctx context.Context, store Pusher, set *manifests.Set, layout Layout, opts Options) (Result, error) {
	if err := calls.Check(ctx); err != nil {
		return Result{}, err
	}
	plan, err := NewPlan(set, layout, opts)
	if err != nil {
		return Result{}, err
	}
	return plan.Pack(ctx, store, nil, nil)
}

// Pack packages the files into store: the layer, the config, and then the
// manifest, which gets no tag. Content that store already holds is not an error.
// Several cores read and compress, and memory does not grow with the size of the
// files.
//
// With a cache, only what changed since its last use is compressed. observe, if
// not nil, receives the content of files while they are packed, so that a check
// such as that of package preflight need not read them again. It is called once for
// every file of at most 512 KiB, and at most once for a larger one, by several
// goroutines concurrently and in no order. It must not modify content or retain it.
// The content is verified only once Pack returns without an error.
//
// Pack returns soon after ctx ends even if a method of an [io/fs.FS], store or observe
// blocks, which is then left running. If it panics, so does Pack.
//
// Errors match those of [manifests.Reader.Open], or are those of store or ctx.
// Nothing refers to content that was stored before an error.
func (p *Plan) Pack(ctx context.Context, store Pusher, cache *Cache, observe func(f manifests.File, content []byte)) (Result, error) {
	if err := p.check(ctx, store); err != nil {
		return Result{}, err
	}
	return calls.Prompt(ctx, func() (Result, error) { return p.pack(ctx, store, cache, observe) })
}

func (p *Plan) pack(ctx context.Context, store Pusher, cache *Cache, observe func(manifests.File, []byte)) (Result, error) {
	var sums *fileSums
	if cache != nil {
		sums = newFileSums(p)
	}
	layer, diffID, err := p.packLayer(ctx, store, cache, sums, observe)
	if err != nil {
		return Result{}, err
	}
	if cache == nil {
		return p.describe(ctx, store, layer, diffID, nil)
	}
	contents := p.contents(sums)
	cache.remember(record{Key: p.recordKey().with(contents), Size: layer.Size, Sum: layer.Digest, Content: diffID})
	return p.describe(ctx, store, layer, diffID, contents)
}

// describe stores the config and the manifest of a layer.
func (p *Plan) describe(ctx context.Context, store Pusher, layer ocispec.Descriptor, diffID digest.Digest, contents *Contents) (result Result, err error) {
	result = Result{
		Layer:         layer,
		ContentDigest: diffID,
		ContentSize:   p.archive.Size(),
		Created:       p.settings.created,
		Plan:          p,
		Contents:      contents,
	}
	if result.Config, err = pushJSON(ctx, store, ocispec.MediaTypeImageConfig, imageConfig(diffID)); err != nil {
		return Result{}, err
	}
	manifest := ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: p.settings.artifactType,
		Config:       result.Config,
		Layers:       []ocispec.Descriptor{result.Layer},
		Annotations:  p.settings.annotations,
	}
	if result.Manifest, err = pushJSON(ctx, store, manifest.MediaType, manifest); err != nil {
		return Result{}, err
	}
	result.Manifest.ArtifactType = p.settings.artifactType
	return result, nil
}

// imageConfig returns the config that registries and tools expect of an image. The
// image specification requires an architecture and an operating system. They do not
// describe the content, so they are the same everywhere.
func imageConfig(diffID digest.Digest) ocispec.Image {
	return ocispec.Image{
		Platform: ocispec.Platform{Architecture: "amd64", OS: "linux"},
		RootFS:   ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{diffID}},
	}
}

func pushJSON(ctx context.Context, store Pusher, mediaType string, v any) (ocispec.Descriptor, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	desc := content.NewDescriptorFromBytes(mediaType, data)
	return desc, pushNew(ctx, store, desc, bytes.NewReader(data))
}

// pushNew pushes content unless the store holds it already.
func pushNew(ctx context.Context, store Pusher, desc ocispec.Descriptor, r io.Reader) error {
	err := store.Push(ctx, desc, r)
	if errors.Is(err, ErrBlobExists) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store %s: %w", desc.MediaType, err)
	}
	return nil
}
