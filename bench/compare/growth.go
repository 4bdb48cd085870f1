package main

import (
	"context"
	"time"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/report"
	"github.com/kubeoci/oci/bench/internal/stats"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

// maxDeviation is the target of growth: see [stats.Deviation].
const maxDeviation = 0.15

// growth pushes trees of increasing size with ours, in turns, so that the load of the
// machine affects all of them.
func growth(ctx context.Context, b *bench) error {
	if !b.wants(treegen.Small().Name) {
		return nil
	}
	scales := []int{1, 2, 4}
	var entrants []entrant
	for _, n := range scales {
		shape := treegen.Small().Times(n)
		dir, err := b.tree(ctx, shape)
		if err != nil {
			return err
		}
		entrant := b.cold([]contest.Contestant{b.ours()}, b.local, dir)[0]
		entrant.name = shape.Name
		entrants = append(entrants, entrant)
	}
	const shape = "small x1 to x4"
	if err := b.rounds(ctx, growthCase, shape, entrants, nil); err != nil {
		return err
	}
	for _, of := range []struct {
		what  string
		value func(report.Sample) time.Duration
	}{
		{"wall", func(s report.Sample) time.Duration { return s.Wall }},
		{"CPU", func(s report.Sample) time.Duration { return s.CPU }},
	} {
		times := stats.Of(entrants, func(e entrant) time.Duration {
			cell, _ := b.report.Cell(growthCase, shape, e.name)
			return of.value(cell.Median)
		})
		b.report.Check(report.Check{
			Case: growthCase, Shape: shape, What: of.what + ", off a straight line", Unit: report.Ratio,
			Value: stats.Deviation(scales, times), Limit: maxDeviation,
		})
	}
	return nil
}
