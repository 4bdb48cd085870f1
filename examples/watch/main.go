// Command watch pushes a directory of Kubernetes manifests whenever a file in it changes.
package main

import (
	"context"
	"errors"
	"flag"
	"time"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/registry"
)

const usage = `watch packages the manifests in DIR and pushes them, now and after each save.

  watch -ref oci://host[:port]/repository[/variant]:tag [flags] [DIR]

Without DIR, the trees in -root are watched. Each push moves the tag. A save that
changes nothing in the artifact costs one request, and a tree without saves none.

Push to a registry on this machine for a Flux OCIRepository that follows the tag:
  go run ./examples/watch -ref oci://localhost:5000/shop:dev -engine flux ./deploy

Push one copy of the tree for both engines, and refuse artifacts with warnings:
  go run ./examples/watch -ref oci://localhost:5000/shop:dev -layout root -preflight enforce ./deploy

Push with a user name and a token, and look for saves less often:
  echo "$TOKEN" | go run ./examples/watch -ref oci://ghcr.io/acme/shop:dev \
    -username "$REGISTRY_USER" -password-stdin -interval 5s ./deploy

Print the digest of each artifact, or the error of a push that failed:
  go run ./examples/watch -ref oci://localhost:5000/shop:dev -json ./deploy | jq -r '.artifact.digest // .error'

Watch an overlay together with the base to which it refers as ../base:
  go run ./examples/watch -ref oci://localhost:5000/shop:dev -root overlay=./overlay -root base=./base -path overlay

A tree that cannot be pushed is reported, and pushed after it was mended. If the
registry fails for the time being, the push is repeated after -interval, and then
after waits that double up to a minute, or after the next save.

watch ends when it is interrupted, with exit status 1. That is also the status for a
directory that does not exist at the start and for a credential that the registry
refuses. It is 2 for wrong usage.
`

func main() { cli.Main(run) }

// config holds the flags, except those of the connection.
type config struct {
	ref        string
	engine     string
	layout     string
	prefix     string
	collection *cli.Collection
	paths      []string
	recurse    bool
	target     string
	preflight  string
	interval   time.Duration
	settle     time.Duration
	timeout    time.Duration
	json       bool
	verbose    bool
}

func newConfig(flags *flag.FlagSet) *config {
	c := new(config)
	flags.StringVar(&c.ref, "ref", "", "the `oci://host[:port]/repository[/variant]:tag` to push to")
	flags.StringVar(&c.engine, "engine", "none", "the engine that reads the artifact, `none|flux|argocd`; none means both")
	flags.StringVar(&c.layout, "layout", "", "place the tree at the `root|prefix|both`; by default root for flux, prefix for argocd, both for none")
	flags.StringVar(&c.prefix, "prefix", "", "`directory` for the layouts prefix and both; by default the base name of DIR")
	c.collection = cli.CollectionFlags(flags)
	flags.Func("path", cli.PathUsage, cli.List(&c.paths))
	flags.BoolVar(&c.recurse, "recurse", false, "check for an Argo CD Application with directory.recurse")
	flags.StringVar(&c.target, "target-namespace", "", "check for a Flux Kustomization with this `namespace` as spec.targetNamespace")
	flags.StringVar(&c.preflight, "preflight", "report", "how strictly to treat findings: `off|report|enforce`")
	flags.DurationVar(&c.interval, "interval", 500*time.Millisecond, "`duration` between two looks for saves")
	flags.DurationVar(&c.settle, "settle", 200*time.Millisecond, "push a save when nothing was saved after it for this `duration`")
	flags.DurationVar(&c.timeout, "timeout", 5*time.Minute, "give up a push after this `duration`, and repeat it later")
	flags.BoolVar(&c.json, "json", false, "print a line of JSON for each push, and nothing else, on standard output: the result, or error, hint and, for a refused artifact, refusal")
	flags.BoolVar(&c.verbose, "v", false, "list all findings")
	return c
}

func run(ctx context.Context, env cli.Env, args []string) error {
	flags := flag.NewFlagSet("watch", flag.ContinueOnError)
	connection := cli.ConnectionFlags(flags)
	c := newConfig(flags)
	if err := cli.Parse(&env, flags, args, 1, usage); err != nil {
		return err
	}
	opts, err := c.options(flags.Arg(0))
	if err != nil {
		return err
	}
	if opts.Registry, err = connection.Resolve(ctx, env, flags); err != nil {
		return err
	}
	opts.Registry.Timeout = c.timeout
	// These attempts take at most a second, unless the registry asks to wait, and suffice
	// for a denial that a token service takes back. The watcher does the rest, because it
	// sees saves while it waits.
	opts.Registry.Retry = registry.RetryPolicy{MaxAttempts: 3}
	progress := cli.NewProgress(env.Stderr)
	opts.OnEvent = func(e oci.Event) {
		if e.Push != nil && e.Push.Retry != nil && e.Push.Retry.Wait >= time.Second {
			progress.Transfer(*e.Push, "")
		}
	}
	_, err = opts.Validate()
	switch {
	case errors.Is(err, oci.ErrSourcePathNotFound), errors.Is(err, oci.ErrSourcePathNotDirectory):
		return err
	case err != nil:
		return cli.Usagef("%w", err)
	}
	w := &watcher{config: c, env: env, opts: opts}
	return w.watch(ctx)
}

func (c *config) options(dir string) (oci.BuildOptions, error) {
	var opts oci.BuildOptions
	ref, err := oci.ParseReference(c.ref)
	switch {
	case err != nil:
		return opts, cli.Usagef("-ref: %w", err)
	case ref == nil:
		return opts, cli.Usagef("-ref is missing")
	case ref.IsDigest():
		return opts, cli.Usagef("-ref: want a tag, not a digest")
	case ref.Ref == "":
		return opts, cli.Usagef("-ref: add the tag to push, such as %s:dev", ref)
	case dir == "" && len(c.collection.Roots) == 0:
		return opts, cli.Usagef("want the directory to watch, or trees in -root")
	case c.interval <= 0:
		return opts, cli.Usagef("-interval: %v must be positive", c.interval)
	case c.settle < 0:
		return opts, cli.Usagef("-settle: %v must not be negative", c.settle)
	case c.timeout <= 0:
		return opts, cli.Usagef("-timeout: %v must be positive", c.timeout)
	}
	engine, err := packager.ParseGitOpsEngine(c.engine)
	if err != nil {
		return opts, cli.Usagef("-engine: %w", err)
	}
	layout, err := packager.ParseLayout(c.layout)
	if err != nil {
		return opts, cli.Usagef("-layout: %w", err)
	}
	policy, err := preflight.ParsePolicy(c.preflight)
	if err != nil {
		return opts, cli.Usagef("-preflight: %w", err)
	}
	opts = oci.BuildOptions{
		SourcePath:   dir,
		Roots:        c.collection.Roots,
		GitOpsEngine: engine,
		Layout:       layout,
		Collect:      c.collection.Options,
		Pack:         oci.PackOptions{Prefix: c.prefix},
		Preflight:    oci.PreflightOptions{Policy: policy, Paths: c.paths, DirectoryRecurse: c.recurse, TargetNamespace: c.target},
		Cache:        new(oci.Cache),
	}
	return opts.WithReference(ref), nil
}
