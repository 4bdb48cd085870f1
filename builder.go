package oci

import (
	"context"
	"errors"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/registry"
)

// WorkloadArtifactBuilder builds an artifact from a directory and pushes it.
type WorkloadArtifactBuilder interface {
	// Build validates the options, collects the manifests, packs them and pushes
	// the artifact. It returns when that is done, or ctx is.
	Build(ctx context.Context, opts BuildOptions) (BuildResult, error)
}

// NewWorkloadArtifactBuilder returns a builder, which is safe for concurrent
// use and keeps nothing between builds.
//
// Its Build validates the options, collects the manifests, packs them, and
// pushes the artifact, the tags last. It ends when ctx does.
//
// It asks what the tags point to while it packs the files. If all of them point to
// the same artifact already, nothing is sent. Nothing is asked before the files are
// found, and nothing sent before all of them were read.
//
// Errors are those of [BuildOptions.Validate], [manifests.CollectRoots],
// [packager.Pack] and [registry.Client.Push]. After an error the registry may
// hold blobs that nothing refers to, and tags are as [registry.Destination.Push] says.
func NewWorkloadArtifactBuilder() WorkloadArtifactBuilder { return builder{} }

type builder struct{}

func (builder) Build(ctx context.Context, opts BuildOptions) (BuildResult, error) {
	if err := checkContext(ctx); err != nil {
		return BuildResult{}, err
	}
	v, err := opts.Validate()
	if err != nil {
		return BuildResult{}, err
	}
	set, err := manifests.CollectRoots(ctx, v.roots(), v.collectOptions())
	if err != nil {
		return BuildResult{}, err
	}
	return v.build(ctx, set, opts.Repository)
}

// build does what is left when the options are valid and the files are found.
func (v ValidatedBuildOptions) build(ctx context.Context, set *manifests.Set, requested string) (BuildResult, error) {
	v.emit(Event{Phase: PhaseCollect, Files: len(set.Files()), Bytes: set.Size()})
	seen := new(preflight.Cache)
	if v.Cache != nil {
		seen = &v.Cache.Preflight
	}
	packing := v.packOptions()
	if v.Preflight != PreflightOff {
		packing.OnFile = seen.Read
	}
	packer, err := packager.NewPacker(set, packing)
	if err != nil {
		return BuildResult{}, err
	}
	client, err := registry.NewClient(v.RegistryEndpoint, v.Registry)
	if err != nil {
		return BuildResult{}, err
	}
	defer client.Close()
	store := new(packager.Store)
	defer func() { _ = store.Close() }() // only temporary files are lost

	s := &shipment{options: v, set: set, packer: packer, store: store, seen: seen}
	pushed, err := s.send(ctx, client)
	if err != nil {
		return BuildResult{}, err
	}
	result := v.result(s.packed)
	result.Tags = v.allTags()
	result.Unchanged, result.ContentUnchanged = pushed.Unchanged, pushed.Unchanged
	result.Skipped = set.Skipped()
	result.Findings = s.found
	if requested != "" && requested != v.Repository {
		result.RequestedRepository = requested
	}
	return result, nil
}

// allTags are the tags to set, in order.
func (v ValidatedBuildOptions) allTags() []string {
	return append([]string{v.Version}, v.Tags...)
}

func (v ValidatedBuildOptions) result(packed packager.Result) BuildResult {
	files := make([]string, len(packed.Layout.Entries))
	for i, entry := range packed.Layout.Entries {
		files[i] = entry.Path
	}
	return BuildResult{
		Files: files,
		Artifact: OCIArtifact{
			Name:             v.Name,
			Version:          v.Version,
			RegistryEndpoint: v.RegistryEndpoint,
			Repository:       v.Repository,
			Tag:              v.Version,
			SourcePath:       v.SourcePath,
			CreatedAt:        packed.Created,
			Reference:        artifactReference(v.RegistryEndpoint, v.Repository, v.Version),
			Digest:           packed.Manifest.Digest,
			MediaType:        packed.Manifest.MediaType,
			ManifestSize:     packed.Manifest.Size,
			LayerDigest:      packed.Layer.Digest,
			LayerMediaType:   packed.Layer.MediaType,
			LayerSize:        packed.Layer.Size,
			ContentDigest:    packed.ContentDigest,
			ContentSize:      packed.ContentSize,
			Paths:            packed.Layout.Paths.Below(v.Path),
		},
	}
}

// checkContext finds a context that has ended, or none at all.
func checkContext(ctx context.Context) error {
	if ctx == nil {
		return errors.New("the context is nil")
	}
	return ctx.Err()
}

func (v ValidatedBuildOptions) emit(e Event) {
	if v.OnEvent != nil {
		v.OnEvent(e)
	}
}
