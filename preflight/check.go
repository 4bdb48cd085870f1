package preflight

import (
	"cmp"
	"context"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

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
	if opts.policy() == PolicyOff {
		return nil, nil
	}
	layout.Paths = layout.Paths.Below(opts.path())
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
