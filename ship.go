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
	set     *manifests.Set
	packer  *packager.Packer
	store   *packager.Store
	packed  packager.Result
	found   preflight.Findings
	seen    *preflight.Cache
}

// send looks the tags up while it packs, and pushes the artifact.
func (s *shipment) send(ctx context.Context, client *registry.Client) (registry.PushResult, error) {
	packing, stopPacking := context.WithCancel(ctx)
	defer stopPacking()
	asking, stopAsking := context.WithCancel(ctx)
	defer stopAsking()
	var packed packager.Result
	var packErr error
	var packer sync.WaitGroup
	packer.Go(func() {
		if packed, packErr = s.packer.Pack(packing, s.store); packErr != nil {
			stopAsking()
		}
	})
	destination, err := client.Lookup(asking, s.options.Repository, s.options.allTags(), registry.PushOptions{
		ImmutableTags: s.options.ImmutableTags,
		Force:         s.options.Force,
		OnEvent:       s.tell,
	})
	if err != nil {
		stopPacking()
	}
	packer.Wait()
	switch {
	case packErr != nil && !errors.Is(packErr, packing.Err()):
		return registry.PushResult{}, packErr
	case err != nil:
		return registry.PushResult{}, err
	case packErr != nil:
		return registry.PushResult{}, packErr
	}
	s.packed = packed
	if s.found, err = s.options.check(ctx, s.set, s.packer.Layout(), s.seen); err != nil {
		return registry.PushResult{}, err
	}
	s.options.emit(Event{Phase: PhasePack, Files: len(packed.Layout.Entries), Bytes: packed.Layer.Size})
	return destination.Push(ctx, s.store, packed.Manifest)
}

func (s *shipment) tell(e registry.Event) {
	s.options.emit(Event{
		Phase: PhasePush, Descriptor: e.Descriptor, Tag: e.Tag, Bytes: e.Bytes, Skipped: e.Skipped, Retry: e.Retry,
	})
}
