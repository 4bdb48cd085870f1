package preflight

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubeoci/oci/internal/advice"
	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/packager"
)

// Artifact describes the artifact that [Check] judges.
type Artifact struct {
	// Plan lists the files of the artifact and their paths in it. It is required.
	Plan *packager.Plan
	// Contents are those of the packager.Result of the plan, with which the cache
	// remembers the findings: Check then reads nothing if it is called again for the same
	// content. A file that it reads and that has other content is
	// manifests.ErrFileChanged. Nil means that no findings are remembered.
	Contents *packager.Contents
	// Engines are those that the caller names as readers of the artifact. Empty, or
	// GitOpsEngineNone alone, means that nobody is named and both may read it.
	Engines []packager.GitOpsEngine
	// Tags are those that the artifact will get. Empty means that tags are not
	// checked.
	Tags []string
	// Repository is the one that the artifact will be in, without the registry.
	// Empty means that it is not checked.
	Repository string
	// Registry is host[:port] of the registry. Empty means that it is not checked.
	Registry string
	// Paths are the paths of the tree for the engines, if they differ from those of
	// the plan. An empty path means that of the plan.
	Paths packager.EnginePaths
	// Cache holds files that were parsed before. Nil means none.
	Cache *Cache
	// Observer has seen files before, and takes the place of Cache. Nil means none.
	Observer *Observer
}

// ErrNoPlan reports an [Artifact] without a Plan.
var ErrNoPlan = errors.New("no plan")

func (a Artifact) validate() error {
	for _, engine := range a.Engines {
		if _, err := packager.ParseGitOpsEngine(string(engine)); err != nil {
			return err
		}
	}
	if a.Plan == nil || a.Plan.Set() == nil {
		return &advice.Error{Err: fmt.Errorf("%w for the artifact", ErrNoPlan), Text: "set Artifact.Plan to the result of packager.NewPlan"}
	}
	return nil
}

// names reports whether the caller named the engine, and whether any was named.
func (a Artifact) names(engine packager.GitOpsEngine) (named, any bool) {
	for _, name := range a.Engines {
		e, _ := packager.ParseGitOpsEngine(string(name)) // it is validated
		any = any || e != packager.GitOpsEngineNone
		named = named || e == engine
	}
	return named, any
}

// Check applies the rules of Flux and Argo CD to the files of an artifact, at the
// paths of its plan joined with [Options.Path] and each of [Options.Paths]. It checks
// nothing under [PolicyOff]. Files are read once, and a finding that is the same at
// several paths is reported once.
//
// The findings depend on the files, the plan and the options only, and are ordered
// by file, line and code. They are nil if nothing is checked, and not if there are none.
//
// The error is that of [Options.Validate], matches [ErrNoPlan], packager.ErrUnknownEngine or,
// for [Cache.Dir], packager.ErrInvalidCache, is one of package manifests for a file that
// cannot be read or has changed, is a [*CheckerError], or is that of ctx, which may also be
// nil. Everything else is a finding. Check returns soon after ctx ends even if a Checker
// blocks, which is then left running.
// Check is safe for concurrent use.
//
// Its memory does not grow with the size of the files, and is limited by
// [Options.MaxMemory]; its time grows linearly with the number of files and their size,
// and with the number of paths.
func Check(ctx context.Context, a Artifact, opts Options) (Findings, error) {
	if err := calls.Check(ctx); err != nil {
		return nil, err
	}
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	if err := a.validate(); err != nil {
		return nil, err
	}
	if opts.policy() == PolicyOff {
		return nil, nil
	}
	return calls.Prompt(ctx, func() (Findings, error) { return check(ctx, a, opts) })
}

// check is Check for arguments that are valid.
func check(ctx context.Context, a Artifact, opts Options) (Findings, error) {
	a.Observer = a.observer(ctx, opts)
	v, err := a.remembered(ctx, opts, "check", judge)
	if err != nil {
		return nil, err
	}
	a.Observer.noteNamespaces(v.namespaces)
	return v.findings, nil
}

// judge reads the files and applies the rules.
func judge(ctx context.Context, a Artifact, opts Options) (verdict, error) {
	files, err := newModel(ctx, a, opts)
	if err != nil {
		return verdict{}, err
	}
	var all []judgement
	for _, path := range opts.EveryPath() {
		m := files.at(path, opts.DirectoryRecurse)
		r := m.judge()
		m.observer.report(r)
		if m.advise(r); m.ended() {
			return verdict{}, ctx.Err()
		}
		findings, omitted := r.findings(m.engines)
		all = append(all, judgement{path, findings, omitted})
	}
	v := verdict{namespaces: hasNamespaces(files.sources), findings: conclude(all, opts)}
	if v.findings == nil {
		v.findings = Findings{}
	}
	return v, nil
}
