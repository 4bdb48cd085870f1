package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"

	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/preflight"
)

// report is the result of a check.
type report struct {
	findings preflight.Findings // those to print
	summary  summary            // of all
	roots    []manifests.Root   // the first is DIR
	style    cli.Style
}

// formats are the functions that print a report.
var formats = map[string]func(report, io.Writer) error{
	"text": report.text, "json": report.json, "sarif": report.sarif, "github": report.github,
}

// summary counts all findings, whether or not they are printed.
type summary struct {
	Files    int `json:"files"`
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Infos    int `json:"infos"`
}

func count(files int, findings preflight.Findings) summary {
	s := summary{Files: files}
	for _, f := range findings {
		switch f.Severity {
		case preflight.Error:
			s.Errors++
		case preflight.Warning:
			s.Warnings++
		case preflight.Info:
			s.Infos++
		}
	}
	return s
}

func (s summary) String() string {
	return fmt.Sprintf("files: %d, errors: %d, warnings: %d, infos: %d", s.Files, s.Errors, s.Warnings, s.Infos)
}

// text is for people.
func (r report) text(w io.Writer) error {
	out := bufio.NewWriter(w)
	cli.PrintFindings(out, r.findings, r.style)
	_, _ = fmt.Fprintln(out, r.summary) // Flush has the error
	return out.Flush()
}

func (r report) json(w io.Writer) error {
	return writeJSON(w, struct {
		Findings preflight.Findings `json:"findings"`
		Summary  summary            `json:"summary"`
	}{append(preflight.Findings{}, cli.Env{}.HintFlags(r.findings)...), r.summary})
}

func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// pathOf returns the path of a file in the working directory.
func (r report) pathOf(file string) string {
	dir := r.roots[0].Dir
	for _, root := range r.roots[1:] {
		if below, err := filepath.Rel(filepath.FromSlash(root.Path), filepath.FromSlash(file)); err == nil && filepath.IsLocal(below) {
			dir, file = root.Dir, below
			break
		}
	}
	return filepath.ToSlash(filepath.Join(dir, filepath.FromSlash(file)))
}
