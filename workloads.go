package oci

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// Workloads returns the options of a build for each directory of the source of base that
// matches one of the patterns, sorted by path, for [Builder.BuildAll].
//
// The patterns are those of [manifests.Directories], such as "apps/*" or
// "clusters/*/apps/*", relative to base.SourcePath or base.Source. Each workload has the
// matched directory as its source, and as its Repository that of base, a slash and the path
// that matched: "acme/apps/shop" for base "acme" and the directory apps/shop. Without a
// Repository in base, it is the path alone. If base has a Cache, each workload gets one of
// its own with the same limit and directories; keep the options to use it again. Each holds
// the layer of its workload in memory for as long, unless Cache.Layer.Limit is negative, and
// a directory remembers at most 1,000 artifacts of all workloads. Everything else is that of
// base: a relative Preflight.Path is one in each workload, and OnEvent is
// called for all of them, concurrently.
//
// A directory without manifests is a workload like any other, whose build fails with
// [ErrNoManifestFiles]: without an error, an application whose files were lost would stay
// deployed and nobody would notice. Such a directory needs another pattern, or can be
// deleted from the result.
//
// Nothing but the names of directories is read. Errors are those of manifests.Directories,
// [ErrSourcePathRequired], [ErrTwoSources], those of [BuildOptions.Validate] for a
// Repository, and a [*WorkloadCollisionError]. Everything else is checked by BuildAll.
func Workloads(ctx context.Context, base BuildOptions, patterns ...string) ([]BuildOptions, error) {
	switch {
	case base.SourcePath == "" && base.Source == nil:
		return nil, advise(ErrSourcePathRequired, "set SourcePath to the directory above the workloads, or Source to a tree")
	case base.SourcePath != "" && base.Source != nil:
		return nil, advise(ErrTwoSources, "set one of SourcePath and Source")
	}
	dirs, err := manifests.Directories(ctx, Root{Dir: base.SourcePath, FS: base.Source}, patterns, base.Collect)
	if err != nil {
		return nil, err
	}
	workloads := make([]BuildOptions, len(dirs))
	taken := map[string]string{} // the directory of each repository
	for i, dir := range dirs {
		if workloads[i], err = base.workload(dir); err != nil {
			return nil, err
		}
		name, err := repositoryName(workloads[i].Repository, "", base.RegistryEndpoint)
		if err != nil {
			return nil, err
		}
		if first, found := taken[name]; found {
			return nil, &WorkloadCollisionError{Repository: name, First: first, Second: dir}
		}
		taken[name] = dir
	}
	return workloads, nil
}

// workload returns the options for a directory of the source.
func (o BuildOptions) workload(dir string) (BuildOptions, error) {
	o.Repository = strings.TrimPrefix(trimBlanks(o.Repository)+"/"+dir, "/")
	if o.Cache != nil {
		o.Cache = &Cache{
			Layer:     packager.Cache{Limit: o.Cache.Layer.Limit, Dir: o.Cache.Layer.Dir},
			Preflight: preflight.Cache{Dir: o.Cache.Preflight.Dir},
		}
	}
	if o.Source == nil && runtime.GOOS == "windows" { // where C:a is another path than C:\a
		o.SourcePath = filepath.Join(o.SourcePath, filepath.FromSlash(dir))
		return o, nil
	}
	if o.Source == nil {
		// Join would shorten link/.., which leads elsewhere, except on Windows.
		o.SourcePath = strings.TrimRight(o.SourcePath, string(filepath.Separator)) + string(filepath.Separator) + filepath.FromSlash(dir)
		return o, nil
	}
	var err error
	o.Source, err = fs.Sub(o.Source, dir)
	return o, err
}

// ErrWorkloadCollision reports two workloads with one repository. The error in the chain is a
// [*WorkloadCollisionError].
var ErrWorkloadCollision = errors.New("two workloads have the same repository")

// WorkloadCollisionError names two directories whose names differ only in characters that a
// repository cannot have, such as those in upper case. It matches [ErrWorkloadCollision].
type WorkloadCollisionError struct {
	// Repository is the one that both would be pushed to.
	Repository string
	// First and Second are the directories, relative to the source.
	First, Second string
}

func (e *WorkloadCollisionError) Error() string {
	return fmt.Sprintf("%v: %q and %q are both %s", ErrWorkloadCollision, e.First, e.Second, e.Repository)
}

// Is reports whether target is [ErrWorkloadCollision].
func (e *WorkloadCollisionError) Is(target error) bool { return target == ErrWorkloadCollision }

// Hint returns advice on the error.
func (e *WorkloadCollisionError) Hint() string {
	return "rename one of the directories, or match them with different patterns in two calls"
}
