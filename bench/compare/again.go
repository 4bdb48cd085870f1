package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/peer"
	"github.com/kubeoci/oci/bench/internal/report"
	"github.com/kubeoci/oci/bench/internal/tree"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

const (
	// maxMetadata is the target of a push with other metadata relative to the unchanged
	// one.
	maxMetadata = 1.4
	// unchangedRequests are one for the tag, and one each for the config and the layer,
	// which the registry has to confirm.
	unchangedRequests = 3
)

func unchangedTargets(shape string) []target {
	switch shape {
	case treegen.Small().Name:
		return unchangedLimits(0.28, 0.09, 0.22, 0.07)
	case treegen.Many().Name:
		return unchangedLimits(0.22, 0.06, 0.16, 0.045)
	}
	return nil
}

// unchangedLimits are those with default options, and with one copy and no preflight,
// each without a cache and with one.
func unchangedLimits(ours, cached, bare, bareCached float64) []target {
	return []target{
		{contest.Ours, contest.FluxLib, ours, 0}, {cacheDir, contest.FluxLib, cached, 0}, {cacheMemory, contest.FluxLib, cached, 0},
		{unchecked, contest.FluxLib, bare, 0}, {uncheckedCached, contest.FluxLib, bareCached, 0},
	}
}

// unchanged pushes a tree that was already pushed.
func unchanged(ctx context.Context, b *bench, shape, dir string) error {
	const name = "unchanged"
	cached, err := b.cached()
	bareCached, failed := b.uncheckedCached()
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	who := append(slices.Clone(b.contestants), cached, b.remembering(dir), b.root(), b.unchecked(), bareCached)
	entrants, err := b.again(ctx, who, b.local, dir, dir)
	if err != nil {
		return err
	}
	if err := b.rounds(ctx, name, shape, entrants, nil); err != nil {
		return err
	}
	b.faster(name, shape, unchangedTargets(shape)...)
	for _, who := range []string{contest.Ours, cacheDir, cacheMemory} {
		b.exactly(name, shape, who, "requests", report.Count, unchangedRequests, requests)
		b.exactly(name, shape, who, "layer bytes", report.Bytes, 0, layer)
	}
	return nil
}

// changed pushes a tree in which another file changes each round. The cache in memory is
// that of a process which has pushed the tree before the change.
func changed(ctx context.Context, b *bench, shape, dir string) (err error) {
	const name = "changed"
	var copies [2]string // before and after the change
	var changers [2]*tree.Changer
	for i := range copies {
		if copies[i], err = b.checkout(ctx, dir); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, remove(copies[i])) }()
		if changers[i], err = tree.NewChanger(copies[i]); err != nil {
			return err
		}
	}
	who := append(slices.Clone(b.contestants), b.remembering(copies[0]), b.root())
	entrants, err := b.again(ctx, who, b.local, copies[0], copies[1])
	if err != nil {
		return err
	}
	first := true
	change := func() error {
		if first {
			first = false
		} else if err := changers[0].Change(); err != nil {
			return err
		}
		return changers[1].Change()
	}
	if err := b.rounds(ctx, name, shape, entrants, change); err != nil {
		return err
	}
	b.faster(name, shape, target{contest.Ours, contest.FluxLib, 0.32, 0}, target{cacheMemory, contest.FluxLib, 0.15, 0})
	return nil
}

// otherCheckout pushes the same files from another checkout, whose times change each
// round: a program that archives them sees a change each time.
func otherCheckout(ctx context.Context, b *bench, shape, dir string) (err error) {
	const name = "checkout"
	other, err := b.checkout(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove(other)) }()
	entrants, err := b.again(ctx, b.libraries(), b.local, dir, other)
	if err != nil {
		return err
	}
	at := time.Now()
	touch := func() error {
		at = at.Add(-time.Hour)
		return tree.Touch(other, at)
	}
	if err := b.rounds(ctx, name, shape, entrants, touch); err != nil {
		return err
	}
	b.exactly(name, shape, contest.Ours, "requests", report.Count, unchangedRequests, requests)
	return nil
}

// metadata compares ours with itself: with another annotation or tag each time, and
// unchanged.
func metadata(ctx context.Context, b *bench, shape, dir string) error {
	const name, annotation, tag = "metadata", "ours, annotation", "ours, tag"
	var entrants []entrant
	for _, e := range []struct {
		name string
		set  func(*peer.Options, int)
	}{
		{oursUnchanged, func(*peer.Options, int) {}},
		{annotation, func(o *peer.Options, round int) {
			o.Annotations = map[string]string{"com.example.round": fmt.Sprint(round)}
		}},
		{tag, func(o *peer.Options, round int) { o.Tags = []string{fmt.Sprintf("round-%d", round)} }},
	} {
		j := peer.Job{Repository: b.repository(), Dir: dir}
		if _, err := b.do(ctx, b.local, b.ours(), j); err != nil {
			return err
		}
		entrants = append(entrants, entrant{e.name, func(ctx context.Context, round int) (report.Sample, error) {
			e.set(&j.Options, round)
			return b.do(ctx, b.local, b.ours(), j)
		}})
	}
	if err := b.rounds(ctx, name, shape, entrants, nil); err != nil {
		return err
	}
	for _, who := range []string{annotation, tag} {
		b.exactly(name, shape, who, "layer bytes", report.Bytes, 0, layer)
		b.faster(name, shape, target{who, oursUnchanged, maxMetadata, 0})
	}
	return nil
}
