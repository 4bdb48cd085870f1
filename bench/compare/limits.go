package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/kubeoci/oci/bench/internal/limits"
	"github.com/kubeoci/oci/bench/internal/process"
	"github.com/kubeoci/oci/bench/internal/report"
)

const (
	// limitsCase comes first, because other cases are compared with it.
	limitsCase = "limits"
	// limitsCommand is the subcommand that measures in a process of its own, because
	// processes inherit the peak memory of their parent.
	limitsCommand = "limits"
)

// machineLimits measures the lower bounds of pushes of a tree.
func machineLimits(ctx context.Context, b *bench, shape, dir string) error {
	_, out, err := b.runner.Run(ctx, process.Command{Path: b.programs.Self, Env: b.local.env, Args: []string{
		limitsCommand, "-program", b.programs.Push, "-rounds", fmt.Sprint(b.config.rounds), dir,
	}})
	if err != nil {
		return fmt.Errorf("%s, %s: %w", limitsCase, shape, err)
	}
	var l limits.Limits
	if err := json.Unmarshal(out, &l); err != nil {
		return err
	}
	if l.Files == 0 {
		b.logf("%s: not available on this system", limitsCase)
		return nil
	}
	b.logf("%s, %s: measured", limitsCase, shape)
	b.report.Limits = append(b.report.Limits, report.Limits{Tree: shape, Limits: l})
	return nil
}

// measureLimits is the subcommand. On systems where it cannot measure, it prints empty
// limits.
func measureLimits(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet(limitsCommand, flag.ContinueOnError)
	program := flags.String("program", "", "`path` of the program whose start is measured")
	rounds := flags.Int("rounds", 1, "`number` of measurements")
	if err := flags.Parse(args); err != nil {
		return &usageError{err}
	}
	l, err := limits.Measure(ctx, flags.Arg(0), *program, *rounds)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(l)
}
