package preflight

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/flux"
	"github.com/kubeoci/oci/packager"
)

// hintFluxIgnored is for a file that Flux needs.
const hintFluxIgnored = "rename it, or add a .sourceignore file with at least one rule, which replaces the defaults, and name it in Collect.Include"

func isSourceIgnore(name string) bool { return path.Base(name) == flux.IgnoreFile }

// checkFluxIgnored reports the files that Flux drops. A file without objects is
// usually one for another program.
func checkFluxIgnored(m *model, r notes) {
	for _, v := range m.views {
		for _, i := range v.ignored {
			if m.ended() {
				return
			}
			f := Finding{File: i.file.Path, Message: "Flux ignores a file with this name by default"}
			if i.object {
				f.Severity = Warning
			}
			if i.by.file != "" {
				f.Message = fmt.Sprintf("Flux ignores this file because of the rule %.80q, %s:%d", i.by.rule.Text, m.ignoreFiles[i.by.file].file.Path, i.by.rule.Line)
				f.Hint = "negate the rule there, or keep the .sourceignore file out of the artifact"
			}
			r.add(f, v)
		}
	}
}

func checkSourceIgnore(m *model, r notes) {
	if m.unknown != nil {
		r.add(Finding{Severity: Warning, File: m.unknown.file.Path, Message: m.unknown.reason + ", so the files that Flux ignores are not known, and nothing is checked for Flux", Hint: m.unknown.hint})
		return
	}
	reading := m.of(packager.GitOpsEngineFlux)
	if len(reading) == 0 {
		return
	}
	for _, s := range m.sources {
		if len(s.ignoreRules()) > 0 {
			r.add(Finding{File: s.file.Path, Message: "this file replaces Flux's default ignore rules"}, reading...)
		}
	}
}

// unknownRules describes why the files that Flux ignores are not known.
type unknownRules struct {
	*source
	reason, hint string
}

// maxMatches bounds the time for matching files with ignore rules: so many comparisons
// of a rule with a name take some seconds. A tree of 100,000 files, five directories
// deep, comes there with 1,000 rules.
const maxMatches = 500_000_000

// findIgnoreRules reads the rules of all ignore files in the archive.
func (m *model) findIgnoreRules() {
	var files []flux.File
	rules := map[string]int{} // their number in each directory
	m.ignoreFiles = map[string]*source{}
	for _, s := range m.sources {
		if s.isUnread() && isSourceIgnore(s.file.Path) {
			m.unknown = &unknownRules{s, "this file is not checked", "keep the .sourceignore file small, or out of the artifact"}
		}
		if len(s.ignoreRules()) == 0 {
			continue
		}
		for _, c := range m.copies {
			entry := c + s.file.Path
			files = append(files, flux.File{Path: entry, Rules: s.ignoreRules()})
			m.ignoreFiles[entry] = s
			rules[path.Dir(entry)] += len(s.ignoreRules())
		}
	}
	m.ignore = flux.NewIgnore(files)
	if len(files) == 0 {
		return
	}
	above := &byDirectory[int]{of: func(dir string, above int) int { return above + rules[dir] }}
	matches := 0
	for _, s := range m.sources {
		for _, c := range m.copies {
			entry := c + s.file.Path
			matches += above.at(path.Dir(entry)) * (1 + strings.Count(entry, "/"))
		}
	}
	if m.unknown == nil && matches > maxMatches {
		m.unknown = &unknownRules{m.ignoreFiles[files[0].Path], fmt.Sprintf("matching the names of all files with all ignore rules takes more than %d comparisons", maxMatches), "remove ignore rules, or keep the .sourceignore files out of the artifact"}
	}
}

// match is the rule for which Flux drops a file of the archive, and its ignore file.
type match struct {
	rule *flux.Rule
	file string
}

// dropped returns the files that Flux drops, by their paths in the archive.
func (m *model) dropped() map[string]match {
	if m.matches != nil {
		return m.matches
	}
	m.matches = map[string]match{}
	always := slices.ContainsFunc(m.copies, m.ignore.MayMatch)
	before, inDirectory := "", false
	for _, s := range m.sources {
		if m.ended() {
			break
		}
		dir, name := path.Split(s.file.Path)
		if dir != before { // one after another has the same directory
			before, inDirectory = dir, m.ignore.MayMatch(dir)
		}
		if !always && !inDirectory && !m.ignore.MayMatch(name) {
			continue
		}
		for n, c := range m.copies {
			entry := c + s.file.Path
			if rule, file := m.ignore.Match(entry); rule != nil {
				m.matches[entry] = match{rule, file}
				s.dropped |= 1 << n
			}
		}
	}
	return m.matches
}
