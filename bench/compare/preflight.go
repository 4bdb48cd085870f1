package main

import (
	"context"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/report"
)

// Targets of a push with preflight relative to one without. An unchanged push is checked
// as well, because findings never depend on the registry.
const (
	maxCheckedCold      = 1.35
	maxCheckedUnchanged = 1.05
)

// checked compares ours with itself: with preflight, and without.
func checked(ctx context.Context, b *bench, shape, dir string) error {
	const name, with, without = "preflight", "ours, checked", "ours, unchecked"
	for _, situation := range []struct {
		name  string
		limit float64
		fresh bool // to a new repository each time
	}{
		{"cold", maxCheckedCold, true},
		{"unchanged", maxCheckedUnchanged, false},
	} {
		var entrants []entrant
		for _, who := range []string{with, without} {
			t := contest.Target{Repository: b.repository(), Tag: "v1", Dir: dir, Preflight: who == with}
			if _, err := b.push(ctx, b.server, b.ours(), t, b.env); err != nil {
				return err
			}
			entrants = append(entrants, entrant{situation.name + ": " + who, func(ctx context.Context, _ int) (report.Sample, error) {
				if situation.fresh {
					b.server.Forget(t.Repository)
					t.Repository = b.repository()
				}
				return b.push(ctx, b.server, b.ours(), t, b.env)
			}})
		}
		if err := b.rounds(ctx, name, shape, entrants, nil); err != nil {
			return err
		}
		cell, _ := b.report.Cell(name, shape, entrants[0].name)
		bare, _ := b.report.Cell(name, shape, entrants[1].name)
		b.report.Check(report.Check{
			Case: name, Shape: shape, What: situation.name + ": wall / without", Unit: report.Ratio,
			Value: cell.Median.Wall.Seconds() / bare.Median.Wall.Seconds(), Limit: situation.limit,
		})
		b.exactly(name, shape, entrants[0].name, situation.name+": peak RSS", report.Bytes, maxRSS, func(s report.Sample) float64 { return float64(s.MaxRSS) })
	}
	return nil
}
