package preflight

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

const sourceIgnore = ".sourceignore"

func isSourceIgnore(name string) bool { return path.Base(name) == sourceIgnore }

// fluxRules are those by which Flux drops files of the artifact when it has
// unpacked it: those of the .sourceignore files in it, of which each is about its
// folder, and those about version control. Where there is no rule in a file, its
// defaults are in force.
type fluxRules struct {
	always   []fluxRule
	byFolder map[string][]fluxRule
}

// versionControl is how many of manifests.FluxDefaults, which come first, are
// about version control.
const versionControl = 4

// findFluxRules looks for the rules in all of the archive.
func (c *checker) findFluxRules() {
	defaults := manifests.FluxDefaults()
	for _, e := range c.entries {
		s := c.byPath[e.File.Path]
		if len(s.rules) == 0 {
			continue
		}
		defaults = defaults[:versionControl]
		rules := slices.Clone(s.rules)
		folder := path.Dir(e.Path)
		for i := range rules {
			rules[i].file = s
			rules[i].depth = strings.Count(e.Path, "/")
		}
		if c.flux.byFolder == nil {
			c.flux.byFolder = map[string][]fluxRule{}
		}
		c.flux.byFolder[folder] = rules
	}
	for _, text := range defaults {
		c.flux.always = append(c.flux.always, parseFluxRule(text))
	}
}

// dropping is the rule for which Flux drops an entry of the archive, or nil. The
// last rule of the innermost folder is the one that decides.
func (f *fluxRules) dropping(name string) *fluxRule {
	names := strings.Split(name, "/")
	if len(f.byFolder) > 0 {
		for folder := path.Dir(name); ; folder = path.Dir(folder) {
			if rule := lastMatch(f.byFolder[folder], names); rule != nil {
				return rule.unlessTaking()
			}
			if folder == "." {
				break
			}
		}
	}
	return lastMatch(f.always, names).unlessTaking()
}

func lastMatch(rules []fluxRule, names []string) *fluxRule {
	for i := len(rules) - 1; i >= 0; i-- {
		if rules[i].matches(names) {
			return &rules[i]
		}
	}
	return nil
}

func (r *fluxRule) unlessTaking() *fluxRule {
	if r == nil || r.taking {
		return nil
	}
	return r
}

// dropping is the rule for which an engine drops an entry of the archive. Argo CD
// drops none.
func (c *checker) dropping(v *view, name string) *fluxRule {
	if v.engine != packager.GitOpsEngineFlux {
		return nil
	}
	return c.flux.dropping(name)
}

// addIgnored reports a file that Flux drops. One that is no manifest is one for
// another program more often than not, and well left out.
func (c *checker) addIgnored(v *view, s *source, rule *fluxRule) {
	f := Finding{Code: CodeFluxIgnored, Severity: Info, File: s.file.Path, Message: "Flux drops a file of this name by default"}
	if hasObject(s) {
		f.Severity = Warning
	}
	if rule.file != nil {
		f.Message = fmt.Sprintf("Flux drops it by the rule %.80q, %s:%d", rule.text, rule.file.file.Path, rule.line)
		f.Hint = "take it back there, or leave the .sourceignore file out of the artifact"
	}
	c.add(f, []*view{v})
}

// checkSourceIgnore is about the files that have rules for Flux.
func (c *checker) checkSourceIgnore() {
	reading := c.viewsWhere(func(v *view) bool { return v.engine == packager.GitOpsEngineFlux })
	if len(reading) == 0 {
		return
	}
	for _, s := range c.sources {
		if len(s.rules) > 0 {
			c.add(Finding{Code: CodeSourceIgnore, Severity: Info, File: s.file.Path, Message: "Flux drops what this file says instead of its defaults"}, reading)
		}
	}
}
