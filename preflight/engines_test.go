package preflight_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// checkRoot checks the tree once at the root of the artifact.
func (tr tree) checkRoot(t *testing.T, engines ...packager.GitOpsEngine) preflight.Findings {
	t.Helper()
	plan, err := packager.NewPlan(tr.collect(t), packager.LayoutRoot, packager.Options{})
	require.NoError(t, err)
	findings, err := preflight.Check(t.Context(), preflight.Artifact{Plan: plan, Engines: engines}, preflight.Options{})
	require.NoError(t, err)
	return others(findings)
}

// An artifact at the root is judged for Flux at ./ and for Argo CD at the path ".".
func TestRootForBothEngines(t *testing.T) {
	const subdirectories = `all manifests at the path "." are in subdirectories, which Argo CD does not read by default, so that it renders nothing [subfolders-only]`
	for _, tt := range []struct {
		name    string
		tree    tree
		engines []packager.GitOpsEngine
		want    []string
	}{
		{"both render it", tree{"app.yaml": app}, nil, []string{}},
		{"both refuse it for one reason", tree{"app.yaml": "apiVersion: v1\nkind: ConfigMap\n"}, nil, []string{
			"app.yaml:1:1: error: Flux and Argo CD refuse a ConfigMap without metadata.name [no-name]",
		}},
		{"Flux refuses a duplicate, Argo CD finds nothing", tree{"a/app.yaml": app, "b/app.yaml": app}, nil, []string{
			"error: " + subdirectories,
			`b/app.yaml:1:1: error: Flux refuses the ConfigMap "app": it is defined here and at a/app.yaml:1 [duplicate-object]`,
		}},
		{"Flux refuses a document, Argo CD finds nothing", tree{"values.yaml": "a: 1\n"}, nil, []string{
			`error: Argo CD renders nothing at the path ".", without an error [nothing-rendered]`,
			"values.yaml:1:1: error: Flux refuses a document that is not a Kubernetes object [not-an-object]",
		}},
		{"Flux finds nothing, Argo CD refuses JSON", tree{"app.json": `{"a":1}`}, nil, []string{
			`error: Flux renders nothing at the path "./", without an error [nothing-rendered]`,
			"app.json: info: Flux ignores JSON unless a kustomization lists it [json-not-taken]",
			"app.json:1:1: error: Argo CD refuses a document that is not a Kubernetes object [not-an-object]",
		}},
		{"both finding nothing is one finding", tree{"app.yaml": "# later\n"}, nil, []string{
			`error: Flux and Argo CD render nothing at the path "./" and ".", without an error [nothing-rendered]`,
		}},
		{"only Argo CD finds nothing", tree{"a/app.yaml": app}, nil, []string{"warning: " + subdirectories}},
		{"only Argo CD finds nothing, and is named", tree{"a/app.yaml": app}, []packager.GitOpsEngine{argocd}, []string{"error: " + subdirectories}},
		{"only Argo CD finds nothing, Flux is named", tree{"a/app.yaml": app}, []packager.GitOpsEngine{flux}, []string{}},
		{"only Argo CD finds nothing, both are named", tree{"a/app.yaml": app}, []packager.GitOpsEngine{flux, argocd}, []string{"error: " + subdirectories}},
		{"only Flux refuses it, for two reasons", tree{"app.yaml": app, "b.yaml": app, "values.yaml": "a: 1\n"}, nil, []string{
			`b.yaml:1:1: warning: Argo CD finds the ConfigMap "app" here and at app.yaml:1 [duplicate-object]`,
			`b.yaml:1:1: warning: Flux refuses the ConfigMap "app": it is defined here and at app.yaml:1 [duplicate-object]`,
			"values.yaml:1:1: warning: Flux refuses a document that is not a Kubernetes object [not-an-object]",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, brief(tt.tree.checkRoot(t, tt.engines...)))
		})
	}
}

// Argo CD skips YAML without an object silently, and Flux refuses it: a values file
// beside manifests is no reason to refuse an artifact unless Flux is named.
func TestValuesBesideManifests(t *testing.T) {
	const message = "Flux refuses a document that is not a Kubernetes object [not-an-object]"
	tr := tree{"app.yaml": app, "values.yaml": "a: 1\n"}
	for _, tt := range []struct {
		name    string
		engines []packager.GitOpsEngine
		want    string
		refused bool
	}{
		{"nobody is named", nil, "values.yaml:1:1: warning: " + message, false},
		{"None", []packager.GitOpsEngine{none}, "values.yaml:1:1: warning: " + message, false},
		{"Argo CD", []packager.GitOpsEngine{argocd}, "values.yaml:1:1: info: Argo CD skips a document that is not a Kubernetes object [not-an-object]", false},
		{"Flux", []packager.GitOpsEngine{flux}, "values.yaml:1:1: error: " + message, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			findings := tr.checkRoot(t, tt.engines...)
			assert.Equal(t, []string{tt.want}, brief(findings))
			assert.Equal(t, tt.refused, len(preflight.Options{}.Refusals(findings)) > 0)
		})
	}
}

// If nobody is named, an artifact is refused if and only if it is refused for each of
// the engines.
func TestBothEnginesRefuse(t *testing.T) {
	type file struct{ name, text string }
	files := []file{
		{"app.yaml", app}, {"b.yaml", app}, {"values.yaml", "a: 1\n"}, {"later.yaml", "# later\n"}, {"broken.yaml", app + "a: [\n"}, {"template.yaml", template},
		{"x.json", `{"a":1}`}, {"cloudbuild.yaml", object("ConfigMap", "c")}, {"job.yaml", "apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: a-\n"},
		{"sub/app.yaml", app}, {"sub/values.yaml", "a: 1\n"}, {"sub/kustomization.yaml", "resources: [app.yaml]\n"},
		{"kustomization.yaml", "resources: [app.yaml]\n"}, {"Kustomization", ""}, {"Chart.yaml", chart},
	}
	refused := func(tr tree, engines ...packager.GitOpsEngine) bool {
		return len(preflight.Options{}.Refusals(tr.checkRoot(t, engines...))) > 0
	}
	n := len(files)
	for i := range n {
		for j := i; j < n; j++ {
			for k := j; k < n; k++ {
				tr := tree{}
				for _, f := range []file{files[i], files[j], files[k]} {
					tr[f.name] = f.text
				}
				if tr["app.yaml"] == "" && tr["sub/app.yaml"] == "" {
					tr["later.yaml"] = "# later\n" // a tree has a manifest
				}
				assert.Equal(t, refused(tr, flux) && refused(tr, argocd), refused(tr), "%v", tr)
			}
		}
	}
}
