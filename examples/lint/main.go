// Command lint checks how Flux and Argo CD would treat a directory of manifests. It
// neither packages nor sends anything.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

const usage = `lint checks how Flux and Argo CD would treat the manifests in DIR.

  lint [flags] [DIR]

Without DIR, the trees in -root are checked.

Check for both engines with their default settings:
  go run ./examples/lint testdata/trees/multidoc

Check for Argo CD before a push of a kustomization, with the files of its generators:
  go run ./examples/lint -engine argocd -include '*.properties' -include '*.env' testdata/trees/kustomize

Check one directory of many, as in spec.path of a Flux Kustomization:
  go run ./examples/lint -engine flux -path clusters/production ./fleet

Check for a Flux Kustomization that sets spec.targetNamespace:
  go run ./examples/lint -engine flux -target-namespace shop ./deploy

Check for an Argo CD Application with directory.recurse and an artifact without a prefix:
  go run ./examples/lint -engine argocd -layout root -recurse ./deploy

Check each of several directories:
  go run ./examples/lint -engine flux -path clusters/production -path clusters/staging ./fleet

Check an overlay together with the base to which it refers as ../base:
  go run ./examples/lint -engine flux -root overlay=./overlay -root base=./base -path overlay

Print warnings and errors as a table:
  go run ./examples/lint -json -min warning ./deploy | jq -r '.findings[] | [.code, .file] | @tsv'

Annotate a pull request from a job of GitHub Actions, which shows 10 findings of each
severity in a step:
  go run ./examples/lint -format github -engine flux ./deploy

Write a file for a code scanning service, with paths relative to DIR:
  go run ./examples/lint -format sarif ./deploy > lint.sarif

If the findings do not fit on a screen, the default format is a summary of each rule
with examples, and -v lists all of them.

The exit status is 0 without a finding of severity error, 1 with one or for a
failure, and 2 for wrong usage.
`

// errFindings sets the exit status. The findings themselves are printed.
var errFindings = errors.New("there are findings of severity error")

func main() { cli.Main(run) }

// config holds the flags.
type config struct {
	engine  string
	layout  string
	prefix  string
	paths   []string
	recurse bool
	target  string
	least   string
	format  string
	json    bool
	verbose bool
	tags    []string
	files   *cli.Collection
}

func newConfig(flags *flag.FlagSet) *config {
	c := new(config)
	flags.StringVar(&c.engine, "engine", "none", "the engine that reads the artifact, `none|flux|argocd`; none means both")
	flags.StringVar(&c.layout, "layout", "", "place the tree at the `root|prefix|both`; by default root for flux, prefix for argocd, both for none")
	flags.StringVar(&c.prefix, "prefix", "", "`directory` for the layouts prefix and both; by default the base name of DIR")
	flags.Func("path", cli.PathUsage, cli.List(&c.paths))
	flags.BoolVar(&c.recurse, "recurse", false, "check for an Argo CD Application with directory.recurse")
	flags.StringVar(&c.target, "target-namespace", "", "check for a Flux Kustomization with this `namespace` as spec.targetNamespace")
	flags.StringVar(&c.least, "min", "info", "the least severity to print, `info|warning|error`")
	flags.BoolVar(&c.json, "json", false, "print the findings as JSON, as -format json does")
	flags.StringVar(&c.format, "format", "text", "print the findings as `text|json|sarif|github`")
	flags.BoolVar(&c.verbose, "v", false, "print all findings as text, even if they do not fit on a screen")
	flags.Func("tag", "`tag` to check, can be repeated", cli.List(&c.tags))
	c.files = cli.CollectionFlags(flags)
	return c
}

func run(ctx context.Context, env cli.Env, args []string) error {
	flags := flag.NewFlagSet("lint", flag.ContinueOnError)
	c := newConfig(flags)
	if err := cli.Parse(&env, flags, args, 1, usage); err != nil {
		return err
	}
	if flags.NArg() == 0 && len(c.files.Roots) == 0 {
		return cli.Usagef("want the directory to check, or trees in -root")
	}
	least, err := preflight.ParseSeverity(c.least)
	if err != nil {
		return cli.Usagef("-min: %w", err)
	}
	if c.json && cli.Given(flags)["format"] && c.format != "json" {
		return cli.Usagef("-json and -format %s contradict each other", c.format)
	}
	if c.json {
		c.format = "json"
	}
	write, known := formats[c.format]
	if !known {
		return cli.Usagef("-format: %q is not text, json, sarif or github", c.format)
	}
	if err := cli.CheckTags(c.tags); err != nil {
		return err
	}
	if err := c.files.Validate(); err != nil {
		return err
	}
	files, findings, err := c.check(ctx, flags.Arg(0))
	if err != nil {
		return err
	}
	r := report{findings.AtLeast(least), count(files, findings), c.roots(flags.Arg(0)), env.Style(env.Stdout, c.verbose)}
	if err := write(r, env.Stdout); err != nil {
		return fmt.Errorf("print the findings: %w", err)
	}
	if findings.Worst() == preflight.Error {
		return errFindings
	}
	return nil
}

// roots returns all trees, that of DIR first.
func (c *config) roots(dir string) []manifests.Root {
	if dir == "" {
		return c.files.Roots
	}
	return append([]manifests.Root{{Dir: dir}}, c.files.Roots...)
}

// check returns the number of files in dir and the findings for them.
func (c *config) check(ctx context.Context, dir string) (files int, findings preflight.Findings, err error) {
	engine, err := packager.ParseGitOpsEngine(c.engine)
	if err != nil {
		return 0, nil, cli.Usagef("-engine: %w", err)
	}
	layout, err := packager.ParseLayout(c.layout)
	if err != nil {
		return 0, nil, cli.Usagef("-layout: %w", err)
	}
	layout = cmp.Or(layout, engine.Layout())
	pack := packager.Options{Prefix: c.prefix}
	if err := pack.Validate(layout); err != nil {
		return 0, nil, cli.Usagef("-prefix: %w", err)
	}
	opts := preflight.Options{Paths: c.paths, DirectoryRecurse: c.recurse, TargetNamespace: c.target}
	switch err := opts.Validate(); {
	case errors.Is(err, preflight.ErrInvalidNamespace):
		return 0, nil, cli.Usagef("-target-namespace: %w", err)
	case err != nil:
		return 0, nil, cli.Usagef("-path: %w", err)
	}
	set, err := manifests.CollectRoots(ctx, c.roots(dir), c.files.Options)
	if err != nil {
		return 0, nil, err
	}
	if dir == "" && pack.Prefix == "" {
		pack.Prefix = "manifests" // as in package oci
	}
	plan, err := packager.NewPlan(set, layout, pack)
	if err != nil {
		return 0, nil, err
	}
	artifact := preflight.Artifact{Plan: plan, Engines: []packager.GitOpsEngine{engine}, Tags: c.tags}
	findings, err = preflight.Check(ctx, artifact, opts)
	return len(set.Files()), findings, err
}
