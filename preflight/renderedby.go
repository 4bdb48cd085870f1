package preflight

import (
	"path"
	"strings"

	"github.com/kubeoci/oci/packager"
)

// checkRenderedBy is about what makes Argo CD take a folder for more than plain
// files.
func (c *checker) checkRenderedBy(v *view) {
	if v.engine != packager.GitOpsEngineArgoCD {
		return
	}
	var chart, likeChart, kustomization *source
	for _, i := range v.items {
		switch {
		case path.Dir(i.path) != ".":
		case i.path == chartFile:
			chart = i.source
		case strings.HasSuffix(i.path, chartFile):
			likeChart = i.source
		case isKustomization(i.path) && kustomization == nil:
			kustomization = i.source
		}
	}
	f := Finding{Code: CodeRenderedBy, Severity: Info}
	switch {
	case v.mode == helm && chart == nil:
		f.File, f.Message, f.Hint = likeChart.file.Path, "Argo CD takes this for a Helm chart, by the end of its name, and refuses it", "rename it"
		c.addRefused(f, []*view{v})
		return
	case v.mode == helm:
		f.File, f.Message = chart.file.Path, "Argo CD renders a Helm chart here"
		if kustomization != nil {
			f.Message += ", and not the kustomization beside it"
		}
	case v.mode == built:
		f.File, f.Message = kustomization.file.Path, "Argo CD renders this kustomization"
		if chart != nil {
			f.Message += ", and not the Helm chart beside it"
		}
	default:
		return
	}
	if chart != nil && kustomization != nil {
		f.Severity, f.Hint = Warning, "keep them in folders of their own"
	}
	c.add(f, []*view{v})
}
