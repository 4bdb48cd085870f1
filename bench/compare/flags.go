package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/testing/treegen"
)

const about = `compare measures pushes and pulls of this library against flux and oras, as programs
and as libraries, and reports which targets are met.

  compare [flags]

Run it in the directory bench, its module. It builds the examples, writes trees of
manifests to a temporary directory, and starts registries on loopback that discard
blobs. Programs that are not installed (flux, oras) are skipped.

Try it:
  go run ./compare -cases cold,unchanged -shapes small
  go run ./compare -cases cold -shapes none -tree ~/src/my-manifests/deploy
  go run ./compare -quick                  # a minute: one round, small trees
  go run ./compare -o ../docs/benchmarks.md -targets ../docs/benchmark-targets.md -svg ../docs/benchmarks.svg

All cases take twenty to thirty minutes; progress is on standard error. An interrupt removes
all temporary files.

Cases:
`

const status = `
The cases cold, unchanged and pull also run with the trees of -tree: with copies of those
files that this library collects, because flux and oras push all files. Such a tree needs
a name of its own, and preflight has to find no errors in it for Argo CD with
directory.recurse: run examples/lint -recurse first.

The exit status is 0 even if targets are not met; 1 for a failure, or with -quick for a
missed target that does not depend on the machine: counts and sizes; and 2 for wrong usage.

Flags:
`

// usageError is a mistake on the command line.
type usageError struct{ error }

// config holds the values of the command line.
type config struct {
	cases    []string
	shapes   []string
	trees    []string // absolute
	rounds   int
	seed     uint64
	quick    bool
	keep     string
	json     string
	markdown string
	targets  string
	svg      string
}

func parse(args []string, stdout io.Writer) (config, error) {
	var c config
	var names, shapes string
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	flags.StringVar(&names, "cases", "", "comma-separated `names` of the cases to run; default all")
	flags.StringVar(&shapes, "shapes", "", "comma-separated `names` of the generated trees: few, small, many, large, or none; default all")
	flags.Func("tree", "`directory` with a tree of yours to measure as well, can be repeated", c.addTree)
	flags.IntVar(&c.rounds, "rounds", 7, "`number` of measurements")
	flags.Uint64Var(&c.seed, "seed", 1, "`number` that the content of the trees depends on")
	flags.BoolVar(&c.quick, "quick", false, "one round, few and small, 40 workloads, without growth and slow; fail if a count or size misses its target")
	flags.StringVar(&c.keep, "keep", "", "`directory` to keep the trees in for the next run")
	flags.StringVar(&c.json, "json", "", "`file` for the results as JSON")
	flags.StringVar(&c.markdown, "o", "", "`file` for the report as Markdown")
	flags.StringVar(&c.targets, "targets", "", "`file` for the targets as Markdown")
	flags.StringVar(&c.svg, "svg", "", "`file` for a drawing of the wall times as SVG")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return c, help(flags, stdout)
	}
	switch {
	case err != nil:
		return c, &usageError{err}
	case flags.NArg() > 0:
		return c, &usageError{fmt.Errorf("unexpected argument %q", flags.Arg(0))}
	case c.rounds < 1:
		return c, &usageError{fmt.Errorf("-rounds: %d is less than 1", c.rounds)}
	}
	known := treegen.Names()
	if c.cases, err = choose("-cases", names, caseNames()); err != nil {
		return c, err
	}
	if shapes != "none" {
		if c.shapes, err = choose("-shapes", shapes, known); err != nil {
			return c, err
		}
	}
	if c.quick {
		c.rounds, c.shapes = 1, []string{treegen.Few().Name, treegen.Small().Name}
		if names == "" {
			c.cases = slices.DeleteFunc(c.cases, func(name string) bool { return name == growthCase || name == slowCase })
		}
	}
	return c, nil
}

func (c *config) addTree(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return errors.Join(err, errors.New("want a directory"))
	}
	name := filepath.Base(dir)
	if slices.ContainsFunc(c.trees, func(other string) bool { return filepath.Base(other) == name }) || slices.Contains(treegen.Names(), name) {
		return fmt.Errorf("there is another tree named %s", name)
	}
	c.trees = append(c.trees, dir)
	return nil
}

// choose splits a list of names. An empty list means all.
func choose(flag, list string, all []string) ([]string, error) {
	if list == "" {
		return all, nil
	}
	names := strings.Split(list, ",")
	for _, name := range names {
		if !slices.Contains(all, name) {
			return nil, &usageError{fmt.Errorf("%s: unknown name %q, want some of %s", flag, name, strings.Join(all, ", "))}
		}
	}
	return names, nil
}

func help(flags *flag.FlagSet, stdout io.Writer) error {
	var b strings.Builder
	b.WriteString(about)
	for _, c := range cases() {
		fmt.Fprintf(&b, "  %-10s %s\n", c.name, c.about)
	}
	b.WriteString(status)
	if _, err := io.WriteString(stdout, b.String()); err != nil {
		return err
	}
	flags.SetOutput(stdout)
	flags.PrintDefaults()
	return flag.ErrHelp
}

// writeFile creates a file and its directory, and calls f to write it.
func writeFile(name string, f func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(f(file), file.Close())
}
