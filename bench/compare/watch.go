package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/bench/internal/process"
	"github.com/kubeoci/oci/bench/internal/report"
	"github.com/kubeoci/oci/bench/internal/tree"
)

// watchCommand is the subcommand that pushes repeatedly.
const watchCommand = "watch"

// maxWatch is the target of a push with one changed file relative to a cold push within
// the same process.
const maxWatch = 0.5

// watched is the output of the subcommand.
type watched struct {
	Cold, Changed []time.Duration
}

// watcher runs a process that pushes a tree, changes a file and pushes again, without
// preflight, as in the other cases, and with it.
func watcher(ctx context.Context, b *bench, shape, dir string) error {
	for _, preflight := range []bool{false, true} {
		if err := b.watch(ctx, shape, dir, preflight); err != nil {
			return fmt.Errorf("watch, %s: %w", shape, err)
		}
	}
	return nil
}

func (b *bench) watch(ctx context.Context, shape, dir string, preflight bool) error {
	const name = "watch"
	own, err := b.checkout(ctx, dir)
	if err != nil {
		return err
	}
	b.server.Traffic() // discard that of the previous push
	_, out, err := b.runner.Run(ctx, process.Command{Path: b.programs.Self, Env: b.env, Args: []string{
		watchCommand, "-host", b.server.Host, "-repository", b.repository(), "-rounds", fmt.Sprint(b.config.rounds),
		fmt.Sprint("-preflight=", preflight), own,
	}})
	if err != nil {
		return err
	}
	var result watched
	if err := json.Unmarshal(out, &result); err != nil {
		return err
	}
	what := "ours"
	if preflight {
		what += ", checked"
	}
	var medians []time.Duration
	for _, part := range []struct {
		who   string
		times []time.Duration
	}{{what + ", cold", result.Cold}, {what + ", changed", result.Changed}} {
		var samples []report.Sample
		for _, t := range part.times {
			samples = append(samples, report.Sample{Wall: t})
		}
		cell := report.NewCell(name, shape, part.who, samples)
		b.report.Cells = append(b.report.Cells, cell)
		b.logf("%s, %s: %s %s", name, shape, part.who, report.Seconds(cell.Median.Wall))
		medians = append(medians, cell.Median.Wall)
	}
	b.report.Check(report.Check{
		Case: name, Shape: shape, What: what + ": changed / cold", Unit: report.Ratio,
		Value: medians[1].Seconds() / medians[0].Seconds(), Limit: maxWatch,
	})
	return remove(own)
}

// watch is the subcommand. A round is a cold push, a change, and a push of the change.
func watch(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet(watchCommand, flag.ContinueOnError)
	host := flags.String("host", "", "`host:port` of the registry")
	repository := flags.String("repository", "", "`prefix` of the names of the repositories")
	rounds := flags.Int("rounds", 1, "`number` of rounds")
	preflight := flags.Bool("preflight", false, "run preflight")
	if err := flags.Parse(args); err != nil {
		return &usageError{err}
	}
	dir, err := filepath.Abs(flags.Arg(0))
	if err != nil {
		return err
	}
	changer, err := tree.NewChanger(dir)
	if err != nil {
		return err
	}
	push := func(repository string, opts oci.BuildOptions) (time.Duration, error) {
		opts.SourcePath, opts.RegistryEndpoint, opts.Repository = dir, *host, repository
		opts.Version, opts.GitOpsEngine = "v1", oci.GitOpsEngineFlux
		if !*preflight {
			opts.Preflight.Policy = oci.PreflightOff
		}
		start := time.Now()
		_, err := oci.Build(ctx, opts)
		return time.Since(start), err
	}
	again := oci.BuildOptions{Cache: new(oci.Cache)} // cold pushes have no cache
	if _, err := push(*repository, again); err != nil {
		return err
	}
	var result watched
	for round := range *rounds {
		cold, err := push(fmt.Sprintf("%s-cold-%d", *repository, round), oci.BuildOptions{})
		if err != nil {
			return err
		}
		if err := changer.Change(); err != nil {
			return err
		}
		changed, err := push(*repository, again)
		if err != nil {
			return err
		}
		result.Cold, result.Changed = append(result.Cold, cold), append(result.Changed, changed)
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}
