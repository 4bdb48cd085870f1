package main

import (
	"context"
	"slices"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/report"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

// growthCase is skipped with -quick.
const growthCase = "growth"

// benchCase is a case to measure.
type benchCase struct {
	name  string
	about string
	run   func(context.Context, *bench) error
}

func cases() []benchCase {
	return []benchCase{
		{limitsCase, "lower bounds: the steps of a push alone", on(machineLimits, treegen.Small(), treegen.Many(), treegen.Large())},
		{"cold", "a new repository", on(cold, treegen.Small(), treegen.Many(), treegen.Large())},
		{"unchanged", "the same again", on(unchanged, treegen.Small(), treegen.Many())},
		{"checkout", "the same files from another checkout", on(otherCheckout, treegen.Small(), treegen.Many())},
		{"metadata", "only another annotation or one more tag", on(metadata, treegen.Small())},
		{"changed", "lines added to one file", on(changed, treegen.Small(), treegen.Many())},
		{"watch", "the same within one running process", on(watcher, treegen.Small())},
		{"preflight", "by ours, with preflight and without", on(checked, treegen.Small(), treegen.Many())},
		{"rtt", "a registry with 100 ms latency, 50 files", roundTrips},
		{growthCase, "1, 2, 4 and 8 times as many files", growth},
	}
}

func caseNames() []string {
	var names []string
	for _, c := range cases() {
		names = append(names, c.name)
	}
	return names
}

// on runs a case with the selected trees.
func on(run func(context.Context, *bench, string, string) error, shapes ...treegen.Shape) func(context.Context, *bench) error {
	return func(ctx context.Context, b *bench) error {
		for _, shape := range shapes {
			if !b.wants(shape.Name) {
				continue
			}
			dir, err := b.tree(ctx, shape)
			if err != nil {
				return err
			}
			if err := run(ctx, b, shape.Name, dir); err != nil {
				return err
			}
		}
		return nil
	}
}

func (b *bench) wants(shape string) bool { return slices.Contains(b.shapes, shape) }

// against holds the limits of ours relative to flux and oras.
type against struct{ flux, oras float64 }

// wallBelow checks the wall time relative to that of the peers.
func (b *bench) wallBelow(name, shape string, limit against) {
	b.below(name, shape, "wall", limit, func(s report.Sample) float64 { return s.Wall.Seconds() })
}

// below checks a value relative to that of the installed peers.
func (b *bench) below(name, shape, what string, limit against, value func(report.Sample) float64) {
	own, _ := b.report.Cell(name, shape, contest.Ours)
	for _, peer := range []struct {
		name  string
		limit float64
	}{{contest.Flux, limit.flux}, {contest.ORAS, limit.oras}} {
		cell, found := b.report.Cell(name, shape, peer.name)
		if !found {
			continue
		}
		least, _ := b.report.Cell(limitsCase, shape, name) // zero if unknown
		b.report.Check(report.Check{
			Case: name, Shape: shape, What: what + " / " + peer.name, Unit: report.Ratio,
			Value: value(own.Median) / value(cell.Median), Limit: peer.limit, Floor: value(least.Median) / value(cell.Median),
		})
	}
}

// exactly checks the worst value of all rounds. The value must not depend on the load of
// the machine.
func (b *bench) exactly(name, shape, who, what string, unit report.Unit, limit float64, value func(report.Sample) float64) {
	cell, _ := b.report.Cell(name, shape, who)
	b.report.Check(report.Check{
		Case: name, Shape: shape, What: what, Unit: unit, Value: value(cell.Worst), Limit: limit, Exact: true,
	})
}

func requests(s report.Sample) float64 { return float64(s.Requests) }
