package oci

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"maps"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/registry"
)

// WorkloadArtifactBuilder builds an artifact from a tree and pushes it.
type WorkloadArtifactBuilder interface {
	// Build builds and pushes the artifact that opts describe.
	Build(ctx context.Context, opts BuildOptions) (BuildResult, error)
}

// NewWorkloadArtifactBuilder returns a new [*Builder]. A caller that needs it for one build
// should call [Build], which leaves no connection open.
func NewWorkloadArtifactBuilder() WorkloadArtifactBuilder { return new(Builder) }

// Build is [Builder.Build] of a Builder that is used once and closed.
func Build(ctx context.Context, opts BuildOptions) (BuildResult, error) {
	var b Builder
	defer b.Close()
	return b.Build(ctx, opts)
}

// BuildEmpty is [Builder.BuildEmpty] of a Builder that is used once and closed.
func BuildEmpty(ctx context.Context, opts EmptyBuildOptions) (BuildResult, error) {
	var b Builder
	defer b.Close()
	return b.BuildEmpty(ctx, opts)
}

// Builder builds and pushes artifacts, and keeps connections and tokens for the next
// build with the same endpoint and Registry options. A build whose options have a
// CredentialFunc or a Proxy shares nothing, because Go cannot compare functions: pass a
// Transport to share its connections there.
//
// The zero value is ready to use. A Builder is safe for concurrent use.
type Builder struct {
	clients clientPool
}

// Close closes the idle connections and forgets the tokens; a build that is running keeps
// its own until it returns. The Builder can still be used. The connections of a Builder that
// is garbage are closed when it is collected, or after 90 idle seconds.
func (b *Builder) Close() { b.clients.close() }

// Build validates the options, collects the manifests, packs them while it looks up the
// tags, checks the packed files for Flux and Argo CD, and pushes the artifact: its
// blobs, its manifest, and then the tags in order, after the steps in Push.Steps if there
// are any. It returns when all of that is done, or when ctx is.
//
// The digest depends on the local files and the options alone. If all tags point to it,
// nothing is sent. If none of them exists, a large layer is sent while it is packed, as
// [registry.Client.LookupWhilePacking] describes, and becomes part of the repository only
// after preflight accepted the artifact.
//
// Errors are, by stage:
//
//   - options: those of [BuildOptions.Validate]
//   - collecting: those of [manifests.CollectRoots], such as [ErrNoManifestFiles]
//   - packing: those of [packager.NewPlan] and [packager.Plan.Pack], and
//     [packager.ErrInvalidCache]
//   - preflight: [ErrPreflight]; by default for artifacts that the engine named by
//     GitOpsEngine, or both if none is named, would refuse or render as nothing, for
//     which there is BuildEmpty; and [*preflight.CheckerError]
//   - pushing: those of [registry.Client.Push]
//
// After an error the registry may hold blobs to which nothing refers, and the tags are
// as [registry.Destination.Push] describes.
func (b *Builder) Build(ctx context.Context, opts BuildOptions) (BuildResult, error) {
	if err := calls.Check(ctx); err != nil {
		return BuildResult{}, err
	}
	j, err := opts.job()
	if err != nil {
		return BuildResult{}, err
	}
	set, err := manifests.CollectRoots(ctx, j.opts.roots(), j.opts.Collect)
	if err != nil {
		return BuildResult{}, err
	}
	return b.ship(ctx, j, set, opts.Repository)
}

//go:embed empty/kustomization.yaml
var emptyTree embed.FS

// BuildEmpty builds and pushes an artifact that holds a kustomization without
// resources. An engine that prunes deletes all objects of an earlier artifact when it
// reads this one, because Flux and Argo CD render it to nothing.
//
// Errors are those of [EmptyBuildOptions.Validate], of packing and of pushing; see
// [Builder.Build].
func (b *Builder) BuildEmpty(ctx context.Context, opts EmptyBuildOptions) (BuildResult, error) {
	if err := calls.Check(ctx); err != nil {
		return BuildResult{}, err
	}
	j, err := opts.job()
	if err != nil {
		return BuildResult{}, err
	}
	tree, err := fs.Sub(emptyTree, "empty")
	if err != nil {
		return BuildResult{}, err
	}
	set, err := manifests.CollectFS(ctx, tree, manifests.Options{})
	if err != nil {
		return BuildResult{}, err
	}
	result, err := b.ship(ctx, j, set, opts.Repository)
	result.HasNamespaces = false // although preflight has not looked
	return result, err
}

