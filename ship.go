package oci

import (
	"context"
	"errors"
	"sync"

	"oras.land/oras-go/v2/errdef"

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
	reused  bool // the layer is one that a tag points to
	// found is what preflight has to say. What a tag points to is not looked at
	// again.
	found preflight.Findings
	seen  *preflight.Cache
}

// send finds out how much of the artifact is there already, and sends the rest.
func (s *shipment) send(ctx context.Context, client *registry.Client) (registry.PushResult, error) {
	target, content, err := s.compare(ctx, client)
	if err != nil {
		return registry.PushResult{}, err
	}
	if err := s.pack(ctx, target.Manifests(), content); err != nil {
		return registry.PushResult{}, err
	}
	result, err := s.push(ctx, target)
	if s.reused && errors.Is(err, errdef.ErrNotFound) { // the registry has lost the layer
		s.packed, s.reused = packager.Result{}, false
		if err := s.pack(ctx, nil, packager.Content{}); err != nil {
			return registry.PushResult{}, err
		}
		result, err = s.push(ctx, target)
	}
	return result, err
}

// compare asks what the tags point to, and meanwhile reads the files. The content
// is zero where there is nothing to compare it with.
func (s *shipment) compare(ctx context.Context, client *registry.Client) (*registry.Target, packager.Content, error) {
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	asking, stopAsking := context.WithCancel(ctx)
	defer stopAsking()

	var content packager.Content
	var readErr error
	var reader sync.WaitGroup
	reader.Go(func() {
		if content, readErr = s.read(reading); readErr != nil {
			stopAsking()
		}
	})
	target, err := client.Target(asking, s.options.Repository, s.options.allTags(), registry.TargetOptions{OnEvent: s.tell})
	inVain := err != nil || s.options.Force || len(target.Manifests()) == 0
	if inVain && (err != nil || s.options.Cache == nil) {
		stopReading()
	}
	reader.Wait()
	switch {
	case readErr != nil && !errors.Is(readErr, reading.Err()):
		return nil, packager.Content{}, readErr
	case inVain:
		return target, packager.Content{}, err
	}
	return target, content, readErr
}

// read returns the content of the artifact. With a cache, to pack is hardly more
// than to read.
func (s *shipment) read(ctx context.Context) (_ packager.Content, err error) {
	if s.options.Cache == nil {
		return s.packer.Content(ctx)
	}
	s.packed, err = s.packer.Pack(ctx, s.store)
	return packager.Content{Digest: s.packed.ContentDigest, Size: s.packed.ContentSize}, err
}

// pack puts the artifact into the store: around the layer of one of the
// manifests if that has the content, and else with a layer of its own.
func (s *shipment) pack(ctx context.Context, manifests [][]byte, content packager.Content) (err error) {
	for _, manifest := range manifests {
		layer, found := content.Layer(manifest)
		if s.reused = found; found {
			s.packed, err = s.packer.PackAround(ctx, s.store, layer, content)
			break
		}
	}
	if !s.reused && err == nil {
		err = s.packChecked(ctx)
	}
	if err != nil {
		return err
	}
	s.options.emit(Event{
		Phase: PhasePack, Files: len(s.packed.Layout.Entries), Bytes: s.packed.Layer.Size, Skipped: s.reused,
	})
	return nil
}

// packChecked packs the artifact, and finds out what the engines would make of it.
func (s *shipment) packChecked(ctx context.Context) (err error) {
	if s.packed.Manifest.Digest == "" {
		if s.packed, err = s.packer.Pack(ctx, s.store); err != nil {
			return err
		}
	}
	s.found, err = s.options.check(ctx, s.set, s.packer.Layout(), s.seen)
	return err
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
