package preflight

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// judgement is the result of a check at one path.
type judgement struct {
	path     string
	findings Findings
	omitted  counts // not among the findings
}

// conclude returns the findings of all paths in their order, each once, and one that
// describes those that are not listed.
func conclude(all []judgement, opts Options) Findings {
	limited, several := newReport(opts), len(all) > 1
	findings, omitted := all[0].findings, all[0].omitted
	if several {
		// The limits held for each path, and now hold for all of them together.
		for _, f := range distinctFindings(all) {
			limited.keep(found{Finding: f})
		}
		findings, omitted = limited.findings(0)
		for severity := range omitted {
			most := slices.MaxFunc(all, func(a, b judgement) int { return a.omitted[severity] - b.omitted[severity] })
			omitted[severity] += most.omitted[severity]
		}
	}
	findings = findings.sorted()
	if f, some := limited.omission(omitted, several); some {
		findings = append(findings, f)
	}
	return findings
}

// place is where a rule found something.
type place struct {
	code         Code
	file         string
	line, column int
}

// sameFinding distinguishes findings of several paths.
type sameFinding struct {
	place
	message string
}

// at is a finding, and the paths at which it is as bad as it gets.
type at struct {
	Finding
	paths []string
}

// distinctFindings returns the findings of several paths, each once, the worst first. It
// keeps the worst of those that a rule of this package has for one place of a file.
func distinctFindings(all []judgement) Findings {
	byText, worst := map[sameFinding]*at{}, map[place]Severity{}
	var found []*at
	for _, j := range all {
		for _, f := range j.findings {
			where := place{f.Code, f.File, f.Line, f.Column}
			worst[where] = max(worst[where], f.Severity)
			same := byText[sameFinding{where, f.Message}]
			switch {
			case same == nil:
				same = &at{f, []string{j.path}}
				byText[sameFinding{where, f.Message}] = same
				found = append(found, same)
			case same.Severity < f.Severity:
				same.Finding, same.paths = f, []string{j.path}
			case same.Severity == f.Severity && same.paths[len(same.paths)-1] != j.path:
				same.paths = append(same.paths, j.path)
			}
		}
	}
	var findings Findings
	for _, f := range found {
		ofChecker := f.Code.Description() == "" // does not depend on the path
		if ofChecker || f.File == "" || f.Severity == worst[place{f.Code, f.File, f.Line, f.Column}] {
			f.namePaths(all)
			findings = append(findings, f.Finding)
		}
	}
	slices.SortStableFunc(findings, func(a, b Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	return findings
}

// namePaths adds the paths to the message if neither the file nor the message itself
// show them.
func (f *at) namePaths(all []judgement) {
	if len(f.paths) == len(all) || f.File == "" && slices.ContainsFunc(f.paths, func(p string) bool { return strings.Contains(f.Message, p) }) {
		return
	}
	var containing, quoted []string
	for _, j := range all {
		if j.path == "." || isAt(f.File, j.path) {
			containing = append(containing, j.path)
		}
	}
	if f.File != "" && slices.Equal(containing, f.paths) {
		return
	}
	for _, p := range f.paths {
		quoted = append(quoted, fmt.Sprintf("%.255q", p))
	}
	f.Message += " (at the path " + strings.Join(quoted, " and ") + ")"
}
