// Command publish-all packages several directories of a tree and pushes each of them to a
// repository of its own.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

const usage = `publish-all packages each directory below DIR that matches a pattern and pushes it.

  publish-all [flags] [DIR PATTERN...]

The directory apps/web is pushed to the repository of -ref followed by /apps/web. One
that fails does not keep the others from being pushed. If there is no -ref the registry
is one in memory, and DIR and PATTERN default to testdata/trees of this project and *.
The number of findings of preflight follows each digest; examples/lint lists them.

Try it without a registry:
  go run ./examples/publish-all

Push each cluster of a fleet:
  go run ./examples/publish-all -ref oci://localhost:5000/fleet:1.4.0 ./fleet 'clusters/*'

Push from CI in a job that runs again and again, mostly for nothing, and list the
failures:
  go run ./examples/publish-all -ref oci://localhost:5000/fleet:main -assume-blobs -json \
    ./fleet 'clusters/*' | jq '.outcomes[] | select(.status == "failed")'

The exit status is 0 for success, 1 if a push failed or a pattern matches no directory, and
2 for wrong usage.
`

// Defaults of a push without -ref.
const (
	sampleTree    = "testdata/trees"
	samplePattern = "*"
)

// config holds the flags, except those of the connection.
type config struct {
	ref         string
	layout      string
	tags        []string
	parallel    int
	failFast    bool
	assumeBlobs bool
	timeout     time.Duration
	json        bool
}

func main() { cli.Main(run) }

func run(ctx context.Context, env cli.Env, args []string) error {
	var c config
	flags := flag.NewFlagSet("publish-all", flag.ContinueOnError)
	connection := cli.ConnectionFlags(flags)
	flags.StringVar(&c.ref, "ref", "", "the `oci://host[:port]/repository[/variant]:tag` to push below")
	flags.StringVar(&c.layout, "layout", "", "place each tree at the `root|prefix|both`; by default both")
	flags.Func("tag", "further `tag` to set, can be repeated", cli.List(&c.tags))
	flags.IntVar(&c.parallel, "parallel", 0, "`number` of concurrent builds; by default 8")
	flags.BoolVar(&c.failFast, "fail-fast", false, "cancel all builds after the first failure")
	flags.BoolVar(&c.assumeBlobs, "assume-blobs", false, "ask the registry for the tags alone if nothing changed")
	flags.DurationVar(&c.timeout, "timeout", 30*time.Minute, "give up after this `duration`")
	flags.BoolVar(&c.json, "json", false, "print the result as JSON, and nothing else, on standard output")
	if err := cli.Parse(&env, flags, args, math.MaxInt, usage); err != nil {
		return err
	}
	opts, err := c.options()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	patterns := flags.Args()
	switch {
	case len(patterns) == 1 || len(patterns) == 0 && c.ref != "":
		return cli.Usagef("want a directory and patterns, such as ./fleet 'clusters/*'")
	case len(patterns) == 0:
		patterns = []string{sampleTree, samplePattern}
	}
	opts.SourcePath, patterns = patterns[0], patterns[1:]
	if c.ref == "" {
		if err := cli.RefuseWithoutRef(flags); err != nil {
			return err
		}
		host, stop, err := cli.StartRegistry()
		if err != nil {
			return err
		}
		defer func() { _ = stop() }() // the program ends
		opts.RegistryEndpoint, opts.Version = host, "latest"
	} else if opts.Registry, err = connection.Resolve(ctx, env, flags); err != nil {
		return err
	}
	builds, err := oci.Workloads(ctx, opts, patterns...)
	if errors.Is(err, manifests.ErrInvalidPattern) {
		return cli.Usagef("%w", err)
	}
	if err != nil {
		return err
	}
	return c.publish(ctx, env, builds)
}

func (c config) options() (oci.BuildOptions, error) {
	layout, err := packager.ParseLayout(c.layout)
	if err != nil {
		return oci.BuildOptions{}, cli.Usagef("-layout: %w", err)
	}
	ref, err := oci.ParseReference(c.ref)
	switch {
	case err != nil:
		return oci.BuildOptions{}, cli.Usagef("-ref: %w", err)
	case ref != nil && (ref.Ref == "" || ref.IsDigest()):
		return oci.BuildOptions{}, cli.Usagef("-ref: want a tag, such as oci://localhost:5000/fleet:1.0.0")
	case c.parallel < 0:
		return oci.BuildOptions{}, cli.Usagef("-parallel: %d is negative", c.parallel)
	case c.timeout <= 0:
		return oci.BuildOptions{}, cli.Usagef("-timeout: %v must be positive", c.timeout)
	}
	if err := cli.CheckTags(c.tags); err != nil {
		return oci.BuildOptions{}, err
	}
	opts := oci.BuildOptions{Layout: layout, Tags: c.tags, Push: oci.PushOptions{AssumeBlobs: c.assumeBlobs}}
	return opts.WithReference(ref), nil
}

// publish builds and pushes, and prints each outcome.
func (c config) publish(ctx context.Context, env cli.Env, builds []oci.BuildOptions) error {
	opts := oci.BuildAllOptions{Parallel: c.parallel, FailFast: c.failFast}
	if !c.json {
		opts.OnOutcome = func(o oci.BuildOutcome) {
			if o.Err == nil {
				line := fmt.Sprintf("%-9s  %s  %s  %s", o.Status, o.Result.Artifact.Reference, o.Result.Artifact.Digest, cli.Counts(o.Result.Findings))
				_, _ = fmt.Fprintln(env.Stdout, strings.TrimRight(line, " ")) // print has the error
			}
		}
	}
	result, err := oci.BuildAll(ctx, builds, opts)
	if all, ok := errors.AsType[*oci.BuildAllError](err); ok && len(all.Failed) > 0 {
		for _, o := range all.Failed {
			_ = cli.Status(env, fmt.Errorf("%v: %w", o, o.Err))
		}
		err = fmt.Errorf("%d of %d builds failed", len(all.Failed), all.Builds)
	}
	if len(result.Outcomes) == 0 { // nothing was begun
		return err
	}
	return errors.Join(c.print(env, result), err)
}

func (c config) print(env cli.Env, r oci.BuildAllResult) error {
	if c.json {
		for i := range r.Outcomes {
			own := &r.Outcomes[i].Result
			own.Findings = env.HintFlags(own.Findings)
		}
		encoder := json.NewEncoder(env.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	_, err := fmt.Fprintf(env.Stdout, "%d pushed, %d unchanged, %d failed, %d cancelled\n", r.Built, r.Unchanged, r.Failed, r.Cancelled)
	return err
}
