package oci

import (
	"context"
	"errors"
	"sync"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/registry"
)

// shipment is one artifact on its way to where its tags are to be.
type shipment struct {
	options ValidatedBuildOptions
	plan    *packager.Plan
	store   *packager.Store
	packed  packager.Result
	// found is what preflight has to say.
	found preflight.Findings
	seen  *preflight.Cache
}

// send packs the artifact, checks it, and pushes it.
func (s *shipment) send(ctx context.Context, client *registry.Client) (registry.PushResult, error) {
	target, err := s.packAndLookUp(ctx, client)
	if err != nil {
		return registry.PushResult{}, err
	}
	if s.found, err = s.options.check(ctx, s.plan, s.seen); err != nil {
		return registry.PushResult{}, err
	}
	s.options.emit(Event{Phase: PhasePack, Files: len(s.plan.Entries()), Bytes: s.packed.Layer.Size})
	return s.push(ctx, target)
}

// packAndLookUp packs the artifact while it looks up the tags.
func (s *shipment) packAndLookUp(ctx context.Context, client *registry.Client) (*registry.Target, error) {
	packing, stopPacking := context.WithCancel(ctx)
	defer stopPacking()
	asking, stopAsking := context.WithCancel(ctx)
	defer stopAsking()

	var packErr error
	var packer sync.WaitGroup
	packer.Go(func() {
		if s.packed, packErr = s.pack(packing); packErr != nil {
			stopAsking()
		}
	})
	target, err := client.Target(asking, s.options.Repository, s.options.allTags(), registry.TargetOptions{OnEvent: s.tell})
	if err != nil {
		stopPacking()
	}
	packer.Wait()
	if packErr != nil && !errors.Is(packErr, packing.Err()) {
		return nil, packErr
	}
	if err != nil {
		return nil, err
	}
	return target, packErr
}

func (s *shipment) pack(ctx context.Context) (packager.Result, error) {
	var cache *packager.Cache
	if s.options.Cache != nil {
		cache = &s.options.Cache.Layer
	}
	var observe func(manifests.File, []byte)
	if s.options.Preflight != PreflightOff {
		observe = s.seen.Observe
	}
	return s.plan.Pack(ctx, s.store, cache, observe)
}

func (s *shipment) push(ctx context.Context, target *registry.Target) (registry.PushResult, error) {
	return target.Push(ctx, s.store, s.packed.Manifest, registry.PushOptions{
		KeepTags: s.options.KeepTags,
		Force:    s.options.Force,
		OnEvent:  s.tell,
	})
}

func (s *shipment) tell(e registry.Event) {
	s.options.emit(Event{
		Phase: PhasePush, Descriptor: e.Descriptor, Tag: e.Tag, Bytes: e.Bytes, Skipped: e.Skipped, Again: e.Again,
	})
}
