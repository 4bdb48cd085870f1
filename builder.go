package oci

import (
	"context"
	"errors"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
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
// pushes the artifact: the tags last, and nothing where they point to the same
// artifact already. It ends when ctx does.
//
// Errors are those of [BuildOptions.Validate], [manifests.Collect],
// [packager.Pack] and [registry.Client.Push]. After an error the registry may
// hold blobs that nothing refers to, and tags are as [registry.Client.Push] says.
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
	set, err := manifests.Collect(ctx, v.SourcePath, v.collectOptions())
	if err != nil {
		return BuildResult{}, err
	}
	return v.build(ctx, set, opts.Repository)
}

// build does what is left when the options are valid and the files are found.
func (v ValidatedBuildOptions) build(ctx context.Context, set *manifests.Set, requested string) (BuildResult, error) {
	v.emit(Event{Phase: PhaseCollect, Files: len(set.Files()), Bytes: set.Size()})
	client, err := registry.NewClient(v.RegistryEndpoint, v.Registry)
	if err != nil {
		return BuildResult{}, err
	}
	defer client.Close()
	store := new(packager.Store)
	defer func() { _ = store.Close() }() // only temporary files are lost

	packed, err := packager.Pack(ctx, store, set, v.packOptions())
	if err != nil {
		return BuildResult{}, err
	}
	v.emit(Event{Phase: PhasePack, Files: len(packed.Layout.Entries), Bytes: packed.Layer.Size})

	tags := append([]string{v.Version}, v.Tags...)
	pushed, err := client.Push(ctx, store, packed.Manifest, v.Repository, tags, registry.PushOptions{
		KeepTags: v.KeepTags,
		Force:    v.Force,
		OnEvent: func(e registry.PushEvent) {
			v.emit(Event{Phase: PhasePush, Descriptor: e.Descriptor, Tag: e.Tag, Skipped: e.Skipped})
		},
	})
	if err != nil {
		return BuildResult{}, err
	}
	result := v.result(packed)
	result.Tags = tags
	result.Unchanged = pushed.Unchanged
	result.Skipped = set.Skipped()
	if requested != "" && requested != v.Repository {
		result.RequestedRepository = requested
	}
	return result, nil
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
			Paths:            packed.Layout.Paths,
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
