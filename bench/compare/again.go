package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/report"
	"github.com/kubeoci/oci/bench/internal/tree"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

// Targets of a push to a repository that already has the artifact or an older one.
const (
	maxMetadata = 1.4 // relative to the unchanged push
	maxChanged  = 0.22
	// unchangedRequests are one for the tag, and one each for the config and the layer,
	// which the registry has to confirm.
	unchangedRequests = 3
)

// unchangedLimits are the targets of an unchanged push. Its manifest is built from the
// files alone, so that it packs the layer like any other push, and saves the upload.
func unchangedLimits(shape string) against {
	if shape == treegen.Small().Name {
		return against{flux: 0.065, oras: 0.078}
	}
	return against{flux: 0.045, oras: 0.05}
}

// unchanged pushes a tree that was already pushed.
func unchanged(ctx context.Context, b *bench, shape, dir string) error {
	const name = "unchanged"
	entrants, err := b.pushers(ctx, dir, dir)
	if err != nil {
		return err
	}
	if err := b.rounds(ctx, name, shape, entrants, nil); err != nil {
		return err
	}
	b.exactly(name, shape, contest.Ours, "requests", report.Count, unchangedRequests, requests)
	b.wallBelow(name, shape, unchangedLimits(shape))
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
	entrants, err := b.pushers(ctx, dir, other)
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
	const name, plain, annotation, tag = "metadata", "ours, unchanged", "ours, annotation", "ours, tag"
	var entrants []entrant
	for _, e := range []struct {
		name string
		set  func(*contest.Target, int)
	}{
		{plain, func(*contest.Target, int) {}},
		{annotation, func(t *contest.Target, round int) {
			t.Annotations = []string{fmt.Sprintf("com.example.round=%d", round)}
		}},
		{tag, func(t *contest.Target, round int) { t.Tags = []string{fmt.Sprintf("round-%d", round)} }},
	} {
		t := contest.Target{Repository: b.repository(), Tag: "v1", Dir: dir}
		if _, err := b.push(ctx, b.server, b.ours(), t, b.env); err != nil {
			return err
		}
		entrants = append(entrants, entrant{e.name, func(ctx context.Context, round int) (report.Sample, error) {
			e.set(&t, round)
			return b.push(ctx, b.server, b.ours(), t, b.env)
		}})
	}
	if err := b.rounds(ctx, name, shape, entrants, nil); err != nil {
		return err
	}
	before, _ := b.report.Cell(name, shape, plain)
	for _, who := range []string{annotation, tag} {
		b.exactly(name, shape, who, who+": layer bytes", report.Bytes, 0, func(s report.Sample) float64 { return float64(s.Layer) })
		cell, _ := b.report.Cell(name, shape, who)
		b.report.Check(report.Check{
			Case: name, Shape: shape, What: who + ": wall / unchanged", Unit: report.Ratio,
			Value: cell.Median.Wall.Seconds() / before.Median.Wall.Seconds(), Limit: maxMetadata,
		})
	}
	return nil
}

// changed pushes a tree in which another file changes each round.
func changed(ctx context.Context, b *bench, shape, dir string) (err error) {
	const name = "changed"
	own, err := b.checkout(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove(own)) }()
	entrants, err := b.pushers(ctx, own, own)
	if err != nil {
		return err
	}
	changer, err := tree.NewChanger(own)
	if err != nil {
		return err
	}
	if err := b.rounds(ctx, name, shape, entrants, changer.Change); err != nil {
		return err
	}
	b.wallBelow(name, shape, against{flux: maxChanged, oras: maxChanged})
	return nil
}
