package oci

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/registry"
)

// defaultParallel keeps a registry busy that is 20 ms away: a build waits for three or four
// round trips, and a client makes at most 16 requests at once. More builds take memory and
// are hardly faster.
const defaultParallel = 8

// BuildAllOptions configure [Builder.BuildAll]. The zero value is the default.
type BuildAllOptions struct {
	// Parallel is the number of builds that run concurrently. Zero means 8; a negative
	// number is ErrInvalidOptions.
	Parallel int
	// FailFast cancels all other builds after the first failure: their error is
	// context.Canceled. By default they go on.
	FailFast bool
	// OnOutcome receives the outcome of each build as soon as it is known, one at a time and
	// before BuildAll returns, as [registry.Event] describes.
	// No build begins in place of a finished one until its outcome was received.
	OnOutcome func(BuildOutcome) `json:"-"`
}

func (o BuildAllOptions) validate() error {
	if o.Parallel < 0 {
		return advise(fmt.Errorf("%w: Parallel is negative", ErrInvalidOptions), "set Parallel to a positive number, or to zero for the default")
	}
	return nil
}

// BuildAll is [Builder.BuildAll] of a Builder that is used once and closed.
func BuildAll(ctx context.Context, builds []BuildOptions, opts BuildAllOptions) (BuildAllResult, error) {
	var b Builder
	defer b.Close()
	return b.BuildAll(ctx, builds, opts)
}

// BuildAll builds and pushes several artifacts, some of them concurrently, each as
// [Builder.Build] does. One that fails does not affect the others, unless FailFast is set.
// [Workloads] makes the options for the directories of a tree.
//
// All options are validated first. If any are refused, or two builds have a registry,
// repository and tag in common, nothing is begun: the result is empty, and the error lists
// each of these. Trees may be shared.
//
// Builds with the same RegistryEndpoint and Registry options share a client: its
// connections, its limit of 16 concurrent requests, a pause that the registry asks for, and
// one token for each scope of up to 1,024 repositories. Up to eight clients are kept for builds
// that begin later. As with Build, options with a CredentialFunc or a Proxy share nothing.
//
// The memory is that of Parallel builds, the BuildResult of each build, and each Cache in the
// options. A build of 2,000 files takes up to 64 MiB, which the benchmarks check, and one of ten
// files much less.
// Options.OnEvent of several builds is called concurrently if it is the same function.
//
// Once ctx ends, running builds end as Build does, and the others with the error of ctx and
// without a request. A build that has an outcome without an error is complete, and the tags
// of any other are as [registry.Destination.Push] describes. A panic of a callback cancels
// all builds, and then is one of the caller of BuildAll.
//
// The result has an outcome for each build. The error is nil if all of them succeeded, and
// else a [*BuildAllError], which matches the errors of the builds that failed and, if some
// were cancelled for that reason, the error of ctx. It is [ErrInvalidOptions] for opts.
func (b *Builder) BuildAll(ctx context.Context, builds []BuildOptions, opts BuildAllOptions) (BuildAllResult, error) {
	if err := calls.NotNil(ctx); err != nil {
		return BuildAllResult{}, err
	}
	if err := opts.validate(); err != nil {
		return BuildAllResult{}, err
	}
	outcomes, err := validateAll(builds)
	if err != nil {
		return BuildAllResult{}, err
	}
	b.runAll(ctx, builds, outcomes, opts)
	result := newBuildAllResult(outcomes)
	return result, result.failure(ctx)
}

// validateAll returns an outcome for each build with the names of its destination. The error
// lists all options that are refused.
func validateAll(builds []BuildOptions) ([]BuildOutcome, error) {
	outcomes := make([]BuildOutcome, len(builds))
	taken := map[string]int{} // the build of each destination
	var refused []BuildOutcome
	for i, opts := range builds {
		j, err := opts.job()
		if err == nil {
			outcomes[i] = BuildOutcome{Index: i, RegistryEndpoint: j.opts.RegistryEndpoint, Repository: j.opts.Repository, Tag: j.opts.Version}
			err = j.take(taken, i)
		}
		if err != nil {
			outcome := outcomes[i]
			outcome.Index, outcome.Status, outcome.Err = i, StatusFailed, err
			refused = append(refused, outcome)
		}
	}
	if len(refused) > 0 {
		return nil, &BuildAllError{Builds: len(builds), Failed: refused}
	}
	return outcomes, nil
}

// take notes the destinations of build i, or returns a [*DuplicateBuildError].
func (j job) take(taken map[string]int, i int) error {
	port := map[registry.Scheme]int32{registry.SchemeHTTP: 80, registry.SchemeHTTPS: 443}[j.opts.Registry.Scheme]
	for _, tag := range j.opts.allTags() {
		at := *j.ref
		at.Ref, at.Host, at.Port = tag, oneHost(at.Host), cmp.Or(at.Port, port)
		first, found := taken[at.String()]
		if found {
			at = *j.ref
			at.Ref = tag
			return &DuplicateBuildError{First: first, Second: i, Reference: at.String()}
		}
		taken[at.String()] = i
	}
	return nil
}

// oneHost returns the same host for all ways to write it: an address has many, and Docker Hub
// has three names.
func oneHost(host string) string {
	host = strings.ToLower(host)
	if address, err := netip.ParseAddr(host); err == nil {
		return address.Unmap().String()
	}
	if host == "index.docker.io" || host == "registry-1.docker.io" {
		return "docker.io"
	}
	return host
}

// runAll runs the builds and completes their outcomes.
func (b *Builder) runAll(ctx context.Context, builds []BuildOptions, outcomes []BuildOutcome, opts BuildAllOptions) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	events := &calls.Events[BuildOutcome]{Deliver: opts.OnOutcome, Fail: stop}
	defer events.Close()
	workers := min(cmp.Or(opts.Parallel, defaultParallel), len(builds))
	panics := make(chan error, workers)
	var begun atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			_ = calls.Catch(func() error {
				for i := begun.Add(1) - 1; i < int64(len(builds)); i = begun.Add(1) - 1 {
					result, err := b.Build(running, builds[i])
					outcomes[i].end(running, result, err)
					if outcomes[i].Status == StatusFailed && opts.FailFast {
						stop()
					}
					events.Send(ctx, outcomes[i])
				}
				return nil
			}, func(err error) {
				if err != nil {
					stop()
					panics <- err
				}
			})
		})
	}
	group.Wait()
	close(panics)
	calls.Rethrow(<-panics)
}

// end completes an outcome. A build was cancelled if its error is that of ctx: one that
// timed out by its own options has failed.
func (o *BuildOutcome) end(ctx context.Context, result BuildResult, err error) {
	o.Result, o.Err = result, err
	switch ended := ctx.Err(); {
	case err == nil && result.Unchanged:
		o.Status = StatusUnchanged
	case err == nil:
		o.Status = StatusBuilt
	case ended != nil && errors.Is(err, ended):
		o.Status = StatusCancelled
	default:
		o.Status = StatusFailed
	}
}
