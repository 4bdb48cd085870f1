// Command push packages a directory of Kubernetes manifests and pushes it to a
// registry. Without -ref it brings a registry of its own, in memory, and reads
// the artifact back from there the way a consumer would.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/preflight"
)

const usage = `push packages the manifests in DIR as an OCI artifact and pushes it.

  push [flags] [DIR]

Without -ref it pushes to a registry of its own, in memory, reads the artifact
back from there and shows what arrived; without DIR it then takes a tree that
comes with the project.

Try it:
  go run ./examples/push
  go run ./examples/push -engine argocd testdata/trees/kustomize

Push for Flux to a registry on this machine, under two tags:
  go run ./examples/push -ref oci://localhost:5000/shop:1.4.0 -engine flux -tag latest ./deploy

Push from CI, and hand the digest on:
  echo "$TOKEN" | go run ./examples/push -ref oci://ghcr.io/acme/shop:1.4.0 \
    -username "$USER" -password-stdin -json \
    -annotation org.opencontainers.image.source="$REPOSITORY_URL" \
    -annotation org.opencontainers.image.revision="$COMMIT" ./deploy | jq -r .artifact.digest

Push an overlay together with a base that is elsewhere:
  go run ./examples/push -ref oci://localhost:5000/shop:1.4.0 -root base=../base ./overlay

The exit status is 0, 1 for a failure, and 2 for wrong usage.
`

// What is pushed where nothing is named.
const (
	sampleTree = "testdata/trees/flat"
	sampleTag  = "latest"
)

func main() { cli.Main(run) }

func run(ctx context.Context, env cli.Env, args []string) error {
	flags := flag.NewFlagSet("push", flag.ContinueOnError)
	connection := cli.ConnectionFlags(flags)
	c := newConfig(flags)
	if err := cli.Parse(env, flags, args, 1, usage); err != nil {
		return err
	}
	opts, err := c.options(env)
	if err != nil {
		return err
	}
	progress := cli.NewProgress(env.Stderr)
	defer progress.Close()
	opts.OnEvent = func(e oci.Event) { printEvent(progress, e) }
	ctx, cancel := c.deadline(ctx)
	defer cancel()

	opts.SourcePath = flags.Arg(0)
	if c.ref == "" {
		if err := cli.RefuseWithoutRef(flags); err != nil {
			return err
		}
		opts.SourcePath = cmp.Or(opts.SourcePath, sampleTree)
		return demonstrate(ctx, env, opts, c.json)
	}
	if err := c.target(&opts); err != nil {
		return err
	}
	if opts.SourcePath == "" {
		return cli.Usagef("want the directory to push")
	}
	if opts.Registry, err = connection.Resolve(ctx, env, flags); err != nil {
		return err
	}
	opts.Registry.Timeout = c.timeout
	result, err := build(ctx, env, opts)
	if err != nil {
		return err
	}
	return printResult(env.Stdout, result, c.json)
}

// build reports mistakes on the command line as such, and prints the findings.
func build(ctx context.Context, env cli.Env, opts oci.BuildOptions) (oci.BuildResult, error) {
	_, err := opts.Validate()
	switch {
	case errors.Is(err, oci.ErrSourcePathNotFound), errors.Is(err, oci.ErrSourcePathNotDirectory):
		return oci.BuildResult{}, err
	case err != nil:
		return oci.BuildResult{}, cli.Usagef("%w", err)
	}
	result, err := oci.Build(ctx, opts)
	findings := preflight.Findings(result.Findings)
	if refused, ok := errors.AsType[*oci.PreflightError](err); ok {
		findings = refused.Findings
	}
	cli.PrintFindings(env.Stderr, findings)
	return result, err
}
