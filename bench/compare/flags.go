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

const usage = `compare measures pushes of this library against flux and oras, as programs and as
libraries, and says which targets are met.

  compare [flags]

It is run in its module, the folder bench. It builds examples/push, writes trees
of manifests to a temporary folder, and starts a registry on loopback that discards
what it is sent. Programs that are not installed (flux, oras) are left out.

Try it:
  go run ./compare -cases cold,unchanged -shapes small
  go run ./compare -quick                  # a minute: one round, small trees
  go run ./compare -o ../docs/benchmarks.md -svg ../docs/benchmarks.svg

Everything takes about half an hour; what it does is on standard error. Interrupting
it removes what it wrote.

Cases:
`

const status = `
The exit status is 0 even if targets are not met; 1 for a failure, or with -quick
for a target that does not depend on the machine; and 2 for wrong usage.

Flags:
`

// usageError is a mistake on the command line.
type usageError struct{ error }

// config is what the command line says.
type config struct {
	cases    []string
	shapes   []string
	rounds   int
	seed     uint64
	quick    bool
	keep     string
	json     string
	markdown string
	svg      string
}

func parse(args []string, stdout io.Writer) (config, error) {
	var c config
	var names, trees string
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	flags.StringVar(&names, "cases", "", "`names` of the cases to run, with commas in between; without it all")
	flags.StringVar(&trees, "shapes", "", "`names` of the trees to run the cases with: small, many, large; without it all")
	flags.IntVar(&c.rounds, "rounds", 5, "how `often` to measure everything")
	flags.Uint64Var(&c.seed, "seed", 1, "`number` that other trees come from")
	flags.BoolVar(&c.quick, "quick", false, "one round, small trees, no growth, and fail where a count or a size is off")
	flags.StringVar(&c.keep, "keep", "", "`folder` to keep the trees in, and take them from the next time")
	flags.StringVar(&c.json, "json", "", "`file` to write the results to, as JSON")
	flags.StringVar(&c.markdown, "o", "", "`file` to write the report to, as Markdown")
	flags.StringVar(&c.svg, "svg", "", "`file` to draw the wall times to, as SVG")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return c, help(flags, stdout)
	}
	switch {
	case err != nil:
		return c, &usageError{err}
	case flags.NArg() > 0:
		return c, &usageError{fmt.Errorf("%q is not a flag", flags.Arg(0))}
	case c.rounds < 1:
		return c, &usageError{fmt.Errorf("-rounds: %d is not 1 or more", c.rounds)}
	}
	known := []string{treegen.Small().Name, treegen.Many().Name, treegen.Large().Name}
	if c.cases, err = choose("-cases", names, caseNames()); err != nil {
		return c, err
	}
	if c.shapes, err = choose("-shapes", trees, known); err != nil {
		return c, err
	}
	if c.quick {
		c.rounds, c.shapes = 1, known[:1]
		if names == "" {
			c.cases = slices.DeleteFunc(c.cases, func(name string) bool { return name == growthCase })
		}
	}
	return c, nil
}

// choose splits a list of names, and takes all for none.
func choose(flag, list string, all []string) ([]string, error) {
	if list == "" {
		return all, nil
	}
	names := strings.Split(list, ",")
	for _, name := range names {
		if !slices.Contains(all, name) {
			return nil, &usageError{fmt.Errorf("%s: %q is none of %s", flag, name, strings.Join(all, ", "))}
		}
	}
	return names, nil
}

func help(flags *flag.FlagSet, stdout io.Writer) error {
	var b strings.Builder
	b.WriteString(usage)
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

// writeFile creates a file, in a folder that it makes, and has f fill it.
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
