package preflight

import (
	"fmt"
	"path"
	"strings"

	"github.com/kubeoci/oci/manifests"
)

// checkKustomizations is about what kustomizations name in vain, and lets their
// build fail. An engine that certainly renders one refuses it then.
func (c *checker) checkKustomizations(problems []manifests.Problem) {
	for _, p := range problems {
		s := c.byPath[p.File]
		if s == nil || p.Code == manifests.ProblemDuplicate { // checkRenderer knows who takes it ill
			continue
		}
		broken := len(s.content.Problems) > 0 || s.content.Template || isEmpty(s)
		if broken && p.Code == manifests.ProblemInvalid { // and said to be so
			continue
		}
		f := Finding{
			Code: CodeKustomization, Severity: Warning,
			File: p.File, Line: p.Line, Column: p.Column, Message: kustomizationFault(p),
		}
		var refusing []*view
		for _, v := range c.views {
			if v.roles[s] == certain {
				refusing = append(refusing, v)
			}
		}
		if len(refusing) > 0 {
			c.addRefused(f, refusing)
			continue
		}
		c.add(f, nil)
	}
}

func kustomizationFault(p manifests.Problem) string {
	text := p.Message
	if p.Path != "" {
		text += fmt.Sprintf(": %.100q", p.Path)
	}
	return strings.TrimSpace(p.Field + " " + text)
}

// checkNeeded is about what kustomizations name that are perhaps built, and Flux
// drops before. Those that certainly are have a build.
func (c *checker) checkNeeded() {
	for _, v := range c.views {
		for _, i := range v.items {
			for _, r := range i.references {
				needed := c.byPath[path.Join(path.Dir(i.file.Path), r.Path)]
				if i.role == certain || needed == nil || !v.dropped[needed] {
					continue
				}
				c.add(Finding{
					Code: CodeKustomization, Severity: Warning, File: i.file.Path, Line: r.Line, Column: r.Column,
					Message: fmt.Sprintf("%s names what %v drops: %.100q", r.Field, v, r.Path),
					Hint:    hints[CodeFluxIgnored],
				}, []*view{v})
			}
		}
	}
}
