// Command push packages a directory of Kubernetes manifests and pushes it to a registry.
// By default that is a registry in memory, from which it reads the artifact back as a
// consumer would.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
)

const usage = `push packages the manifests in DIR as an OCI artifact and pushes it.

  push [flags] [DIR]

If DIR is - the manifests are read from standard input, as multi-document YAML.
Without DIR, the trees in -root are pushed. If there is no -ref the registry is
one in memory: push reads the artifact back and lists its files. DIR then defaults
to testdata/trees/flat of this project.

Try it without a registry:
  go run ./examples/push
  go run ./examples/push -engine argocd testdata/trees/kustomize

Push for Flux to a registry on this machine, under two tags:
  go run ./examples/push -ref oci://localhost:5000/shop:1.4.0 -engine flux -tag latest ./deploy

Push the output of a template engine:
  kustomize build . | go run ./examples/push -ref oci://localhost:5000/shop:1.4.0 -layout root -

Push from CI and print the digest, with set -o pipefail so that a failure is one
of the pipe:
  echo "$TOKEN" | go run ./examples/push -ref oci://ghcr.io/acme/shop:1.4.0 \
    -username "$REGISTRY_USER" -password-stdin -json -source-url "$REPOSITORY_URL" \
    -revision "main@sha1:$COMMIT" ./deploy | jq -er .artifact.digest

Push in a job that runs again and again, mostly for nothing:
  go run ./examples/push -ref oci://localhost:5000/shop:1.4.0 -cache ~/.cache/push ./deploy

Print what a push would do to each tag, and the digest that it would give:
  go run ./examples/push -plan -ref oci://localhost:5000/shop:1.4.0 -tag latest ./deploy

Push each commit, cause no reconciliation if no manifest changed, and refuse commits
older than that of the artifact which is there:
  go run ./examples/push -ref oci://localhost:5000/shop:main -revision "main@sha1:$COMMIT" \
    -created "$COMMIT_TIME" -not-older -keep-same-content -refuse-secrets ./deploy

Push an overlay together with the base to which it refers as ../base:
  go run ./examples/push -ref oci://localhost:5000/shop:1.4.0 -root overlay=./overlay -root base=./base -path overlay

The exit status is 0 for success, 1 for a failure, and 2 for wrong usage.
`

// Defaults of a push without -ref.
const (
	sampleTree = "testdata/trees/flat"
	sampleTag  = "latest"
)

// Standard input has no name: these are the directory and the repository of a push of it,
// so that its digest does not depend on the repository.
const (
	stdin     = "-"
	stdinName = "manifests"
)

func main() { cli.Main(run) }

func run(ctx context.Context, env cli.Env, args []string) error {
	flags := flag.NewFlagSet("push", flag.ContinueOnError)
	connection := cli.ConnectionFlags(flags)
	c := newConfig(flags)
	if err := cli.Parse(&env, flags, args, 1, usage); err != nil {
		return err
	}
	opts, err := c.options(env)
	if err != nil {
		return err
	}
	dir := flags.Arg(0)
	if err := c.destination(&opts, flags); err != nil {
		return err
	}
	switch {
	case dir == "" && len(opts.Roots) > 0:
	case c.ref == "":
		dir = cmp.Or(dir, sampleTree)
	case dir == "":
		return cli.Usagef("want the directory to push, or trees in -root")
	case dir == stdin && connection.ReadsPassword():
		return cli.Usagef("-password-stdin: standard input has the manifests; use docker login, or write them to a directory")
	}
	progress := cli.NewProgress(env.Stderr)
	defer progress.Close()
	opts.OnEvent = func(e oci.Event) { printEvent(progress, e) }
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	if err := setSource(ctx, env, &opts, dir); err != nil {
		return err
	}
	switch {
	case c.ref == "" && c.plan:
		return c.printPlan(ctx, env, opts)
	case c.ref == "":
		return c.demonstrate(ctx, env, opts)
	}
	if opts.Registry, err = connection.Resolve(ctx, env, flags); err != nil {
		return err
	}
	opts.Registry.Timeout = c.timeout
	if c.plan {
		return c.printPlan(ctx, env, opts)
	}
	result, err := c.build(ctx, env, opts)
	if err != nil {
		return err
	}
	return c.printResult(env, result)
}

func setSource(ctx context.Context, env cli.Env, opts *oci.BuildOptions, dir string) (err error) {
	if dir != stdin && dir != "" {
		opts.SourcePath = dir
		return nil
	}
	opts.Repository = cmp.Or(opts.Repository, stdinName)
	if dir == "" {
		return nil
	}
	opts.Pack.Prefix = cmp.Or(opts.Pack.Prefix, stdinName)
	opts.Source, err = env.ReadManifests(ctx)
	return err
}

// printPlan prints what a push would do.
func (c *config) printPlan(ctx context.Context, env cli.Env, opts oci.BuildOptions) error {
	if err := check(opts); err != nil {
		return err
	}
	var builder oci.Builder
	defer builder.Close()
	plan, err := builder.Plan(ctx, opts)
	switch {
	case err != nil:
		return err
	case c.json:
		plan.Result.Findings, plan.Refused = env.HintFlags(plan.Result.Findings), env.HintFlags(plan.Refused)
		return writeJSON(env.Stdout, plan)
	}
	cli.PrintFindings(env.Stderr, plan.Result.Findings, env.Style(env.Stderr, c.verbose))
	return plan.WriteText(env.Stdout)
}

// check reports mistakes on the command line as usage errors.
func check(opts oci.BuildOptions) error {
	if opts.RegistryEndpoint == "" { // a plan needs no destination
		opts.RegistryEndpoint, opts.Repository, opts.Version = "localhost", stdinName, sampleTag
	}
	_, err := opts.Validate()
	if err == nil || errors.Is(err, oci.ErrSourcePathNotFound) || errors.Is(err, oci.ErrSourcePathNotDirectory) {
		return err
	}
	return cli.Usagef("%w", err)
}

// build prints the findings.
func (c *config) build(ctx context.Context, env cli.Env, opts oci.BuildOptions) (oci.BuildResult, error) {
	if err := check(opts); err != nil {
		return oci.BuildResult{}, err
	}
	result, err := oci.Build(ctx, opts)
	style := env.Style(env.Stderr, c.verbose)
	if refused, ok := errors.AsType[*oci.PreflightError](err); ok {
		cli.PrintFindings(env.Stderr, refused.Findings, style)
		return result, errors.Join(c.printRefusal(env, refused), &refusal{refused.Reasons})
	}
	cli.PrintFindings(env.Stderr, result.Findings, style)
	return result, err
}
