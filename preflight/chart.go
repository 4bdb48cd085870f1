package preflight

import (
	"fmt"
	"path"
)

// checkCharts reports all files of a Helm chart at once.
func checkCharts(m *model, r *report) {
	for _, s := range m.sources {
		if s.chart == "" || s.name() != chartFile || path.Dir(s.file.Path) != s.chart {
			continue
		}
		templates := 0
		for _, other := range m.sources {
			if other.chart == s.chart && other.content.Template {
				templates++
			}
		}
		f := Finding{File: s.file.Path}
		flux := m.viewsWhere(func(v *view) bool { return v.isFlux() && v.reads(s) })
		switch {
		case len(flux) > 0:
			f.Message = fmt.Sprintf("Flux takes the files of this Helm chart for manifests, and refuses them (templates among them: %d)", templates)
			f.Hint = "let a HelmRelease install the chart, from an artifact of its own"
			r.refuse(f, flux)
		case len(m.reading(s)) == 0:
			f.Message = fmt.Sprintf("there is a Helm chart here, which is not rendered to be checked (templates: %d)", templates)
			r.add(f)
		}
	}
}

// checkTemplates reports templates outside of a chart.
func checkTemplates(m *model, r *report) {
	for _, s := range m.sources {
		if !s.content.Template || s.isChartTemplate() {
			continue
		}
		f := Finding{File: s.file.Path, Message: "this is a template, and no YAML before it is rendered"}
		if refusing := m.refusingUnparsed(s, 0); len(refusing) > 0 {
			f.Message = subject(refusing, "refuse") + " a template that is no YAML"
			r.refuse(f, refusing)
			continue
		}
		r.add(f)
	}
}