// ship packs, checks and pushes a collected set.
func (b *Builder) ship(ctx context.Context, j job, set *manifests.Set, requested string) (BuildResult, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := newReporter(j, cancel)
	defer events.Close()
	var secrets []Finding
	pushOptions := events.pushOptions(ctx, j.opts.Push)
	events.collected(ctx, set)
	plan, err := packager.NewPlan(set, j.opts.Layout, j.packOptions())
	if err != nil {
		return BuildResult{}, err
	}
	client, err := b.clients.get(j.opts.RegistryEndpoint, j.opts.Registry)
	if err != nil {
		return BuildResult{}, err
	}
	defer b.clients.release(client)
	pack := newPacking(plan, j.opts)
	defer pack.close()

	var packed packager.Result
	destination, findings, err := both(ctx,
		func(ctx context.Context) (*registry.Destination, error) {
			return client.LookupWhilePacking(ctx, j.opts.Repository, j.opts.allTags(), pushOptions, pack.whilePacking())
		},
		func(ctx context.Context) (findings []Finding, err error) {
			if packed, err = pack.run(ctx); err != nil {
				return nil, err
			}
			events.packed(ctx, packed)
			if findings, secrets, err = j.check(ctx, packed, pack.observer); err == nil {
				j.namespaces = pack.observer.HasNamespaces()
				pack.accept()
			}
			return findings, err
		})
	if err != nil {
		return BuildResult{}, err
	}
	ctx = context.WithValue(ctx, secretsKey{}, secrets)
	pushed, err := destination.Push(ctx, pack, packed.Manifest)
	if errors.Is(err, ErrRegistryTagConflict) {
		err = pack.doubt(ctx, err)
	}
	if errors.Is(err, errLayerDiffers) {
		packed = pack.result
		pushed, err = destination.Push(ctx, pack, packed.Manifest)
	}
	if err != nil {
		return BuildResult{}, err
	}
	return j.result(packed, findings, pushed, requested), nil
}

// both runs f and g concurrently and returns their results. If one fails, the context of
// the other ends, and the error is that of the first.
func both[F, G any](ctx context.Context, f func(context.Context) (F, error), g func(context.Context) (G, error)) (first F, second G, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failures := make(chan error, 2) // in the order in which they happen
	report := func(err error) {
		if err != nil {
			failures <- err
			cancel()
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = calls.Catch(func() (err error) { first, err = f(ctx); return err }, report)
	}()
	_ = calls.Catch(func() (err error) { second, err = g(ctx); return err }, report)
	<-done
	close(failures)
	for failure := range failures {
		calls.Rethrow(failure) // although the other may have failed first, because of it
		if err == nil {
			err = failure
		}
	}
	return first, second, err
}

// check returns the findings of preflight and, for the rules, those about Secrets, or a
// [*PreflightError] if the policy refuses the artifact.
func (j job) check(ctx context.Context, packed packager.Result, observer *preflight.Observer) (findings, secrets []Finding, err error) {
	artifact := preflight.Artifact{
		Plan:       packed.Plan,
		Contents:   packed.Contents,
		Engines:    []GitOpsEngine{j.opts.GitOpsEngine},
		Tags:       j.opts.allTags(),
		Repository: j.opts.Repository,
		Registry:   j.opts.RegistryEndpoint,
		Observer:   observer,
	}
	if findings, err = preflight.Check(ctx, artifact, j.opts.Preflight); err != nil {
		return nil, nil, err
	}
	if len(j.opts.Push.TagRules) > 0 {
		if secrets, err = preflight.Secrets(ctx, artifact, j.opts.Preflight); err != nil {
			return nil, nil, err
		}
	}
	if reasons := j.opts.Preflight.Refusals(findings); len(reasons) > 0 {
		err = &PreflightError{Findings: findings, Reasons: reasons}
	}
	return findings, secrets, err
}

// packOptions adds the title, if there is one, to the annotations.
func (j job) packOptions() PackOptions {
	opts := j.opts.Pack
	if j.title != "" {
		opts.Annotations = maps.Clone(opts.Annotations)
		if opts.Annotations == nil {
			opts.Annotations = map[string]string{}
		}
		opts.Annotations[ocispec.AnnotationTitle] = j.title
	}
	return opts
}

// roots returns all trees, the source first.
func (o BuildOptions) roots() []Root {
	if o.SourcePath == "" && o.Source == nil {
		return o.Roots
	}
	return append([]Root{{Dir: o.SourcePath, FS: o.Source}}, o.Roots...)
}

// allTags returns all tags in the order in which they are set.
func (o BuildOptions) allTags() []string {
	if o.Push.DigestOnly {
		return []string{} // an array in JSON, not null
	}
	return append([]string{o.Version}, o.Tags...)
}
