package main

import (
	"context"
	"flag"
	"strconv"
	"strings"
	"time"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/internal/cli"
	"github.com/kubeoci/oci/packager"
)

// config is what the command line says beside how to connect.
type config struct {
	ref         string
	engine      string
	tags        []string
	prefix      string
	collection  *cli.Collection
	annotations map[string]string
	created     string
	level       int
	preflight   string
	path        string
	timeout     time.Duration
	json        bool
}

func newConfig(flags *flag.FlagSet) *config {
	c := &config{annotations: map[string]string{}}
	flags.StringVar(&c.ref, "ref", "", "where to push to: `oci://host[:port]/repository[/variant]:tag`")
	flags.StringVar(&c.engine, "engine", "none", "lay the tree out for `none|flux|argocd`; none serves both")
	flags.Func("tag", "further `tag` to set, can be repeated", cli.List(&c.tags))
	flags.StringVar(&c.prefix, "prefix", "", "`folder` to lay the tree out under, for argocd and none; without it the base name of DIR")
	c.collection = cli.CollectionFlags(flags)
	flags.Func("annotation", "annotation `key=value` to add, can be repeated", c.addAnnotation)
	flags.StringVar(&c.created, "created", "", "creation `time` to record, as in 2006-01-02T15:04:05Z; without it SOURCE_DATE_EPOCH is used, else the epoch")
	flags.IntVar(&c.level, "level", 0, "how hard to compress: `1 to 9`; without it 6")
	flags.StringVar(&c.path, "path", "", "`folder` in DIR that the engine is to render, such as clusters/production; without it all of DIR")
	flags.StringVar(&c.preflight, "preflight", "report", "what to do about what an engine would refuse: `off|report|enforce`")
	flags.DurationVar(&c.timeout, "timeout", 5*time.Minute, "give up after this `duration`")
	flags.BoolVar(&c.json, "json", false, "print the result as JSON, and nothing else, on standard output")
	return c
}

func (c *config) addAnnotation(s string) error {
	key, value, found := strings.Cut(s, "=")
	if !found {
		return cli.Usagef("it has no = in it")
	}
	if _, twice := c.annotations[key]; twice {
		return cli.Usagef("%q is given twice", key)
	}
	c.annotations[key] = value
	return nil
}

func (c *config) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.timeout)
}

func (c *config) options(env cli.Env) (oci.BuildOptions, error) {
	engine, err := packager.ParseGitOpsEngine(c.engine)
	if err != nil {
		return oci.BuildOptions{}, cli.Usagef("-engine: %w", err)
	}
	if c.timeout <= 0 {
		return oci.BuildOptions{}, cli.Usagef("-timeout: %v is not a time to wait", c.timeout)
	}
	policy, err := oci.ParsePreflightPolicy(c.preflight)
	if err != nil {
		return oci.BuildOptions{}, cli.Usagef("-preflight: %w", err)
	}
	created, err := c.createdAt(env)
	if err != nil {
		return oci.BuildOptions{}, err
	}
	collect := c.collection.Options
	return oci.BuildOptions{
		GitOpsEngine:       engine,
		Tags:               c.tags,
		Prefix:             c.prefix,
		Include:            collect.Include,
		Ignore:             collect.Ignore,
		IgnoreFluxDefaults: collect.IgnoreFluxDefaults,
		Symlinks:           collect.Symlinks,
		SkipSpecial:        collect.SkipSpecial,
		AllowEmptyFiles:    collect.AllowEmptyFiles,
		Roots:              c.collection.Roots,
		Annotations:        c.annotations,
		Created:            created,
		CompressionLevel:   c.level,
		Preflight:          policy,
		Path:               c.path,
	}, nil
}

// createdAt follows https://reproducible-builds.org/specs/source-date-epoch/
// where the flag is not given.
func (c *config) createdAt(env cli.Env) (time.Time, error) {
	if c.created != "" {
		t, err := time.Parse(time.RFC3339, c.created)
		if err != nil || t.IsZero() { // the zero time means none
			return time.Time{}, cli.Usagef("-created: %q is not a time such as 2006-01-02T15:04:05Z", c.created)
		}
		return t, nil
	}
	epoch := env.Getenv("SOURCE_DATE_EPOCH")
	if epoch == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, cli.Usagef("SOURCE_DATE_EPOCH: %q is not a number of seconds", epoch)
	}
	return time.Unix(seconds, 0), nil
}

// target takes the reference apart.
func (c *config) target(opts *oci.BuildOptions) error {
	ref, err := oci.ParseReference(c.ref)
	if err != nil {
		return cli.Usagef("-ref: %w", err)
	}
	if ref.IsDigest() {
		return cli.Usagef("-ref: name a tag: the digest is what comes of pushing")
	}
	if ref.Ref == "" {
		return cli.Usagef("-ref: name the tag to push, as in %s:1.0.0", ref)
	}
	opts.RegistryEndpoint = ref.Registry()
	opts.Repository = ref.FullRepository()
	opts.Version = ref.Ref
	return nil
}
