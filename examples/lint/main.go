// Command lint says what Flux and Argo CD would make of a directory of
// manifests, without packaging or sending anything.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

const usage = `lint says what Flux and Argo CD would make of the manifests in DIR, and sends nothing.

  lint [flags] DIR

What both engines would say, each with its default settings:
  go run ./examples/lint testdata/trees/multidoc

Before a push for Argo CD, of a kustomization that generates from other files:
  go run ./examples/lint -engine argocd -include '*.properties' -include '*.env' testdata/trees/kustomize

Before an overlay is pushed together with a base that is elsewhere:
  go run ./examples/lint -engine flux -root base=../base ./overlay

Where Flux is told one of many folders:
  go run ./examples/lint -engine flux -path clusters/production ./fleet

For a program, without what is only good to know:
  go run ./examples/lint -json -min warning ./deploy | jq -r '.findings[] | [.code, .file] | @tsv'

The exit status is 0 without a finding of severity error, 1 with one or for a
failure, and 2 for wrong usage.
`

// errFindings is what the exit status says; they are printed.
var errFindings = errors.New("there are findings of severity error")

func main() { cli.Main(run) }

// config is what the command line says.
type config struct {
	engine string
	prefix string
	path   string
	least  string
	json   bool
	tags   []string
	files  *cli.Collection
}

func newConfig(flags *flag.FlagSet) *config {
	c := new(config)
	flags.StringVar(&c.engine, "engine", "none", "check for `none|flux|argocd`; none is both, and neither for certain")
	flags.StringVar(&c.prefix, "prefix", "", "`folder` to lay the tree out under, for argocd and none; without it the base name of DIR")
	flags.StringVar(&c.path, "path", "", "`folder` of DIR that the engines are told; without it DIR itself")
	flags.StringVar(&c.least, "min", "info", "print findings from `info|warning|error` on")
	flags.BoolVar(&c.json, "json", false, "print the findings as JSON")
	flags.Func("tag", "`tag` that is to be set, can be repeated", cli.List(&c.tags))
	c.files = cli.CollectionFlags(flags)
	return c
}

// asErrors makes errors of the findings with a code.
func asErrors(findings preflight.Findings, code preflight.Code) {
	for i := range findings {
		if findings[i].Code == code {
			findings[i].Severity = preflight.Error
		}
	}
}

func run(ctx context.Context, env cli.Env, args []string) error {
	flags := flag.NewFlagSet("lint", flag.ContinueOnError)
	c := newConfig(flags)
	if err := cli.Parse(env, flags, args, 1, usage); err != nil {
		return err
	}
	least, err := preflight.ParseSeverity(c.least)
	if err != nil {
		return cli.Usagef("-min: %w", err)
	}
	engine, err := packager.ParseGitOpsEngine(c.engine)
	if err != nil {
		return cli.Usagef("-engine: %w", err)
	}
	if flags.NArg() == 0 {
		return cli.Usagef("name the directory to check")
	}
	if err := c.files.Validate(); err != nil {
		return err
	}
	refuseEmpty := !c.files.Options.AllowEmptyFiles
	c.files.Options.AllowEmptyFiles = true // to say what else there is
	roots := append([]manifests.Root{{Dir: flags.Arg(0)}}, c.files.Roots...)
	set, err := manifests.CollectRoots(ctx, roots, c.files.Options)
	if err != nil {
		return err
	}
	plan, err := packager.NewPlan(set, engine.Layout(), packager.Options{Prefix: c.prefix})
	if err != nil {
		return err
	}
	findings, err := preflight.Check(ctx, preflight.Artifact{Plan: plan, Engines: []packager.GitOpsEngine{engine}, Tags: c.tags}, preflight.Options{Path: c.path})
	if err != nil {
		return err
	}
	if refuseEmpty {
		asErrors(findings, preflight.CodeEmptyFile)
	}
	if err := report(env.Stdout, len(set.Files()), findings, least, c.json); err != nil {
		return fmt.Errorf("print the findings: %w", err)
	}
	if findings.Worst() == preflight.Error {
		return errFindings
	}
	return nil
}
