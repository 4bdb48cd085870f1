package argocd_test

import (
	"testing"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// recursing are trees that differ once directories are read recursively.
func recursing() []fixture.Case {
	app := fixture.Object("ConfigMap", "app")
	return []fixture.Case{
		{Name: "a directory in a directory", Files: map[string]string{"a/b/app.yaml": app}},
		{Name: "hidden files and directories", Files: map[string]string{".a/.app.yaml": app}},
		{Name: "several objects in JSON, in a subdirectory", Files: map[string]string{"app.yaml": app, "a/b.json": "{}{}"}},
		{Name: "an object without kind after another, in a subdirectory", Files: map[string]string{"a/app.yaml": app + "---\na: 1\n"}},
		{Name: "values in a subdirectory", Files: map[string]string{"app.yaml": app, "a/values.yaml": "a: 1\n"}},
		{Name: "Jsonnet in a subdirectory", Files: map[string]string{"b.yaml": "# later\n", "a/app.jsonnet": `{apiVersion: "v1", kind: "ConfigMap", metadata: {name: "app"}}`}},
		{Name: "a library for Jsonnet", Files: map[string]string{"b.yaml": "# later\n", "a/app.libsonnet": "{}"}},
		{Name: "an extension in upper case, in a subdirectory", Files: map[string]string{"b.yaml": "# later\n", "a/APP.YAML": app}},
		{Name: "a kustomization without kind", Files: map[string]string{"app.yaml": app, "kustomization.yaml": "resources: [gone.yaml]\n"}},
		{Name: "a chart without templates", Files: map[string]string{"app.yaml": app, "c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "c/values.yaml": "a: 1\n"}},
		{Name: "a chart with broken YAML", Files: map[string]string{"app.yaml": app, "c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "c/templates/a.yaml": app + "a: [\n"}},
	}
}

// Preflight errors are what Argo CD fails for or renders nothing of, also for an
// Application that recurses into directories, and for a tree at the root.
func TestPreflightAgreesWithArgoCDThatRecurses(t *testing.T) {
	cases := append(fixture.Cases(), recursing()...)
	for seed := range uint64(50) {
		cases = append(cases, fixture.Random(seed))
	}
	for _, tt := range cases {
		t.Run(tt.Name, func(t *testing.T) {
			dir := fixture.Write(t, tt.Files)
			set, err := manifests.Collect(t.Context(), dir, manifests.Options{Include: []string{"*"}})
			require.NoError(t, err)
			plan, err := packager.NewPlan(set, packager.LayoutRoot, packager.Options{})
			require.NoError(t, err)
			opts := preflight.Options{Path: tt.Path, DirectoryRecurse: true}
			findings, err := preflight.Check(t.Context(), preflight.Artifact{Plan: plan, Engines: []packager.GitOpsEngine{packager.GitOpsEngineArgoCD}}, opts)
			require.NoError(t, err)
			verdict := fixture.Verdict{Findings: findings, Refused: len(opts.Refusals(findings)) > 0}

			objects, err := render(t.Context(), dir, v1alpha1.ApplicationSource{
				Path:      plan.Paths().Below(tt.Path).ArgoCD,
				Directory: &v1alpha1.ApplicationSourceDirectory{Recurse: true},
			})
			reason := tt.ArgoCD
			switch {
			case err == nil && onlyApplyFails(opts.Refusals(findings)):
				reason = "Argo CD fails only when it applies the object"
			case reason == "preflight does not render kustomizations", reason == "preflight does not read whether settings recurse":
				reason = "" // neither matters for plain files
			}
			verdict.Compare(t, reason, len(objects), err)
		})
	}
}

// onlyApplyFails reports whether Argo CD renders an artifact and fails to apply it: an
// object without a name or apiVersion, such as a kustomization read as a plain file.
func onlyApplyFails(refusals preflight.Findings) bool {
	for _, f := range refusals {
		if f.Code != preflight.CodeNoName && f.Code != preflight.CodeNoAPIVersion {
			return false
		}
	}
	return len(refusals) > 0
}
