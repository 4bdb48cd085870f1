package oci

import (
	"context"
	"errors"
	"io"
	"sync"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/registry"
)

// packing makes the artifact of one build. A layer that the cache remembers is packed
// only when the push reads it.
type packing struct {
	plan   *packager.Plan
	store  packager.Store
	layers *packager.Cache // or nil
	files  *preflight.Cache
	checks preflight.Options
	layer  chan io.ReadCloser // the layer while it is packed
	ready  chan struct{}      // closed when blobs are those to push
	blobs  []ocispec.Descriptor

	mu       sync.Mutex          // guards the rest
	observer *preflight.Observer // through which preflight gets the files
	result   packager.Result     // of the layer in store, or the one that was recalled
	packed   bool
}

func newPacking(plan *packager.Plan, opts BuildOptions) *packing {
	p := &packing{
		plan: plan, files: new(preflight.Cache), checks: opts.Preflight,
		layer: make(chan io.ReadCloser, 1), ready: make(chan struct{}),
	}
	p.store.OnLayer = func(layer io.ReadCloser) {
		select {
		case p.layer <- layer:
		default: // a recalled layer is packed when it is pushed already
		}
	}
	if opts.Cache != nil {
		p.layers, p.files = &opts.Cache.Layer, &opts.Cache.Preflight
	}
	return p
}

func (p *packing) close() { _ = p.store.Close() } // only temporary files are lost

// run returns the artifact of the files, and hands them to preflight. Preflight reads those of
// a recalled layer itself if it remembers findings, but not these.
func (p *packing) run(ctx context.Context) (packager.Result, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.observer = preflight.NewObserver(ctx, p.files, p.checks)
	observe := p.observer.Observe
	if len(p.checks.Checkers) == 0 && p.files.HasFindings() {
		observe = nil
	}
	recalled, found, err := p.plan.Recall(ctx, &p.store, p.layers, observe)
	if p.result = recalled; err != nil || found {
		return recalled, err
	}
	p.result, err = p.plan.Pack(ctx, &p.store, p.layers, p.observer.Observe)
	p.packed = err == nil
	return p.result, err
}

// accept notes that preflight accepts the artifact.
func (p *packing) accept() {
	p.files, p.observer = nil, nil // and the memory that it holds
	p.blobs = []ocispec.Descriptor{p.result.Config, p.result.Layer}
	close(p.ready)
}

// whilePacking returns the artifact for a push that begins before it is packed. Its blobs
// are known when preflight has accepted them: none may be in the registry before that.
func (p *packing) whilePacking() registry.Packing {
	return registry.Packing{
		Layer: func(ctx context.Context) (io.ReadCloser, error) {
			select {
			case layer := <-p.layer:
				return layer, nil
			case <-p.ready: // it was recalled
				return nil, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
		Blobs: func(ctx context.Context) ([]ocispec.Descriptor, error) {
			select {
			case <-p.ready:
				return p.blobs, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
	}
}

// errLayerDiffers reports that the cache remembers another layer than the one that was
// packed of the same content.
var errLayerDiffers = errors.New("the cached layer is not that of the files")

// Fetch implements [registry.Fetcher].
func (p *packing) Fetch(ctx context.Context, target ocispec.Descriptor) (io.ReadCloser, error) {
	blob, err := p.store.Fetch(ctx, target)
	if !errors.Is(err, packager.ErrBlobNotFound) {
		return blob, err
	}
	if err := p.packRecalled(ctx); err != nil {
		return nil, err
	}
	return p.store.Fetch(ctx, target)
}

// packRecalled packs the layer that was recalled. Preflight has seen the files as they
// were then.
func (p *packing) packRecalled(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.packed {
		return nil
	}
	recalled := p.result
	packed, err := p.plan.Pack(ctx, &p.store, p.layers, nil)
	if err != nil {
		return err
	}
	if packed.ContentDigest != recalled.ContentDigest {
		return &manifests.PathError{Path: ".", Err: manifests.ErrFileChanged}
	}
	if p.result, p.packed = packed, true; packed.Layer.Digest != recalled.Layer.Digest {
		return errLayerDiffers
	}
	return nil
}

// doubt packs a layer that was recalled when a tag points to another manifest: the record
// may be wrong. It returns conflict unless that fails or gives another layer.
func (p *packing) doubt(ctx context.Context, conflict error) error {
	if err := p.packRecalled(ctx); err != nil {
		return err
	}
	return conflict
}
