// Command compare compares pushes of this library with those of other programs.
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

// errUnmet reports a missed target that does not depend on the machine.
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
		_, _ = fmt.Fprintln(os.Stderr, "interrupted") // nothing to do about a failure
		os.Exit(1)
	case wrong:
		_, _ = fmt.Fprintf(os.Stderr, "error: %v\nTry -h for help.\n", err) // nothing to do about a failure
		os.Exit(2)
	default:
		_, _ = fmt.Fprintln(os.Stderr, "error:", err) // nothing to do about a failure
		os.Exit(1)
	}
}

// run runs the comparison, or one of the subcommands that it runs in processes of their
// own.
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
		return &usageError{errors.New("want two arguments")}
	}
	return f(args[0], args[1])
}
