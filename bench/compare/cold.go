package main

import (
	"context"
	"slices"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/report"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

// Targets of a push to a new repository.
const (
	maxCopies  = 1.45 // bytes of the layer with both copies relative to one
	maxLayer   = 1.05 // bytes of the layer with one copy relative to that of flux
	maxChecked = 1.10 // CPU with preflight relative to that without
)

func coldTargets(shape string) []target {
	switch shape {
	case treegen.Few().Name:
		return []target{{contest.Ours, contest.FluxLib, 0.7, 0.8}}
	case treegen.Small().Name:
		return []target{{contest.Ours, contest.FluxLib, 0.30, 0.50}, {root, contest.FluxLib, 0.21, 0.36}}
	case treegen.Many().Name:
		return []target{{contest.Ours, contest.FluxLib, 0.25, 0}, {root, contest.FluxLib, 0.17, 0}}
	}
	return nil
}

// cold pushes a tree to new repositories. The programs omit the largest tree, which takes
// them as long as their libraries.
func cold(ctx context.Context, b *bench, shape, dir string) error {
	const name = "cold"
	who := b.contestants
	if shape == treegen.Large().Name {
		who = b.libraries()
	}
	who = append(slices.Clone(who), b.root(), b.unchecked())
	if err := b.rounds(ctx, name, shape, b.cold(who, b.local, dir), nil); err != nil {
		return err
	}
	b.faster(name, shape, coldTargets(shape)...)
	b.faster(name, shape, target{root, unchecked, 0, maxChecked})
	for _, who := range []string{contest.Ours, root, unchecked} {
		b.exactly(name, shape, who, "peak RSS", report.Bytes, maxRSS, rss)
	}
	b.smaller(name, shape, contest.Ours, root, maxCopies)
	b.smaller(name, shape, root, contest.FluxLib, maxLayer)
	return nil
}
