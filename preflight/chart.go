package preflight

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/advice"
	"github.com/kubeoci/oci/internal/objects"
)

// checkCharts reports all files of a Helm chart at once.
func checkCharts(m *model, r *report) {
	for _, s := range m.sources {
		if s.chart == "" || s.name() != chartFile || path.Dir(s.file.Path) != s.chart || m.ended() {
			continue
		}
		templates := 0
		for _, other := range m.charts[s.chart] {
			if other.content.Template {
				templates++
			}
		}
		f := Finding{File: s.file.Path}
		refusing := m.viewsWhere(func(v *view) bool { return v.reads(s) && (v.isFlux() || m.refusesChart(v, s.chart)) })
		switch {
		case len(refusing) > 0:
			f.Message = subject(refusing, "refuse") + fmt.Sprintf(" the files of this Helm chart, which are not manifests (templates: %d)", templates)
			f.Hint = m.chartHint(s.chart, refusing)
			r.refuse(f, refusing)
		case len(m.reading(s)) == 0:
			f.Message = fmt.Sprintf("this Helm chart is not rendered, and its output is not checked (templates: %d)", templates)
			r.add(f)
		}
	}
}

// chartHint returns the advice for a chart of which engines read the files.
func (m *model) chartHint(chart string, refusing []*view) string {
	install := "push the chart with helm push and install it with a HelmRelease"
	switch {
	case !slices.ContainsFunc(refusing, (*view).isFlux):
		return hintNotRendered // Argo CD renders charts
	case slices.ContainsFunc(m.sources, func(s *source) bool { return s.chart == "" && s.object }):
		return "exclude " + advice.Path(chart+"/") + " with Collect.Ignore, and " + install
	}
	return "render it with helm template and push the output, or " + install
}

// refusesChart reports whether an engine that reads the files of a chart as plain
// manifests fails for one of its templates.
func (m *model) refusesChart(v *view, chart string) bool {
	return slices.ContainsFunc(m.charts[chart], func(s *source) bool {
		if !s.isChartTemplate() {
			return false
		}
		if s.content.Template && slices.Contains(m.refusingUnparsed(s, 0), v) {
			return true
		}
		return slices.ContainsFunc(s.content.Problems, func(p objects.Problem) bool {
			unreadable := p.Code == objects.CodeSyntax || p.Code == objects.CodeTab
			return unreadable && slices.Contains(m.refusingUnparsed(s, p.Line), v)
		})
	})
}

// checkTemplates reports templates outside of a chart.
func checkTemplates(m *model, r *report) {
	for _, s := range m.suspects {
		if m.ended() {
			return
		}
		if s.isChartTemplate() {
			continue
		}
		if !s.content.Template {
			checkTemplateNames(m, s, r)
			continue
		}
		f := Finding{File: s.file.Path, Message: "this is a template, and not YAML until it is rendered"}
		if refusing := m.refusingUnparsed(s, 0); len(refusing) > 0 {
			f.Message = subject(refusing, "refuse") + " a template that is not YAML"
			r.refuse(f, refusing)
			continue
		}
		r.add(f)
	}
}

// isTemplate reports whether a name of an object has template actions.
func isTemplate(o *objects.Object) bool {
	for _, name := range []string{o.APIVersion(), o.Kind(), o.Name(), o.Namespace()} {
		if strings.Contains(name, "{{") {
			return true
		}
	}
	return false
}

// checkTemplateNames reports objects whose names have template actions in quotes, so that
// the file is YAML. The API server has no object of such a name.
func checkTemplateNames(m *model, s *source, r *report) {
	each(s.content.Objects, func(o *objects.Object) {
		if !isTemplate(o) {
			return
		}
		f := Finding{
			File: s.file.Path, Line: int(o.Line), Column: int(o.Column),
			Message: "the name, namespace or kind of an object is a template, which the API server refuses",
		}
		if applying := m.applying(s); len(applying) > 0 {
			f.Message = subject(applying, "fail") + " to apply an object whose name, namespace or kind is a template"
			r.refuse(f, applying)
		} else if m.isJudged(s) {
			f.Severity = Warning
			r.add(f, m.judging(s)...)
		}
	})
}
