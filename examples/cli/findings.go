package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"

	"github.com/kubeoci/oci/preflight"
)

// Style selects how findings are printed.
type Style struct {
	// All prints all findings in full, even if they do not fit on a screen.
	All bool
	// Color prints severities in color.
	Color bool
}

// Style returns the style for an output, which has colors on a terminal unless NO_COLOR
// is set.
func (e Env) Style(out io.Writer, all bool) Style {
	return Style{All: all, Color: isTerminal(out) && e.Getenv("NO_COLOR") == ""}
}

// A screen has 24 lines of 80 columns, of which the program needs some for its result.
const (
	screen  = 20
	columns = 80
)

// PrintFindings prints findings by file, and then their hints. If they do not fit on a
// screen it prints a summary of each rule instead, unless all are asked for. Errors are
// not reported: w must keep them, as a bufio.Writer does, if they matter.
func PrintFindings(w io.Writer, findings preflight.Findings, style Style) {
	if !style.All && linesOf(inFull(findings, false)) > screen {
		printSummary(w, findings, style.Color)
		return
	}
	_, _ = io.WriteString(w, inFull(findings, style.Color)) // w keeps the error, here and below
}

// linesOf returns how many lines of a screen text takes.
func linesOf(text string) (lines int) {
	for line := range strings.Lines(text) {
		lines += max(1, (utf8.RuneCountInString(strings.TrimSuffix(line, "\n"))+columns-1)/columns)
	}
	return lines
}

// inFull returns all findings by file, and their hints.
func inFull(findings preflight.Findings, color bool) string {
	text := new(strings.Builder)
	for i, f := range findings {
		if i == 0 || f.File != findings[i-1].File {
			end := i + 1
			for end < len(findings) && findings[end].File == f.File {
				end++
			}
			printFile(text, findings[i:end], color)
		}
	}
	printHints(text, findings)
	return text.String()
}

func printFile(w io.Writer, findings preflight.Findings, color bool) {
	_, _ = fmt.Fprintln(w, fileOf(findings[0]))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range findings {
		position := "-"
		if f.Line > 0 {
			position = fmt.Sprintf("%d:%d", f.Line, f.Column)
		}
		_, _ = fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", position, severity(f.Severity, color), OneLine(string(f.Code)), OneLine(f.Message))
	}
	_ = table.Flush()
	_, _ = fmt.Fprintln(w)
}

// printHints prints each hint once for each code.
func printHints(w io.Writer, findings preflight.Findings) {
	var lines []string
	for _, f := range findings {
		if f.Hint != "" {
			lines = append(lines, fmt.Sprintf("  %s: %s\n", OneLine(string(f.Code)), OneLine(Hint(f.Hint))))
		}
	}
	if slices.Sort(lines); len(lines) > 0 {
		_, _ = fmt.Fprintf(w, "hints\n%s\n", strings.Join(slices.Compact(lines), ""))
	}
}

func fileOf(f preflight.Finding) string {
	if f.File == "" {
		return "the artifact"
	}
	return OneLine(f.File)
}

// severity returns the name of a severity. Those in color are equally longer.
func severity(s preflight.Severity, color bool) string {
	if !color {
		return s.String()
	}
	code := map[preflight.Severity]int{preflight.Error: 31, preflight.Warning: 33}[s]
	return fmt.Sprintf("\x1b[%dm%v\x1b[0m", cmp.Or(code, 36), s)
}

// OneLine returns text without line breaks and invisible characters, which would break the
// output or make it read as something else.
func OneLine(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r):
			return utf8.RuneError
		}
		return r
	}, text)
}

// Counts describes how many findings there are of each severity, such as "2 errors and 1
// warning".
func Counts(findings preflight.Findings) string {
	var counts []string
	for s := preflight.Error; s >= preflight.Info; s-- {
		n := 0
		for _, f := range findings {
			if f.Severity == s {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, Plural(n, s.String()))
		}
	}
	if last := len(counts) - 1; last > 0 {
		return strings.Join(counts[:last], ", ") + " and " + counts[last]
	}
	return strings.Join(counts, "")
}

// Plural counts things, such as "1 file" and "2 files".
func Plural[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
