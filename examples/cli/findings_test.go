package cli_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/preflight"
)

func printed(findings preflight.Findings, style cli.Style) string {
	var out bytes.Buffer
	cli.PrintFindings(&out, findings, style)
	return out.String()
}

// lines returns how many lines of 80 columns text takes.
func lines(text string) (n int) {
	for line := range strings.Lines(text) {
		n += max(1, (utf8.RuneCountInString(line)+78)/80)
	}
	return n
}

// many returns findings of some rules, a number in different files for each.
func many(rules, each int) (findings preflight.Findings) {
	for rule := range rules {
		for i := range each {
			findings = append(findings, preflight.Finding{
				Code: preflight.Code(fmt.Sprintf("rule-%02d", rule)), Severity: preflight.Severity(1 + rule%3), File: fmt.Sprintf("file-%03d.yaml", i), Line: i + 1, Column: 1,
				Message: strings.Repeat("message ", 20) + "end", Hint: strings.Repeat("hint ", 30),
			})
		}
	}
	return findings
}

// The program prints the counts in one line more, and go run the exit status.
func TestFindingsFitOnAScreen(t *testing.T) {
	for _, tt := range []struct{ rules, each int }{{1, 1}, {1, 5}, {1, 1000}, {3, 40}, {9, 10}, {12, 2}, {18, 1}, {19, 1}, {40, 3}} {
		t.Run(fmt.Sprintf("%d rules, %d findings each", tt.rules, tt.each), func(t *testing.T) {
			findings := many(tt.rules, tt.each)
			text := printed(findings, cli.Style{})
			assert.LessOrEqual(t, lines(text), 20, text)
			assert.True(t, strings.HasSuffix(text, "\n\n"))
			all := printed(findings, cli.Style{All: true})
			assert.Equal(t, tt.rules*tt.each, strings.Count(all, "message end\n"), "-v prints all of them")
			if tt.rules*tt.each == 1 {
				assert.Equal(t, all, text)
			}
		})
	}
}

func TestSummary(t *testing.T) {
	findings := many(3, 12)
	findings = append(findings, preflight.Finding{Code: preflight.CodeNoFiles, Severity: preflight.Error, Message: "nothing"})
	findings[24].Severity = preflight.Warning // the first of rule-02
	assert.Equal(t, `12 errors, 13 warnings and 12 infos in 12 files, by rule (-v lists all of them):
error  rule-02: 12 in 12 files
  file-000.yaml:1:1  message message message message message message message me…
  file-001.yaml:2:1  message message message message message message message me…
  file-002.yaml:3:1  message message message message message message message me…
  hint: `+strings.Repeat("hint ", 30)+`
error  no-files: 1, the artifact has no files
  the artifact  nothing
warning  rule-01: 12 in 12 files
  file-000.yaml:1:1  message message message message message message message me…
  file-001.yaml:2:1  message message message message message message message me…
  file-002.yaml:3:1  message message message message message message message me…
  hint: `+strings.Repeat("hint ", 30)+`
info  rule-00: 12 in 12 files
  file-000.yaml:1:1  message message message message message message message me…
  hint: `+strings.Repeat("hint ", 30)+`

`, printed(findings, cli.Style{}))
}

func TestColors(t *testing.T) {
	findings := preflight.Findings{{Code: "a", Severity: preflight.Error, File: "a.yaml", Message: "m"}, {Code: "b", Severity: preflight.Info, File: "a.yaml", Message: "m"}}
	text := printed(findings, cli.Style{Color: true})
	assert.Equal(t, "a.yaml\n  -  \x1b[31merror\x1b[0m  a  m\n  -  \x1b[36minfo\x1b[0m   b  m\n\n", text)
	assert.Contains(t, printed(many(9, 9), cli.Style{Color: true}), "\x1b[33mwarning\x1b[0m  rule-01: 9 in 9 files\n")
	env := cli.Env{Getenv: func(string) string { return "" }}
	assert.Equal(t, cli.Style{All: true}, env.Style(new(bytes.Buffer), true), "no terminal")
}

// Findings may be those of a Checker, and names of files may have any character.
func TestFindingsDoNotBreakLines(t *testing.T) {
	hostile := preflight.Finding{
		Code: "a\nb", Severity: preflight.Error, File: "c\r\nd\u202e.yaml", Line: 1, Column: 2,
		Message: "e\n\x1b[31mf\x00\u2028\xff", Hint: "g\n::error::h",
	}
	const want = "c  d\uFFFD.yaml\n  1:2  error  a b  e \uFFFD[31mf\uFFFD \uFFFD\n\nhints\n  a b: g ::error::h\n\n"
	assert.Equal(t, want, printed(preflight.Findings{hostile}, cli.Style{}))
	var all preflight.Findings
	for range 50 {
		all = append(all, hostile)
	}
	text := printed(all, cli.Style{})
	assert.Equal(t, 5, strings.Count(text, "\n"), text)
	assert.NotContains(t, text, "\x1b")
}

func TestCounts(t *testing.T) {
	for _, tt := range []struct {
		errors, warnings, infos int
		want                    string
	}{
		{0, 0, 0, ""},
		{1, 0, 0, "1 error"},
		{2, 1, 0, "2 errors and 1 warning"},
		{1, 0, 2, "1 error and 2 infos"},
		{3, 2, 1, "3 errors, 2 warnings and 1 info"},
	} {
		var findings preflight.Findings
		for severity, n := range map[preflight.Severity]int{preflight.Error: tt.errors, preflight.Warning: tt.warnings, preflight.Info: tt.infos} {
			for range n {
				findings = append(findings, preflight.Finding{Severity: severity})
			}
		}
		assert.Equal(t, tt.want, cli.Counts(findings))
	}
}
