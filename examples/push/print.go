package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/unpacker"
)

// printEvent shows progress.
func printEvent(p *cli.Progress, e oci.Event) {
	switch {
	case e.Phase == oci.PhaseCollect:
		p.Line("collected %d files, %d bytes", e.Files, e.Bytes)
	case e.Phase == oci.PhasePack:
		p.Line("packed %d files into %d bytes", e.Files, e.Bytes)
	case e.Push != nil:
		done := "sent"
		if e.Push.Tag != "" {
			done = "set"
		}
		p.Transfer(*e.Push, done)
	}
}

func printResult(w io.Writer, result oci.BuildResult, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(result)
	}
	a := result.Artifact
	verb := "pushed"
	if result.Unchanged {
		verb = "unchanged"
	}
	out := bufio.NewWriter(w)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(table, "%s\t"+format+"\n", append([]any{name}, args...)...) // Flush has the error
	}
	row(verb, "%s", a.Reference)
	if result.RequestedRepository != "" {
		row("", "%q is not a legal repository", result.RequestedRepository)
	}
	row("tags", "%s", strings.Join(result.Tags, ", "))
	row("created", "%s", a.CreatedAt.Format(time.RFC3339))
	row("manifest", "%s  %d bytes", a.Digest, a.ManifestSize)
	row("layer", "%s  %d bytes", a.LayerDigest, a.LayerSize)
	row("content", "%s  %d bytes, %d files", a.ContentDigest, a.ContentSize, len(result.Files))
	paths := a.AllPaths
	if len(paths) == 0 {
		paths = []oci.EnginePaths{a.Paths}
	}
	for _, p := range paths {
		row("Flux", "path: %s", p.Flux)
		row("Argo CD", "path: %s", p.ArgoCD)
	}
	for _, s := range result.Skipped {
		reason := string(s.Reason)
		if s.Pattern != "" {
			reason = fmt.Sprintf("%s by %q, %s", s.Reason, s.Pattern, s.Source)
		}
		row("skipped", "%q (%s)", s.Path, reason)
	}
	return errors.Join(table.Flush(), out.Flush())
}

// printFiles lists the files that were read back.
func printFiles(w io.Writer, files []unpacker.File) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(w, "\nRead back from the registry:\n") // Flush has the error
	for _, f := range files {
		_, _ = fmt.Fprintf(table, "%d\t  %q\n", f.Size, f.Path)
	}
	return table.Flush()
}
