package preflight

import (
	"fmt"
	"path"

	"github.com/kubeoci/oci/internal/flux"
	"github.com/kubeoci/oci/packager"
)

func isSourceIgnore(name string) bool { return path.Base(name) == flux.IgnoreFile }

// findFluxRules looks for the rules in all of the archive.
func (c *checker) findFluxRules() {
	var files []flux.File
	c.ignoreFiles = map[string]*source{}
	for _, e := range c.layout.Entries {
		if s := c.byPath[e.File.Path]; len(s.rules) > 0 {
			files = append(files, flux.File{Path: e.Path, Rules: s.rules})
			c.ignoreFiles[e.Path] = s
		}
	}
	c.flux = flux.NewIgnore(files)
}

// dropping returns the rule for which an engine drops an entry of the archive, or
// nil, and the ignore file that has it, or "". Argo CD drops none.
func (c *checker) dropping(v *view, name string) (*flux.Rule, string) {
	if v.engine != packager.GitOpsEngineFlux {
		return nil, ""
	}
	return c.flux.Match(name)
}

func (c *checker) drops(v *view, name string) bool {
	rule, _ := c.dropping(v, name)
	return rule != nil
}

// addIgnored reports a file that Flux drops. One that is no manifest is one for
// another program more often than not, and well left out.
func (c *checker) addIgnored(v *view, s *source, rule *flux.Rule, file string) {
	f := Finding{Code: CodeFluxIgnored, Severity: Info, File: s.file.Path, Message: "Flux drops a file of this name by default"}
	if hasObject(s) {
		f.Severity = Warning
	}
	if file != "" {
		f.Message = fmt.Sprintf("Flux drops it by the rule %.80q, %s:%d", rule.Text, c.ignoreFiles[file].file.Path, rule.Line)
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
