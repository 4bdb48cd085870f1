package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/discard"
	"github.com/kubeoci/oci/bench/internal/report"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

// compare runs the whole comparison.
func compare(ctx context.Context, args []string) (err error) {
	c, err := parse(args, os.Stdout)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "compare-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, err := setUp(ctx, c, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.local.Close()) }()
	for _, one := range cases() {
		if slices.Contains(c.cases, one.name) {
			if err := one.run(ctx, b); err != nil {
				return err
			}
		}
	}
	b.report.Took, b.report.Load = time.Since(b.report.Date), append(b.report.Load, load())
	if err := c.write(b.report); err != nil {
		return err
	}
	if c.quick && len(b.report.Unmet(true)) > 0 {
		return errUnmet
	}
	return nil
}

// setUp builds the programs and lets every contestant push once, which detects failures
// and fills the caches of the system.
func setUp(ctx context.Context, c config, dir string) (_ *bench, err error) {
	b := &bench{config: c, dir: dir, progress: os.Stderr, order: rand.New(rand.NewPCG(c.seed, 2))}
	b.report = &report.Report{
		Date: time.Now().UTC(), Machine: machine(ctx), Rounds: c.rounds, Seed: c.seed, Load: []float64{load()},
	}
	b.logf("building the examples")
	if b.programs, b.runner.Measure, err = build(ctx, dir); err != nil {
		return nil, err
	}
	b.contestants, b.report.Missing = contest.All(ctx, b.programs)
	for _, name := range b.report.Missing {
		b.logf("%s is not on PATH: skipped", name)
	}
	for _, one := range b.contestants {
		b.report.Contestants = append(b.report.Contestants, report.Contestant{Name: one.Name, Title: one.Title, Version: one.Version})
	}
	if b.local, err = b.start(discard.Options{}); err != nil {
		return nil, err
	}
	few, err := b.tree(ctx, treegen.Few())
	if err == nil {
		err = b.warmUp(ctx, few)
	}
	if err != nil {
		return nil, errors.Join(err, b.local.Close())
	}
	return b, nil
}

// write writes the report in all requested forms: first to standard output, so that a
// file that cannot be written does not lose the results.
func (c config) write(r *report.Report) error {
	if err := r.Text(os.Stdout); err != nil {
		return err
	}
	outputs := []struct {
		file  string
		write func(io.Writer) error
	}{
		{c.json, func(w io.Writer) error {
			encoder := json.NewEncoder(w)
			encoder.SetIndent("", "  ")
			return encoder.Encode(r)
		}},
		{c.markdown, func(w io.Writer) error { return r.Markdown(w, c.plot()) }},
		{c.targets, r.Targets},
		{c.svg, r.SVG},
	}
	for _, out := range outputs {
		if out.file == "" {
			continue
		}
		if err := writeFile(out.file, out.write); err != nil {
			return err
		}
	}
	return nil
}

// plot returns the address of the drawing relative to the report.
func (c config) plot() string {
	if c.svg == "" {
		return ""
	}
	relative, err := filepath.Rel(filepath.Dir(c.markdown), c.svg)
	if err != nil { // one of them is absolute
		return filepath.ToSlash(c.svg)
	}
	return filepath.ToSlash(relative)
}
