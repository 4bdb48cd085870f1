// Command compare compares pushes and pulls of this library with those of others.
package main

import (
	"context"
	"encoding/json"
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
	case contest.Command:
		return work(ctx, rest)
	case limitsCommand:
		return measureLimits(ctx, rest)
	case treeCommand:
		return writeTree(rest)
	}
	return compare(ctx, args)
}

// work does a job with a library and prints its usage.
func work(ctx context.Context, args []string) error {
	var j peer.Job
	if len(args) != 1 || json.Unmarshal([]byte(args[0]), &j) != nil {
		return &usageError{errors.New("want a job")}
	}
	used, err := j.Run(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(used)
}
