package preflight

import (
	"fmt"
	"path"

	"github.com/kubeoci/oci/internal/flux"
	"github.com/kubeoci/oci/packager"
)

const hintFluxIgnored = "rename it, or add a .sourceignore file"

func isSourceIgnore(name string) bool { return path.Base(name) == flux.IgnoreFile }

// checkFluxIgnored reports the files that Flux drops. A file without objects is
// usually one for another program.
func checkFluxIgnored(m *model, r *report) {
	for _, v := range m.views {
		for _, i := range v.ignored {
			f := Finding{File: i.source.file.Path, Message: "Flux drops a file of this name by default"}
			if hasObject(i.source) {
				f.Severity = Warning
			}
			if i.file != "" {
				f.Message = fmt.Sprintf("Flux drops it by the rule %.80q, %s:%d", i.rule.Text, m.ignoreFiles[i.file].file.Path, i.rule.Line)
				f.Hint = "take it back there, or leave the .sourceignore file out of the artifact"
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
			r.add(Finding{File: s.file.Path, Message: "Flux drops what this file says instead of its defaults"}, reading...)
		}
	}
}
