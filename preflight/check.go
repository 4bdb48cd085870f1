package preflight

import (
	"cmp"
	"context"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// Default limits of [Options], which are those of an Argo CD that is installed
// as it comes.
const (
	DefaultMaxArchiveSize  = 1_000_000_000
	DefaultMaxManifestSize = 10_000_000
)

// Options are what a caller may change about a check. The zero value is the
// default.
type Options struct {
	// Engines are those that the artifact has to serve. One named here, or by a
	// layout for one engine, is a named one: what it would refuse is an [Error].
	// Empty, or GitOpsEngineNone alone, means what the layout is for: one engine,
	// or both, where there are two copies of the tree.
	Engines []packager.GitOpsEngine
	// Tags are those that the artifact will get. Empty means that tags are not
	// checked.
	Tags []string

	// Limits of Argo CD, in bytes. Zero is the default; a negative number is
	// refused.

	MaxArchiveSize  int64 // of the uncompressed tar stream; DefaultMaxArchiveSize
	MaxManifestSize int64 // of the files of a plain directory; DefaultMaxManifestSize

	// Cache has what was read of the files already. Nil means none.
	Cache *Cache
}

// Validate reports whether [Check] takes the options. The error matches
// packager.ErrUnknownEngine or manifests.ErrInvalidLimit.
func (o Options) Validate() error {
	for _, engine := range o.Engines {
		if _, err := packager.ParseGitOpsEngine(string(engine)); err != nil {
			return err
		}
	}
	if o.MaxArchiveSize < 0 || o.MaxManifestSize < 0 {
		return manifests.ErrInvalidLimit
	}
	return nil
}

// Check replays the rules of Flux and Argo CD on a Set that is laid out in an
// archive, and says what they would make of it. The engines are taken to look at
// layout.Paths, which the caller may change to check another path. Files of the
// Set that are not in the layout are not looked at.
//
// Findings depend on files, layout and options alone, and come in the order of
// file, line and code. None is nil.
//
// The error is that of [Options.Validate], one of package manifests for a file
// that cannot be read or is not what it was, or that of ctx. All else is a
// finding. Check is safe for concurrent use. Its memory grows with the number of
// files and objects, not with their size.
func Check(ctx context.Context, set *manifests.Set, layout packager.Layout, opts Options) (Findings, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	opts.MaxArchiveSize = cmp.Or(opts.MaxArchiveSize, DefaultMaxArchiveSize)
	opts.MaxManifestSize = cmp.Or(opts.MaxManifestSize, DefaultMaxManifestSize)

	opts.Cache = cmp.Or(opts.Cache, new(Cache))

	m, err := newModel(ctx, set, layout, opts)
	if err != nil {
		return nil, err
	}
	r := new(report)
	for _, r.rule = range rules() {
		r.rule.check(m, r)
	}
	return r.findings(m.views), nil
}
