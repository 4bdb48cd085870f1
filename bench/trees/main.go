// Command trees writes trees of Kubernetes manifests for measurements.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/kubeoci/oci/internal/testing/treegen"
)

const usage = `trees writes a tree of Kubernetes manifests: the same shape, scale and seed give
the same files everywhere.

  trees [flags] DIR

DIR is created, and must be empty if it exists. Shapes:

`

const tryIt = `
Try it:
  go run ./trees -shape few /tmp/few
  go run ./trees -shape small -scale 8 -seed 2 /tmp/small-8x

The exit status is 0, 1 for a failure, and 2 for wrong usage.

Flags:
`

func main() {
	err := run(os.Args[1:], os.Stdout)
	if err == nil {
		return
	}
	_, _ = fmt.Fprintln(os.Stderr, "error:", err) // nothing to do about a failure
	if _, wrong := errors.AsType[*usageError](err); wrong {
		os.Exit(2)
	}
	os.Exit(1)
}

// usageError is a mistake on the command line.
type usageError struct{ error }

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("trees", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	name := flags.String("shape", "small", "`name` of the shape")
	scale := flags.Int("scale", 1, "`factor` for the number of files")
	seed := flags.Uint64("seed", 1, "`number` that the content depends on")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return help(flags, stdout)
	}
	if err != nil {
		return &usageError{err}
	}
	shape, err := treegen.ByName(*name)
	switch {
	case err != nil:
		return &usageError{fmt.Errorf("-shape: %w", err)}
	case *scale < 1:
		return &usageError{fmt.Errorf("-scale: %d is less than 1", *scale)}
	case flags.NArg() != 1:
		return &usageError{errors.New("want one directory behind the flags")}
	}
	dir := flags.Arg(0)
	// Existing files would be measured as well.
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", dir)
	}
	shape = shape.Times(*scale)
	if err := treegen.Write(dir, shape, *seed); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s: %s, %d files, about %.1f MB\n", dir, shape.Name, shape.Files, float64(shape.Bytes)/1e6)
	return err
}

func help(flags *flag.FlagSet, stdout io.Writer) error {
	if _, err := fmt.Fprint(stdout, usage); err != nil {
		return err
	}
	for _, s := range treegen.Shapes() {
		if _, err := fmt.Fprintf(stdout, "  %-6s %6d files, %5.1f MB\n", s.Name, s.Files, float64(s.Bytes)/1e6); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprint(stdout, tryIt); err != nil {
		return err
	}
	flags.SetOutput(stdout)
	flags.PrintDefaults()
	return nil
}
