package preflight

import (
	"fmt"
	"path"

	"github.com/kubeoci/oci/internal/flux"
	"github.com/kubeoci/oci/packager"
)

const hintFluxIgnored = "rename it, or add a .sourceignore file, which replaces the defaults"

func isSourceIgnore(name string) bool { return path.Base(name) == flux.IgnoreFile }

// checkFluxIgnored reports the files that Flux drops. A file without objects is
// usually one for another program.
func checkFluxIgnored(m *model, r *report) {
	for _, v := range m.views {
		for _, i := range v.ignored {
			f := Finding{File: i.source.file.Path, Message: "Flux ignores a file with this name by default"}
			if hasObject(i.source) {
				f.Severity = Warning
			}
			if i.file != "" {
				f.Message = fmt.Sprintf("Flux ignores this file because of the rule %.80q, %s:%d", i.rule.Text, m.ignoreFiles[i.file].file.Path, i.rule.Line)
				f.Hint = "negate the rule there, or keep the .sourceignore file out of the artifact"
			}
			r.add(f, v)
		}
	}
}

func checkSourceIgnore(m *model, r *report) {
	reading := m.of(packager.GitOpsEngineFlux)
	if len(reading) == 0 {
		return
	}
	for _, s := range m.sources {
		if len(s.rules) > 0 {
			r.add(Finding{File: s.file.Path, Message: "this file replaces Flux's default ignore rules"}, reading...)
		}
	}
}
