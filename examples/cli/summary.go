package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kubeoci/oci/preflight"
)

// maxExamples is how many findings of a rule are shown.
const maxExamples = 3

// ruleSummary is what a summary shows of the findings of one rule.
type ruleSummary struct {
	code     preflight.Code
	worst    preflight.Severity
	findings int
	files    int
	examples []preflight.Finding // in different files
	hint     string              // of the first finding with one

	shown    int // examples
	withHint bool
}

// hints is the pass after the first example of each rule.
const hints = 1

// printSummary prints the number of findings of each rule, and as many examples and hints
// as fit on a screen: one example of each error, the hints for errors, and then the same of
// all rules, each from the worst rule on. Rules of the severity info come last.
func printSummary(w io.Writer, findings preflight.Findings, color bool) {
	files := map[string]bool{}
	for _, f := range findings {
		files[f.File] = true
	}
	delete(files, "")
	_, _ = fmt.Fprintf(w, "%s in %s, by rule (-v lists all of them):\n", Counts(findings), Plural(len(files), "file"))
	rules := summarize(findings)
	left := screen - 2 // the first line, and a blank one at the end
	var hidden []ruleSummary
	if len(rules) > left {
		rules, hidden = rules[:left-1], rules[left-1:]
	}
	left -= len(rules)
	if len(hidden) > 0 {
		left--
	}
	errors := slices.IndexFunc(rules, func(r ruleSummary) bool { return r.worst < preflight.Error })
	if errors < 0 {
		errors = len(rules)
	}
	for _, first := range [][]ruleSummary{rules[:errors], rules} {
		for pass := range maxExamples + 1 {
			if len(first) < len(rules) && pass > hints {
				break // further examples of errors come after the hints of all rules
			}
			for i := range first {
				left -= first[i].show(pass, left)
			}
		}
	}
	for _, r := range rules {
		r.print(w, color)
	}
	if len(hidden) > 0 {
		_, _ = fmt.Fprintf(w, "and %s\n", Plural(len(hidden), "more rule"))
	}
	_, _ = fmt.Fprintln(w)
}

// summarize returns the rules with findings, the worst first.
func summarize(findings preflight.Findings) []ruleSummary {
	byCode := map[preflight.Code]*ruleSummary{}
	files := map[preflight.Code]map[string]bool{}
	for _, f := range findings {
		r := byCode[f.Code]
		if r == nil {
			r = &ruleSummary{code: f.Code}
			byCode[f.Code], files[f.Code] = r, map[string]bool{}
		}
		r.findings++
		r.worst = max(r.worst, f.Severity)
		r.hint = cmp.Or(r.hint, f.Hint)
		if !files[f.Code][f.File] && len(r.examples) < maxExamples {
			r.examples = append(r.examples, f)
		}
		files[f.Code][f.File] = true
	}
	rules := make([]ruleSummary, 0, len(byCode))
	for code, r := range byCode {
		delete(files[code], "")
		r.files = len(files[code])
		rules = append(rules, *r)
	}
	slices.SortFunc(rules, func(a, b ruleSummary) int {
		return cmp.Or(cmp.Compare(b.worst, a.worst), cmp.Compare(b.findings, a.findings), cmp.Compare(a.code, b.code))
	})
	return rules
}

// show adds an example or the hint, if there are enough lines left, and returns how many it
// takes.
func (r *ruleSummary) show(pass, left int) int {
	lines := 1
	if pass == hints {
		lines = linesOf(r.hintLine())
	}
	switch {
	case lines > left, pass == 0 && (r.worst == preflight.Info || r.shown > 0), pass == hints && r.withHint:
		return 0
	case pass == hints:
		r.withHint = r.hint != ""
		return lines
	case r.shown < len(r.examples):
		r.shown++
		return lines
	}
	return 0
}

func (r *ruleSummary) hintLine() string {
	if r.hint == "" {
		return ""
	}
	return "  hint: " + OneLine(Hint(r.hint))
}

func (r *ruleSummary) print(w io.Writer, color bool) {
	head := fmt.Sprintf("%v  %s: %d", r.worst, OneLine(string(r.code)), r.findings)
	if r.files > 0 {
		head += " in " + Plural(r.files, "file")
	}
	if description := r.code.Description(); description != "" {
		head += ", " + description
	}
	_, _ = fmt.Fprintln(w, strings.Replace(cut(head), r.worst.String(), severity(r.worst, color), 1))
	for _, f := range r.examples[:r.shown] {
		position := fileOf(f)
		if f.Line > 0 {
			position += fmt.Sprintf(":%d:%d", f.Line, f.Column)
		}
		_, _ = fmt.Fprintln(w, cut("  "+position+"  "+OneLine(f.Message)))
	}
	if r.withHint {
		_, _ = fmt.Fprintln(w, r.hintLine())
	}
}

// cut returns text that fits on a line.
func cut(text string) string {
	if utf8.RuneCountInString(text) <= columns {
		return text
	}
	runes := []rune(text)
	return strings.TrimRight(string(runes[:columns-1]), " ") + "…"
}
