package main

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/kubeoci/oci/internal/testing/treegen"
)

// Cases that are skipped with -quick: all of their targets depend on the machine.
const (
	growthCase = "growth"
	slowCase   = "slow"
)

// benchCase is a case to measure.
type benchCase struct {
	name  string
	about string
	run   func(context.Context, *bench) error
}

func cases() []benchCase {
	few, small, many, large := treegen.Few(), treegen.Small(), treegen.Many(), treegen.Large()
	return []benchCase{
		{limitsCase, "lower bounds: the steps of a push alone", on(machineLimits, few, small, many)},
		{"cold", "a new repository", onTrees(cold, few, small, many, large)},
		{"unchanged", "the same again, without a cache and with one", onTrees(unchanged, small, many)},
		{"changed", "lines added to one file, without a cache and with one", on(changed, small)},
		{"checkout", "the same files from another checkout", on(otherCheckout, small)},
		{"metadata", "only another annotation or one more tag", on(metadata, small)},
		{"pull", "an artifact, which is unpacked", onTrees(pull, small)},
		{"rtt", "registries with 100 ms latency, 50 files", roundTrips},
		{slowCase, "a registry with 20 ms latency and 100 Mbit/s", on(slow, small)},
		{"builds", "1, 2 and 4 builds at once through one Builder", on(atOnce, small)},
		{workloadsCase, "many directories, one after another and in one call, registry with 20 ms latency", workloads},
		{growthCase, "1, 2 and 4 times as many files", growth},
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

// onTrees runs a case with the selected trees and those of the user.
func onTrees(run func(context.Context, *bench, string, string) error, shapes ...treegen.Shape) func(context.Context, *bench) error {
	return func(ctx context.Context, b *bench) error {
		if err := on(run, shapes...)(ctx, b); err != nil {
			return err
		}
		// Trees of users have subdirectories, which no kustomization may list.
		b.recurse = true
		defer func() { b.recurse = false }()
		for _, dir := range b.trees {
			copied, err := b.adopt(ctx, dir)
			if err == nil {
				err = run(ctx, b, filepath.Base(dir), copied)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

func (b *bench) wants(shape string) bool { return slices.Contains(b.shapes, shape) }
