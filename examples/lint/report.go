package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/preflight"
)

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

// report prints the findings of a severity or worse, and the number of all findings.
func report(w io.Writer, files int, findings preflight.Findings, least preflight.Severity, asJSON bool) error {
	total, shown := count(files, findings), findings.AtLeast(least)
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(struct {
			Findings preflight.Findings `json:"findings"`
			Summary  summary            `json:"summary"`
		}{append(preflight.Findings{}, shown...), total})
	}
	out := bufio.NewWriter(w)
	cli.PrintFindings(out, shown)
	_, _ = fmt.Fprintln(out, total) // Flush has the error
	return out.Flush()
}
