package preflight

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kubeoci/oci/manifests"
)

// checkKustomizations is about what kustomizations name in vain, and lets their
// build fail. An engine that certainly renders one refuses it then.
func (c *checker) checkKustomizations(problems []manifests.Problem) {
	for _, p := range problems {
		s := c.byPath[p.File]
		if s == nil || errors.Is(p.Err, manifests.ErrKustomizationTwice) { // checkRenderer knows who takes it ill
			continue
		}
		broken := len(s.content.Problems) > 0 || s.content.Template || isEmpty(s)
		if broken && errors.Is(p.Err, manifests.ErrKustomizationInvalid) { // and said to be so
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
	text := p.Err.Error()
	if p.Path != "" {
		text += fmt.Sprintf(": %.100q", p.Path)
	}
	return strings.TrimSpace(p.Field + " " + text)
}
