// Command compare measures pushes of this library against those of others.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/peer"
)

// errUnmet is a target that has to be met on any machine, and was not.
var errUnmet = errors.New("targets that do not depend on the machine are not met")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process by itself
	err := run(ctx, os.Args[1:])
	stop()
	switch _, wrong := errors.AsType[*usageError](err); {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		_, _ = fmt.Fprintln(os.Stderr, "interrupted") // nobody is left to be told
		os.Exit(1)
	case wrong:
		_, _ = fmt.Fprintf(os.Stderr, "error: %v\nTry -h for help.\n", err) // nobody is left to be told
		os.Exit(2)
	default:
		_, _ = fmt.Fprintln(os.Stderr, "error:", err) // nobody is left to be told
		os.Exit(1)
	}
}

// run does what is asked for, or plays one of the parts that the comparison has
// processes of its own for.
func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return compare(ctx, args)
	}
	switch rest := args[1:]; args[0] {
	case contest.FluxCommand:
		return withTwo(rest, func(ref, dir string) error { return peer.Flux(ctx, ref, dir) })
	case contest.ORASCommand:
		return withTwo(rest, func(ref, dir string) error { return peer.ORAS(ctx, ref, dir) })
	case limitsCommand:
		return measureLimits(ctx, rest)
	case watchCommand:
		return watch(ctx, rest)
	case treeCommand:
		return writeTree(rest)
	}
	return compare(ctx, args)
}

func withTwo(args []string, f func(a, b string) error) error {
	if len(args) != 2 {
		return &usageError{errors.New("two arguments are needed")}
	}
	return f(args[0], args[1])
}
