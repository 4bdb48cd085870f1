package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/unpacker"
)

// printEvent shows progress.
func printEvent(p *cli.Progress, e oci.Event) {
	switch {
	case e.Phase == oci.PhaseCollect:
		p.Line("collected %s, %s", cli.Plural(e.Files, "file"), cli.Plural(e.Bytes, "byte"))
	case e.Phase == oci.PhasePack:
		p.Line("packed %s into %d bytes", cli.Plural(e.Files, "file"), e.Bytes)
	case e.Push != nil:
		done := "sent"
		if e.Push.Tag != "" {
			done = "set"
		}
		p.Transfer(*e.Push, done)
	}
}

// refusal is the error for findings that are printed already.
type refusal struct{ reasons preflight.Findings }

func (r *refusal) Error() string {
	return "not pushed: preflight refuses the artifact because of " + cli.Counts(r.reasons)
}

// printRefusal prints the findings and the reasons as JSON.
func (c *config) printRefusal(env cli.Env, refused *oci.PreflightError) error {
	if !c.json {
		return nil
	}
	return writeJSON(env.Stdout, &oci.PreflightError{Findings: env.HintFlags(refused.Findings), Reasons: env.HintFlags(refused.Reasons)})
}

func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// printResult prints the digest and the reference last, where a person looks for them.
func (c *config) printResult(env cli.Env, result oci.BuildResult) error {
	if c.json {
		result.Findings = env.HintFlags(result.Findings)
		return writeJSON(env.Stdout, result)
	}
	a := result.Artifact
	verb := "pushed"
	if result.Unchanged {
		verb = "unchanged"
	}
	out := bufio.NewWriter(env.Stdout)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(table, "%s\t"+format+"\n", append([]any{name}, args...)...) // Flush has the error
	}
	row("checked", "%s", checkedLine(result))
	for _, line := range skippedLines(result.Skipped, c.verbose) {
		row("skipped", "%s", line)
	}
	row("tags", "%s", strings.Join(result.Tags, ", "))
	row("created", "%s", a.CreatedAt.Format(time.RFC3339))
	row("layer", "%s  %d bytes", a.LayerDigest, a.LayerSize)
	row("content", "%s  %d bytes, %s", a.ContentDigest, a.ContentSize, cli.Plural(len(result.Files), "file"))
	for _, p := range a.AllPaths {
		row("Flux", "path: %s", p.Flux)
		row("Argo CD", "path: %s", p.ArgoCD)
	}
	row("manifest", "%s  %d bytes", a.Digest, a.ManifestSize)
	if result.RequestedRepository != "" {
		row("", "%q is not a legal repository", result.RequestedRepository)
	}
	row(verb, "%s", a.Reference)
	return errors.Join(table.Flush(), out.Flush())
}

// checkedLine describes what preflight found, or that the artifact was not checked.
func checkedLine(result oci.BuildResult) string {
	switch {
	case result.Preflight == oci.PreflightOff:
		return "no, because of -preflight off"
	case len(result.Findings) == 0:
		return "no findings"
	}
	return cli.Counts(result.Findings)
}

// maxListed is how many lines about files a person reads. More are counted instead.
const maxListed = 20

// skippedLines returns a line for each skipped entry, or for each reason.
func skippedLines(skipped []oci.Skipped, all bool) (lines []string) {
	if len(skipped) > maxListed/4 && !all {
		return []string{countReasons(skipped) + ", -v lists them"}
	}
	for _, s := range skipped {
		reason := string(s.Reason)
		if s.Pattern != "" {
			reason = fmt.Sprintf("%s by %q, %s", s.Reason, s.Pattern, s.Source)
		}
		lines = append(lines, fmt.Sprintf("%q (%s)", s.Path, reason))
	}
	return lines
}

// countReasons returns how many entries were skipped for each reason.
func countReasons(skipped []oci.Skipped) string {
	counts := map[manifests.Reason]int{}
	for _, s := range skipped {
		counts[s.Reason]++
	}
	var texts []string
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		texts = append(texts, fmt.Sprintf("%d (%s)", counts[reason], reason))
	}
	return strings.Join(texts, ", ")
}

// printFiles lists the files that were read back.
func printFiles(w io.Writer, files []unpacker.File, all bool) error {
	if len(files) > maxListed && !all {
		_, err := fmt.Fprintf(w, "Read back from the registry: %d files, -v lists them\n\n", len(files))
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(w, "Read back from the registry:\n") // Flush has the error
	for _, f := range files {
		_, _ = fmt.Fprintf(table, "%d\t  %q\n", f.Size, f.Path)
	}
	_, _ = fmt.Fprintln(table)
	return table.Flush()
}
