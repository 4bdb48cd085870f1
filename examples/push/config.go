package main

import (
	"flag"
	"strconv"
	"strings"
	"time"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/registry"
)

// config holds the flags, except those of the connection.
type config struct {
	ref         string
	engine      string
	tags        []string
	layout      string
	prefix      string
	collection  *cli.Collection
	annotations map[string]string
	created     string
	level       int
	preflight   string
	paths       []string
	recurse     bool
	target      string
	sourceURL   string
	revision    string
	cache       string
	push        oci.PushOptions
	notOlder    bool
	noSecrets   bool
	plan        bool
	timeout     time.Duration
	json        bool
	verbose     bool
}

func newConfig(flags *flag.FlagSet) *config {
	c := &config{annotations: map[string]string{}}
	flags.StringVar(&c.ref, "ref", "", "the `oci://host[:port]/repository[/variant]:tag` to push to")
	flags.StringVar(&c.engine, "engine", "none", "the engine that reads the artifact, `none|flux|argocd`; none means both")
	flags.StringVar(&c.layout, "layout", "", "place the tree at the `root|prefix|both`; by default root for flux, prefix for argocd, both for none")
	flags.Func("tag", "further `tag` to set, can be repeated", cli.List(&c.tags))
	flags.StringVar(&c.prefix, "prefix", "", "`directory` for the layouts prefix and both; by default the base name of DIR, or manifests for -")
	c.collection = cli.CollectionFlags(flags)
	flags.Func("annotation", "annotation `key=value` to add, can be repeated", c.addAnnotation)
	flags.StringVar(&c.created, "created", "", "creation `time` to record, such as 2006-01-02T15:04:05Z; by default SOURCE_DATE_EPOCH, or else the epoch")
	flags.IntVar(&c.level, "level", 0, "compression level, `1 to 9`; by default 5")
	flags.Func("path", cli.PathUsage, cli.List(&c.paths))
	flags.BoolVar(&c.recurse, "recurse", false, "check for an Argo CD Application with directory.recurse")
	flags.StringVar(&c.target, "target-namespace", "", "check for a Flux Kustomization with this `namespace` as spec.targetNamespace")
	flags.StringVar(&c.sourceURL, "source-url", "", "`URL` of the repository to record, without credentials")
	flags.StringVar(&c.revision, "revision", "", "`revision` to record, such as main@sha1:5b1e...")
	flags.StringVar(&c.preflight, "preflight", "report", "how strictly to treat findings: `off|report|enforce`")
	flags.StringVar(&c.cache, "cache", "", "`directory` that remembers layers and findings, so that an unchanged push only reads the files; nobody else may be able to write to it")
	flags.BoolVar(&c.plan, "plan", false, "print what the push would do to each tag, and send nothing; the exit status is 0 even if a rule would refuse")
	flags.BoolVar(&c.push.ReadBack, "read-back", false, "fetch the artifact and verify all of it before tags are set")
	flags.BoolVar(&c.push.KeepSameContent, "keep-same-content", false, "leave tags whose artifact has the same content, whatever its annotations")
	flags.BoolVar(&c.notOlder, "not-older", false, "refuse to move a tag to an artifact with an earlier -created")
	flags.BoolVar(&c.noSecrets, "refuse-secrets", false, "refuse to set a tag to an artifact with values of Secrets that are not encrypted, whatever -preflight is")
	flags.DurationVar(&c.timeout, "timeout", 5*time.Minute, "give up after this `duration`")
	flags.BoolVar(&c.json, "json", false, "print the result as JSON, and nothing else, on standard output; for a refused artifact, the findings and reasons")
	flags.BoolVar(&c.verbose, "v", false, "list all findings, skipped files and files that were read back")
	return c
}

func (c *config) addAnnotation(s string) error {
	key, value, found := strings.Cut(s, "=")
	if !found {
		return cli.Usagef("want key=value")
	}
	if _, duplicate := c.annotations[key]; duplicate {
		return cli.Usagef("duplicate key %q", key)
	}
	c.annotations[key] = value
	return nil
}

func (c *config) options(env cli.Env) (oci.BuildOptions, error) {
	engine, err := packager.ParseGitOpsEngine(c.engine)
	if err != nil {
		return oci.BuildOptions{}, cli.Usagef("-engine: %w", err)
	}
	if c.timeout <= 0 {
		return oci.BuildOptions{}, cli.Usagef("-timeout: %v must be positive", c.timeout)
	}
	policy, err := preflight.ParsePolicy(c.preflight)
	if err != nil {
		return oci.BuildOptions{}, cli.Usagef("-preflight: %w", err)
	}
	created, err := c.createdAt(env)
	if err != nil {
		return oci.BuildOptions{}, err
	}
	layout, err := packager.ParseLayout(c.layout)
	if err != nil {
		return oci.BuildOptions{}, cli.Usagef("-layout: %w", err)
	}
	if err := cli.CheckTags(c.tags); err != nil {
		return oci.BuildOptions{}, err
	}
	push := c.push
	if c.notOlder {
		push.TagRules = append(push.TagRules, registry.NotOlder)
	}
	if c.noSecrets {
		push.TagRules = append(push.TagRules, oci.RefuseSecrets)
	}
	var cache *oci.Cache
	if c.cache != "" {
		cache = &oci.Cache{Layer: packager.Cache{Dir: c.cache}, Preflight: preflight.Cache{Dir: c.cache}}
	}
	return oci.BuildOptions{
		Cache:        cache,
		GitOpsEngine: engine,
		Layout:       layout,
		Tags:         c.tags,
		Roots:        c.collection.Roots,
		Collect:      c.collection.Options,
		Pack: oci.PackOptions{
			Prefix:      c.prefix,
			Annotations: c.annotations,
			SourceURL:   c.sourceURL,
			Revision:    c.revision,
			Created:     created,
			Level:       c.level,
		},
		Push:      push,
		Preflight: oci.PreflightOptions{Policy: policy, Paths: c.paths, DirectoryRecurse: c.recurse, TargetNamespace: c.target},
	}, nil
}

// createdAt returns the time in -created or, by default, that in SOURCE_DATE_EPOCH; see
// https://reproducible-builds.org/specs/source-date-epoch/.
func (c *config) createdAt(env cli.Env) (time.Time, error) {
	if c.created != "" {
		t, err := time.Parse(time.RFC3339, c.created)
		if err != nil || t.IsZero() { // zero means the default
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

// destination sets the destination in opts to the reference, if there is one.
func (c *config) destination(opts *oci.BuildOptions, flags *flag.FlagSet) error {
	if c.ref == "" {
		return cli.RefuseWithoutRef(flags)
	}
	ref, err := oci.ParseReference(c.ref)
	if err != nil {
		return cli.Usagef("-ref: %w", err)
	}
	if ref.IsDigest() {
		return cli.Usagef("-ref: want a tag, not a digest")
	}
	if ref.Ref == "" {
		return cli.Usagef("-ref: add the tag to push, such as %s:1.0.0", ref)
	}
	*opts = opts.WithReference(ref)
	return nil
}
