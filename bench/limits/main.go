//go:build linux

// Command limits measures what a push of a tree cannot do without, each step in a
// loop of its own that does nothing else: it tells how far from the machine's
// limit a push is.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/kubeoci/oci/packager"
)

const usage = `limits measures the steps that a push of a tree consists of, on one core and on all.

  limits [flags] DIR

Try it:
  go run ./trees -shape many /tmp/many
  go run ./limits /tmp/many

The exit status is 0, 1 for a failure, and 2 for wrong usage.

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	flags := flag.NewFlagSet("limits", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	rounds := flags.Int("rounds", 5, "how `often` to measure; the shortest time counts")
	err := flags.Parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		os.Exit(2)
	case flags.NArg() != 1 || *rounds < 1:
		flags.Usage()
		os.Exit(2)
	}
	if err := run(ctx, os.Stdout, flags.Arg(0), *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		stop()
		os.Exit(1)
	}
}

// step is something that a push does with a part of the tree.
type step struct {
	name string
	do   func(part) error
	cold bool // only a cold push does it
	one  bool // it cannot be shared among cores
}

func run(ctx context.Context, out io.Writer, dir string, rounds int) error {
	t, err := newTree(dir)
	if err != nil {
		return err
	}
	steps := []step{
		{name: "list the folders", do: part.list},
		{name: "ask for the sizes", do: part.stat},
		{name: "read the files", do: part.read},
		{name: "SHA-256 of the content", do: part.sum, one: true},
		{name: fmt.Sprintf("DEFLATE, level %d", packager.DefaultLevel), do: part.deflate, cold: true},
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	cores := runtime.GOMAXPROCS(0)
	fmt.Fprintf(table, "one core\t%d cores\t  %d files, %d bytes\n", cores, t.files, t.size)
	start, err := fastest(ctx, rounds, startProcess)
	if err != nil {
		return err
	}
	fmt.Fprintf(table, "%d ms\t\t  start a process\n", start.Milliseconds())
	unchanged, cold := start, start
	for _, s := range steps {
		alone, err := fastest(ctx, rounds, func() error { return t.parallel(1, s.do) })
		if err != nil {
			return err
		}
		shared, err := fastest(ctx, rounds, func() error { return t.parallel(cores, s.do) })
		if err != nil {
			return err
		}
		took := shared
		if s.one { // while other cores do something else
			took = alone / time.Duration(cores)
		}
		cold += took
		if !s.cold {
			unchanged += took
		}
		fmt.Fprintf(table, "%d ms\t%d ms\t  %s\n", alone.Milliseconds(), shared.Milliseconds(), s.name)
	}
	fmt.Fprintf(table, "\t%d ms\t  an unchanged push at least\n", unchanged.Milliseconds())
	fmt.Fprintf(table, "\t%d ms\t  a cold push at least, to a registry that takes no time\n", cold.Milliseconds())
	return table.Flush()
}

// fastest returns the shortest time of several: what else the machine does only
// adds to it.
func fastest(ctx context.Context, rounds int, f func() error) (time.Duration, error) {
	var best time.Duration
	for range rounds {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		began := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		if took := time.Since(began); best == 0 || took < best {
			best = took
		}
	}
	return best, nil
}

// startProcess starts this program and lets it end at once.
func startProcess() error {
	return exec.Command(os.Args[0], "-h").Run()
}

func (p part) sum() error {
	sha256.Sum256(p.content)
	return nil
}

func (p part) deflate() error {
	const block = 512 << 10
	w, err := flate.NewWriter(io.Discard, packager.DefaultLevel)
	if err != nil {
		return err
	}
	for rest := p.content; len(rest) > 0; rest = rest[min(block, len(rest)):] {
		w.Reset(io.Discard)
		if _, err := w.Write(rest[:min(block, len(rest))]); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}
