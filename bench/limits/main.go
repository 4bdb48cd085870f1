// Command limits measures the steps that every push of a tree needs, each in a loop of
// its own, which gives a lower bound for pushes on this machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/kubeoci/oci/bench/internal/limits"
	"github.com/kubeoci/oci/bench/internal/report"
)

const about = `limits measures the steps of a push of a tree, each in a loop of its own, on one core
and on all: time, CPU time, and megabytes of content a second. It works on Linux only.

  limits [flags] DIR

Try it:
  go run ./trees -shape many /tmp/many && go run ./limits /tmp/many
  go run ./limits -rounds 1 ~/src/my-manifests/deploy

The exit status is 0, 1 for a failure, and 2 for wrong usage.

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	flags := flag.NewFlagSet("limits", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), about)
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
		err = report.Limits{Limits: measured}.Text(os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		stop()
		os.Exit(1)
	}
}
