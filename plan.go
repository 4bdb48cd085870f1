package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/internal/redact"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// BuildPlan describes what a build would do. It marshals to JSON.
type BuildPlan struct {
	// Result is that of the build. Unchanged reports that no tag would be set; whether the
	// registry has the blobs was not asked, except with Push.KeepSameContent. It is never set
	// with Push.DigestOnly. Without a registry, the fields about it are empty.
	Result BuildResult `json:"result"`
	// Refused are the findings for which the build would fail before it sends anything, or
	// empty.
	Refused []Finding `json:"refused,omitempty"`
	// Tags describe what each tag points to and what the build would do with it, in the
	// order in which they are set. They are empty without a registry.
	Tags []TagPlan `json:"tags,omitempty"`
}

// TagPlan describes what a build would do with a tag.
type TagPlan = registry.TagPlan

// planEndpoint stands for the registry of a plan that has none (RFC 2606, section 2), and
// planRepository for a repository that does not follow from the source either.
const (
	planEndpoint   = "registry.invalid"
	planRepository = "plan"
)

// Plan does everything that [Builder.Build] does with the same options, except that it
// sends nothing: it collects, packs and checks the files, and looks the tags up. The digest
// is that of the build, as long as the files do not change.
//
// OnEvent receives the events of these phases.
//
// Without RegistryEndpoint no registry is asked, and Repository and Version may be empty.
// An artifact that preflight refuses is no error here: see [BuildPlan.Refused].
//
// Errors are those of Build, except [ErrPreflight] and [ErrRegistryTagConflict]. Plan is
// safe for concurrent use, and its memory is that of a build.
func (b *Builder) Plan(ctx context.Context, opts BuildOptions) (BuildPlan, error) {
	if err := calls.Check(ctx); err != nil {
		return BuildPlan{}, err
	}
	offline := trimBlanks(opts.RegistryEndpoint) == ""
	if offline {
		opts.RegistryEndpoint = planEndpoint
		opts.Registry.AllowPlainHTTPCredentials = true // none is sent
		switch noVersion := trimBlanks(opts.Version) == "" && !opts.Push.DigestOnly; {
		case noVersion && len(opts.Tags) > 0:
			opts.Version, opts.Tags = opts.Tags[0], opts.Tags[1:]
		case noVersion:
			opts.Push.DigestOnly = true
		}
	}
	j, err := opts.job()
	nameless := offline && errors.Is(err, ErrRepositoryRequired)
	if nameless {
		opts.Repository = planRepository
		j, err = opts.job()
	}
	if err != nil {
		return BuildPlan{}, err
	}
	set, err := manifests.CollectRoots(ctx, j.opts.roots(), j.opts.Collect)
	if err != nil {
		return BuildPlan{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := newReporter(j, cancel)
	defer events.Close()
	j.opts.Push = events.pushOptions(ctx, j.opts.Push)
	events.collected(ctx, set)
	plan, err := packager.NewPlan(set, j.opts.Layout, j.packOptions())
	if err != nil {
		return BuildPlan{}, err
	}
	pack := newPacking(plan, j.opts)
	defer pack.close()
	packed, err := pack.run(ctx)
	if err != nil {
		return BuildPlan{}, err
	}
	events.packed(ctx, packed)
	findings, secrets, err := j.check(ctx, packed, pack.observer)
	j.namespaces = pack.observer.HasNamespaces()
	refusal, refused := errors.AsType[*PreflightError](err)
	if err != nil && !refused {
		return BuildPlan{}, err
	}
	planned := registry.PushPlan{Manifest: packed.Manifest}
	if !offline {
		if planned, err = b.planTags(context.WithValue(ctx, secretsKey{}, secrets), j, pack, packed); err != nil {
			return BuildPlan{}, err
		}
	}
	result := BuildPlan{Tags: planned.Tags}
	if refused {
		result.Refused = refusal.Reasons
	}
	result.Result = j.result(packed, findings, registry.PushResult{
		Manifest: planned.Manifest, SameContent: planned.SameContent, Unchanged: isUnchanged(planned),
	}, opts.Repository)
	if offline {
		result.Result.Artifact.RegistryEndpoint, result.Result.Artifact.Reference, result.Result.Artifact.PlainHTTP = "", "", false
	}
	if nameless {
		result.Result.Artifact.Repository, result.Result.Artifact.Name = "", j.title
	}
	return result, nil
}

// planTags looks the tags up.
func (b *Builder) planTags(ctx context.Context, j job, pack *packing, packed packager.Result) (registry.PushPlan, error) {
	client, err := b.clients.get(j.opts.RegistryEndpoint, j.opts.Registry)
	if err != nil {
		return registry.PushPlan{}, err
	}
	defer b.clients.release(client)
	destination, err := client.Lookup(ctx, j.opts.Repository, j.opts.allTags(), j.opts.Push)
	if err != nil {
		return registry.PushPlan{}, err
	}
	return destination.Plan(ctx, pack, packed.Manifest)
}

// isUnchanged reports whether no tag would be set.
func isUnchanged(plan registry.PushPlan) bool {
	for _, tag := range plan.Tags {
		if tag.Action != registry.ActionNothing {
			return false
		}
	}
	return len(plan.Tags) > 0
}

// WriteText writes the plan for people: a line for each tag, for each finding because of
// which the build would fail, and for the artifact. It has no passwords in URLs, and no
// control characters of others. The text may change.
func (p BuildPlan) WriteText(w io.Writer) error {
	var text strings.Builder
	a := p.Result.Artifact
	row := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(&text, "%s\t%s\n", name, oneLine(redact.Addresses(fmt.Sprintf(format, args...)))) // never fails
	}
	if a.Reference != "" {
		row("artifact", "%s", a.Reference)
	}
	row("digest", "%s, %d bytes", a.Digest, a.ManifestSize)
	row("content", "%s, %d bytes", a.ContentDigest, a.ContentSize)
	row("files", "%d, %d skipped", len(p.Result.Files), len(p.Result.Skipped))
	row("layer", "%s, %d bytes", a.LayerDigest, a.LayerSize)
	for _, paths := range a.AllPaths {
		row("paths", "Flux %s, Argo CD %s", paths.Flux, paths.ArgoCD)
	}
	for _, tag := range p.Tags {
		row("tag "+tag.Tag, "%s", describeTag(tag))
	}
	for _, f := range p.Refused {
		row("refused", "%v", f)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(table, text.String()); err != nil {
		return err
	}
	return table.Flush()
}

// oneLine replaces what a terminal does not print, such as in the reason of a rule that
// quotes the registry.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

func describeTag(tag TagPlan) string {
	text := string(tag.Action)
	if tag.Have != "" {
		text += ", it points to " + tag.Have.String()
	}
	if tag.Reason != "" {
		text += ": " + tag.Reason
	}
	return text
}
