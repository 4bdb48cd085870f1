package preflight_test

import (
	"path"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/preflight"
)

// Argo CD reads .yaml, .yml, .json and .jsonnet in all subdirectories of a
// directory application with recurse, hidden ones included, and goes by their names
// alone: getPotentiallyValidManifests in reposerver/repository/repository.go there.
func TestDirectoryRecurse(t *testing.T) {
	const (
		jsonApp     = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"app"}}`
		notRendered = "warning: Argo CD does not render this kustomization, because it reads all files below its path as plain manifests [rendered-by]"
		kind        = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
	)
	b := object("ConfigMap", "b")
	for _, tt := range []ruleTest{
		{"subdirectories only", tree{"a/app.yaml": app}, argocd, []string{}},
		{"subdirectories too", tree{"app.yaml": app, "a/b/b.yml": b}, argocd, []string{}},
		{"hidden files and directories", tree{".app.yaml": app, ".a/b.yaml": b}, argocd, []string{}},
		{"subdirectories, both engines", tree{"a/app.yaml": app}, none, []string{}},
		{"JSON in a subdirectory", tree{"a/app.json": jsonApp}, argocd, []string{}},
		{"several objects in JSON", tree{"app.yaml": b, "a/app.json": jsonApp + jsonApp}, argocd, []string{
			`a/app.json:1:65: warning: Argo CD finds the ConfigMap "app" here and at a/app.json:1 [duplicate-object]`,
			"a/app.json:1:65: error: Argo CD refuses more than one object in a JSON file [json-objects]",
		}},
		{"empty JSON", tree{"app.yaml": app, "a/b.json": ""}, argocd, []string{
			"a/b.json: error: Argo CD refuses a JSON file without a value [empty-file]",
		}},
		{"Jsonnet alone", tree{"a/app.jsonnet": "{}", "b.yaml": "# later\n"}, argocd, []string{}},
		{"a library for Jsonnet alone", tree{"a/app.libsonnet": "{}", "b.yaml": "# later\n"}, argocd, []string{
			`error: Argo CD renders nothing at the path "shop", without an error [nothing-rendered]`,
		}},
		{"comments only", tree{"a/app.yaml": "# later\n"}, argocd, []string{
			`error: Argo CD renders nothing at the path "shop", without an error [nothing-rendered]`,
		}},
		{"a duplicate", tree{"a/app.yaml": app, "b/app.yaml": app}, argocd, []string{
			`b/app.yaml:1:1: warning: Argo CD finds the ConfigMap "app" here and at a/app.yaml:1 [duplicate-object]`,
		}},
		{"a duplicate in a kustomization, both engines", tree{"a/kustomization.yaml": "resources: [app.yaml, b.yaml]\n", "a/app.yaml": app, "a/b.yaml": app}, none, []string{
			`a/b.yaml:1:1: warning: Argo CD finds the ConfigMap "app" here and at a/app.yaml:1 [duplicate-object]`,
			`a/b.yaml:1:1: warning: Flux refuses the ConfigMap "app": it is defined here and at a/app.yaml:1 [duplicate-object]`,
			"a/kustomization.yaml: " + notRendered,
			"a/kustomization.yaml:1:1: info: Argo CD skips a document that is not a Kubernetes object [not-an-object]",
		}},
		{"a duplicate in a kustomization, and each engine refuses something", tree{"a/kustomization.yaml": "resources: [app.yaml, b.yaml]\n", "a/app.yaml": app, "a/b.yaml": app, "c.json": ""}, none, []string{
			`a/b.yaml:1:1: warning: Argo CD finds the ConfigMap "app" here and at a/app.yaml:1 [duplicate-object]`,
			`a/b.yaml:1:1: error: Flux refuses the ConfigMap "app": it is defined here and at a/app.yaml:1 [duplicate-object]`,
			"a/kustomization.yaml: " + notRendered,
			"a/kustomization.yaml:1:1: info: Argo CD skips a document that is not a Kubernetes object [not-an-object]",
			"c.json: error: Argo CD refuses a JSON file without a value [empty-file]",
			"c.json: info: Flux ignores JSON unless a kustomization lists it [json-not-taken]",
		}},
		{"a duplicate in a kustomization", tree{"a/kustomization.yaml": "resources: [app.yaml, b.yaml]\n", "a/app.yaml": app, "a/b.yaml": app}, argocd, []string{
			`a/b.yaml:1:1: warning: Argo CD finds the ConfigMap "app" here and at a/app.yaml:1 [duplicate-object]`,
			"a/kustomization.yaml: " + notRendered,
			"a/kustomization.yaml:1:1: info: Argo CD skips a document that is not a Kubernetes object [not-an-object]",
		}},
		{"not an object", tree{"app.yaml": app, "a/values.yaml": "a: 1\n"}, argocd, []string{
			"a/values.yaml:1:1: info: Argo CD skips a document that is not a Kubernetes object [not-an-object]",
		}},
		{"no name", tree{"a/app.yaml": "apiVersion: v1\nkind: ConfigMap\n"}, argocd, []string{
			"a/app.yaml:1:1: error: Argo CD refuses a ConfigMap without metadata.name [no-name]",
		}},
		{"broken YAML", tree{"app.yaml": app, "a/b.yaml": app + "a: [\n"}, argocd, []string{
			"a/b.yaml:5:1: error: the YAML does not parse: did not find expected node content [syntax]",
		}},
		{"a template", tree{"app.yaml": app, "a/b.yaml": template}, argocd, []string{
			"a/b.yaml: error: Argo CD refuses a template that is not YAML [template]",
		}},
		{"an extension in upper case", tree{"app.yaml": app, "a/B.YAML": b}, argocd, []string{
			"a/B.YAML: warning: Argo CD reads extensions in lower case only [extension-case]",
		}},
		{"a kustomization", tree{"app.yaml": app, "kustomization.yaml": kind + "resources: [app.yaml]\n"}, argocd, []string{
			"kustomization.yaml: " + notRendered,
			"kustomization.yaml:1:1: error: Argo CD refuses a Kustomization without metadata.name [no-name]",
		}},
		{"a kustomization without kind, in a subdirectory", tree{"app.yaml": app, "a/kustomization.yaml": "resources: [../app.yaml, gone.yaml]\n"}, argocd, []string{
			"a/kustomization.yaml: " + notRendered,
			`a/kustomization.yaml:1:26: warning: resources[1] refers to a missing file: "gone.yaml" [kustomization]`,
			`a/kustomization.yaml:1:13: warning: resources[0] refers to a file above the directory of its kustomization, which Argo CD refuses: "../app.yaml" [load-restriction]`,
			"a/kustomization.yaml:1:1: info: Argo CD skips a document that is not a Kubernetes object [not-an-object]",
		}},
		{"a chart", tree{"app.yaml": app, "c/Chart.yaml": chart, "c/templates/a.yaml": template, "c/values.yaml": "a: 1\n"}, argocd, []string{
			"c/Chart.yaml: error: Argo CD refuses the files of this Helm chart, which are not manifests (templates: 1) [chart]",
			"c/Chart.yaml: warning: Argo CD does not render this Helm chart, because it reads all files below its path as plain manifests [rendered-by]",
			"c/Chart.yaml:1:1: info: Argo CD skips an object without kind [no-kind]",
			"c/values.yaml:1:1: info: Argo CD skips a document that is not a Kubernetes object [not-an-object]",
		}},
		{"broken YAML in the templates of a chart", tree{"app.yaml": app, "c/Chart.yaml": chart, "c/templates/a.yaml": app + "a: [\n"}, argocd, []string{
			"c/Chart.yaml: error: Argo CD refuses the files of this Helm chart, which are not manifests (templates: 0) [chart]",
			"c/Chart.yaml: warning: Argo CD does not render this Helm chart, because it reads all files below its path as plain manifests [rendered-by]",
			"c/Chart.yaml:1:1: info: Argo CD skips an object without kind [no-kind]",
		}},
		{"Flux does not care", tree{"a/app.json": jsonApp, "b.yaml": b}, flux, []string{
			"a/app.json: warning: Flux ignores JSON unless a kustomization lists it [json-not-taken]",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			findings := tt.tree.check(t, tt.engine, preflight.Options{DirectoryRecurse: true})
			assert.Equal(t, tt.want, brief(findings))
			for _, f := range findings {
				if f.Code == preflight.CodeRenderedBy || f.Code == preflight.CodeNoName && path.Base(f.File) == "kustomization.yaml" {
					assert.Equal(t, "unset directory.recurse in the Application, and Preflight.DirectoryRecurse here", f.Hint)
				}
			}
		})
	}
}

// The limit is for the files in all subdirectories together. Jsonnet does not count.
func TestManifestSizeOfSubdirectories(t *testing.T) {
	tr := tree{"app.yaml": app, "a/b.yaml": object("ConfigMap", "b"), "a/c.jsonnet": "{ a: 'which is evaluated' }"}
	size := int64(len(tr["app.yaml"]) + len(tr["a/b.yaml"]))
	opts := preflight.Options{DirectoryRecurse: true, MaxManifestSize: size}
	assert.Empty(t, tr.check(t, argocd, opts))
	opts.MaxManifestSize--
	assert.Equal(t, []string{"error: the directory has 104 bytes of manifests, and Argo CD accepts at most 103 [manifest-size]"}, brief(tr.check(t, argocd, opts)))
}
