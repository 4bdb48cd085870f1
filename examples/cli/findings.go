package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/kubeoci/oci/preflight"
)

// PrintFindings prints findings by file, and then their hints. Errors are not reported:
// w must keep them, as a bufio.Writer does, if they matter.
func PrintFindings(w io.Writer, findings preflight.Findings) {
	printByFile(w, findings)
	printHints(w, findings)
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
	_, _ = fmt.Fprintln(w, name) // w keeps the error, here and below
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range findings {
		position := "-"
		if f.Line > 0 {
			position = fmt.Sprintf("%d:%d", f.Line, f.Column)
		}
		_, _ = fmt.Fprintf(table, "  %s\t%v\t%s\t%s\n", position, f.Severity, f.Code, f.Message)
	}
	_ = table.Flush()
	_, _ = fmt.Fprintln(w)
}

// printHints prints each hint once for each code.
func printHints(w io.Writer, findings preflight.Findings) {
	var lines []string
	for _, f := range findings {
		if f.Hint != "" {
			lines = append(lines, fmt.Sprintf("  %s: %s\n", f.Code, Hint(f.Hint)))
		}
	}
	if slices.Sort(lines); len(lines) > 0 {
		_, _ = fmt.Fprintf(w, "hints\n%s\n", strings.Join(slices.Compact(lines), ""))
	}
}
