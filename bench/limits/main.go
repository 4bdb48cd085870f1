// Command limits measures the steps that every push of a tree needs, each in a loop of
// its own, which gives a lower bound for pushes on this machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"

	"github.com/kubeoci/oci/bench/internal/limits"
)

const usage = `limits measures the steps of a push of a tree, on one core and on all. It works on
Linux only.

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
	rounds := flags.Int("rounds", 5, "`number` of measurements; the shortest time counts")
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
	measured, err := limits.Measure(ctx, flags.Arg(0), os.Args[0], *rounds)
	if err == nil {
		err = show(os.Stdout, measured)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		stop()
		os.Exit(1)
	}
}

func show(out io.Writer, l limits.Limits) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "one core\t%d cores\t  %d files, %d bytes\n", l.Cores, l.Files, l.Size)
	fmt.Fprintf(table, "%d ms\t\t  start a process\n", l.Start.Milliseconds())
	for _, s := range l.Steps {
		fmt.Fprintf(table, "%d ms\t%d ms\t  %s\n", s.Alone.Milliseconds(), s.Shared.Milliseconds(), s.Name)
	}
	fmt.Fprintf(table, "\t%d ms\t  lower bound of a push without DEFLATE\n", l.Unchanged.Milliseconds())
	fmt.Fprintf(table, "\t%d ms\t  lower bound of a cold push, to an instant registry\n", l.Cold.Milliseconds())
	return table.Flush()
}
