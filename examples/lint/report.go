package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/kubeoci/oci/preflight"
)

// summary counts all findings, printed or not.
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

// report prints the findings from a severity on, and how many there are of all.
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
	printByFile(out, shown)
	printHints(out, shown)
	_, _ = fmt.Fprintln(out, total) // Flush has the error
	return out.Flush()
}

func printByFile(w io.Writer, findings preflight.Findings) {
	for i, f := range findings {
		if i == 0 || f.File != findings[i-1].File {
			end := i + 1
			for end < len(findings) && findings[end].File == f.File {
				end++
			}
			printFile(w, findings[i:end])
		}
	}
}

func printFile(w io.Writer, findings preflight.Findings) {
	name := findings[0].File
	if name == "" {
		name = "the artifact"
	}
	_, _ = fmt.Fprintln(w, name) // the caller's Flush has the error, here and below
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range findings {
		place := "-"
		if f.Line > 0 {
			place = fmt.Sprintf("%d:%d", f.Line, f.Column)
		}
		_, _ = fmt.Fprintf(table, "  %s\t%v\t%s\t%s\n", place, f.Severity, f.Code, f.Message)
	}
	_ = table.Flush()
	_, _ = fmt.Fprintln(w)
}

// printHints says what to do, once for all that is of one kind.
func printHints(w io.Writer, findings preflight.Findings) {
	var lines []string
	for _, f := range findings {
		if f.Hint != "" {
			lines = append(lines, fmt.Sprintf("  %s: %s\n", f.Code, f.Hint))
		}
	}
	if slices.Sort(lines); len(lines) > 0 {
		_, _ = fmt.Fprintf(w, "what to do\n%s\n", strings.Join(slices.Compact(lines), ""))
	}
}
