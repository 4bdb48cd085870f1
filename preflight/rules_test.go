package preflight_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// app is an object without findings.
var app = object("ConfigMap", "app")

const (
	kustomization = "configMapGenerator: [{name: team}]\n"
	chart         = "apiVersion: v2\nname: shop\nversion: 1.0.0\n"
	template      = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n"
)

// flow is an object in a form that Argo CD does not recognize.
const flow = `{"apiVersion": "v1", "kind": "A", "metadata": {"name": "b"}}` + "\n"

type ruleTest struct {
	name   string
	tree   tree
	engine packager.GitOpsEngine
	want   []string
}

func runRules(t *testing.T, tests []ruleTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, brief(tt.tree.check(t, tt.engine, preflight.Options{})))
		})
	}
}

func TestRendering(t *testing.T) {
	runRules(t, []ruleTest{
		{"no finding for Flux", tree{"app.yaml": app}, flux, []string{}},
		{"no finding for Argo CD", tree{"app.yaml": app}, argocd, []string{}},
		{"comments only, Flux", tree{"app.yaml": "# later\n"}, flux, []string{
			`error: Flux renders nothing at the path "./", without an error [nothing-rendered]`,
		}},
		{"comments only, Argo CD", tree{"app.yaml": "# later\n"}, argocd, []string{
			`error: Argo CD renders nothing at the path "shop", without an error [nothing-rendered]`,
		}},
		{"comments only, both", tree{"app.yaml": "# later\n"}, none, []string{
			`error: Flux and Argo CD render nothing at the path "./shop" and "shop", without an error [nothing-rendered]`,
		}},
		{"JSON only, Flux", tree{"app.json": `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}`}, flux, []string{
			`error: Flux renders nothing at the path "./", without an error [nothing-rendered]`,
			"app.json: warning: Flux ignores JSON unless a kustomization lists it [json-not-taken]",
		}},
		{"JSON only, Argo CD", tree{"app.json": `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}`}, argocd, []string{}},
		{"JSON without an object, Flux", tree{"app.yaml": app, "package.json": `{}`}, flux, []string{
			"package.json: info: Flux ignores JSON unless a kustomization lists it [json-not-taken]",
		}},
		{"JSON below a kustomization, Flux", tree{"app.yaml": app, "b/kustomization.yaml": "resources: [b.json]", "b/b.json": `{}`}, flux, []string{}},
		{"null in JSON, Argo CD", tree{"app.yaml": app, "b.json": "null\n"}, argocd, []string{"b.json: error: Argo CD refuses a JSON file without a value [empty-file]"}},
		{"null in JSON, Flux", tree{"app.yaml": app, "b.json": "null\n"}, flux, []string{"b.json: info: Flux ignores JSON unless a kustomization lists it [json-not-taken]"}},
		{"empty Jsonnet, Argo CD", tree{"app.yaml": app, "b.jsonnet": ""}, argocd, []string{"b.jsonnet: error: Argo CD refuses an empty Jsonnet file [empty-file]"}},
		{"empty Jsonnet in a subdirectory, Argo CD", tree{"app.yaml": app, "a/b.jsonnet": ""}, argocd, []string{}},
		{"settings without content, Argo CD", tree{"app.yaml": app, ".argocd-source.yaml": "# later\n"}, argocd, []string{".argocd-source.yaml: error: Argo CD refuses this file, because its settings are not a mapping [rendered-by]"}},
		{"settings without content in a subdirectory, Argo CD", tree{"app.yaml": app, "a/.argocd-source.yaml": "# later\n"}, argocd, []string{}},
		{"settings without content, Flux", tree{"app.yaml": app, ".argocd-source.yaml": "# later\n"}, flux, []string{}},
		{"subdirectories only, Argo CD", tree{"a/app.yaml": app}, argocd, []string{
			`error: all manifests at the path "shop" are in subdirectories, which Argo CD does not read by default, so that it renders nothing [subfolders-only]`,
		}},
		{"subdirectories only, Flux", tree{"a/app.yaml": app}, flux, []string{}},
		{"subdirectories too, Argo CD", tree{"app.yaml": app, "a/b.yaml": object("ConfigMap", "b")}, argocd, []string{
			`warning: Argo CD does not read the subdirectories of its path "shop" by default (files with objects in them: 1) [subfolders]`,
		}},
		{"subdirectories without objects, Argo CD", tree{"app.yaml": app, "a/b.yaml": "x: 1"}, argocd, []string{}},
		{"both copies", tree{"app.yaml": app}, none, []string{}},
		{"both copies with a kustomization", tree{"app.yaml": app, "kustomization.yaml": kustomization}, none, []string{
			"kustomization.yaml: info: Argo CD renders this kustomization [rendered-by]",
			`kustomization.yaml: info: no kustomization lists some manifests in this directory or below (files: 1), such as "app.yaml" [unlisted]`,
		}},
		{"kustomization, Argo CD", tree{"kustomization.yml": kustomization}, argocd, []string{
			"kustomization.yml: info: Argo CD renders this kustomization [rendered-by]",
		}},
		{"chart, Argo CD", tree{"Chart.yaml": chart, "templates/app.yaml": template, "values.yaml": "a: 1"}, argocd, []string{
			"Chart.yaml: info: this Helm chart is not rendered, and its output is not checked (templates: 1) [chart]",
			"Chart.yaml: info: Argo CD renders this Helm chart [rendered-by]",
		}},
		{"chart, Flux", tree{"Chart.yaml": chart, "templates/app.yaml": template, "values.yaml": "a: 1"}, flux, []string{
			"Chart.yaml: error: Flux refuses the files of this Helm chart, which are not manifests (templates: 1) [chart]",
		}},
		{"chart, both", tree{"Chart.yaml": chart, "templates/app.yaml": template}, none, []string{
			"Chart.yaml: warning: Flux refuses the files of this Helm chart, which are not manifests (templates: 1) [chart]",
			"Chart.yaml: info: Argo CD renders this Helm chart [rendered-by]",
		}},
		{"chart and kustomization, Argo CD", tree{"Chart.yaml": chart, "kustomization.yaml": kustomization}, argocd, []string{
			"Chart.yaml: info: this Helm chart is not rendered, and its output is not checked (templates: 0) [chart]",
			"kustomization.yaml: warning: Argo CD renders this kustomization, not the Helm chart beside it [rendered-by]",
		}},
		{"like a chart, Argo CD", tree{"app.yaml": app, "MyChart.yaml": object("ConfigMap", "b"), "c/MyChart.yaml": "a: 1"}, argocd, []string{
			"MyChart.yaml: error: Argo CD takes this file for a Helm chart because its name ends in Chart.yaml, and refuses it [rendered-by]",
		}},
		{"like a chart, Flux", tree{"app.yaml": app, "MyChart.yaml": object("ConfigMap", "b")}, flux, []string{}},
		{"like a chart, chart and kustomization, Argo CD", tree{"Chart.yaml": chart, "kustomization.yaml": kustomization, "myChart.yaml": app}, argocd, []string{
			"Chart.yaml: info: this Helm chart is not rendered, and its output is not checked (templates: 0) [chart]",
			"Chart.yaml: warning: Argo CD renders this Helm chart, not the kustomization beside it [rendered-by]",
		}},
		{"like a chart, and kustomization, Argo CD", tree{"app.yaml": app, "kustomization.yaml": kustomization, "MyChart.yaml": app}, argocd, []string{
			"kustomization.yaml: info: Argo CD renders this kustomization [rendered-by]",
			`kustomization.yaml: info: no kustomization lists some manifests in this directory or below (files: 2), such as "MyChart.yaml", "app.yaml" [unlisted]`,
		}},
		{"chart in a subdirectory, Flux", tree{"app.yaml": app, "c/Chart.yaml": chart, "c/charts/d/Chart.yaml": chart, "c/templates/a.yaml": template, "c/templates/b.yaml": template}, flux, []string{
			"c/Chart.yaml: error: Flux refuses the files of this Helm chart, which are not manifests (templates: 2) [chart]",
		}},
		{"chart in a subdirectory, Argo CD", tree{"app.yaml": app, "c/Chart.yaml": chart, "c/templates/a.yaml": template}, argocd, []string{
			"c/Chart.yaml: info: this Helm chart is not rendered, and its output is not checked (templates: 1) [chart]",
		}},
		{"objects of a chart in a subdirectory, Argo CD", tree{"app.yaml": app, "c/Chart.yaml": chart, "c/crds/a.yaml": object("A", "a")}, argocd, []string{
			"c/Chart.yaml: info: this Helm chart is not rendered, and its output is not checked (templates: 0) [chart]",
		}},
		{"broken files of a chart", tree{"app.yaml": app, "c/Chart.yaml": chart, "c/templates/a.yaml": "a: [\n", "c/values.yaml": "a: [\n"}, argocd, []string{
			"c/Chart.yaml: info: this Helm chart is not rendered, and its output is not checked (templates: 0) [chart]",
			"c/values.yaml:1:1: warning: the YAML does not parse: did not find expected node content [syntax]",
		}},
		{"JSON of a chart, Flux", tree{"app.yaml": app, "c/Chart.yaml": chart, "c/values.schema.json": "{}"}, flux, []string{
			"c/Chart.yaml: error: Flux refuses the files of this Helm chart, which are not manifests (templates: 0) [chart]",
		}},
		{"kustomization in a subdirectory, Argo CD", tree{"app.yaml": app, "a/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamePrefix: a-\n"}, argocd, []string{}},
		{"documents without entries, Flux", tree{"a.yaml": "{}\n---\n[]\n"}, flux, []string{
			`error: Flux renders nothing at the path "./", without an error [nothing-rendered]`,
		}},
		{"chart beside a kustomization", tree{"app.yaml": app, "kustomization.yaml": kustomization, "c/Chart.yaml": chart}, flux, []string{
			"c/Chart.yaml: info: this Helm chart is not rendered, and its output is not checked (templates: 0) [chart]",
			`kustomization.yaml: info: no kustomization lists some manifests in this directory or below (files: 1), such as "app.yaml" [unlisted]`,
		}},
		{"two kustomizations", tree{"kustomization.yaml": kustomization, "Kustomization": kustomization}, flux, []string{
			"kustomization.yaml: error: Flux refuses a directory with two kustomizations, this and Kustomization [two-kustomizations]",
		}},
		{"two kustomizations in a subdirectory, Flux", tree{"a/kustomization.yaml": kustomization, "a/kustomization.yml": kustomization}, flux, []string{
			"a/kustomization.yml: error: Flux refuses a directory with two kustomizations, this and kustomization.yaml [two-kustomizations]",
		}},
		{"two kustomizations deeper", tree{"kustomization.yaml": kustomization, "a/kustomization.yaml": kustomization, "a/kustomization.yml": kustomization}, flux, []string{}},
		{"a component, Flux", tree{"app.yaml": app, "c/kustomization.yaml": "kind: Component\nnamePrefix: a-\n"}, flux, []string{
			"c/kustomization.yaml: error: Flux refuses a component where it expects a kustomization [kustomization]",
		}},
		{"a component, Argo CD", tree{"app.yaml": app, "c/kustomization.yaml": "kind: Component\nnamePrefix: a-\n"}, argocd, []string{}},
		{"a component below a kustomization", tree{"app.yaml": app, "kustomization.yaml": "resources: [app.yaml]\ncomponents: [c]\n", "c/kustomization.yaml": "kind: Component\nnamePrefix: a-\n"}, flux, []string{}},
		{"empty lists only", tree{"app.yaml": "apiVersion: v1\nkind: List\nitems: []\n---\napiVersion: v1\nkind: ConfigMapList\nitems:\n"}, none, []string{
			`error: Flux and Argo CD render nothing at the path "./shop" and "shop", without an error [nothing-rendered]`,
		}},
		{"empty kustomization", tree{"app.yaml": app, "kustomization.yaml": ""}, flux, []string{
			`kustomization.yaml: error: Flux renders nothing at the path "./", without an error, because this kustomization has no objects, and neither have those that it refers to [nothing-rendered]`,
		}},
		{"kustomization of comments", tree{"app.yaml": app, "kustomization.yaml": "# later"}, argocd, []string{
			"kustomization.yaml: error: Argo CD refuses an empty kustomization [empty-kustomization]",
			"kustomization.yaml: info: Argo CD renders this kustomization [rendered-by]",
		}},
	})
}

func TestKustomizations(t *testing.T) {
	const missing = "resources:\n- app.yaml\nconfigMapGenerator:\n- name: a\n  files: [app.properties]\n"
	runRules(t, []ruleTest{
		{"no file is missing", tree{"app.yaml": app, "kustomization.yaml": missing, "app.properties": "a=1"}, flux, []string{}},
		{"a missing file", tree{"app.yaml": app, "kustomization.yaml": missing}, flux, []string{
			`kustomization.yaml:5:11: error: configMapGenerator[0].files[0] refers to a missing file: "app.properties" [kustomization]`,
		}},
		{"a missing file of one that may not be built", tree{"kustomization.yaml": kustomization, "later/kustomization.yaml": missing, "later/app.yaml": app}, flux, []string{
			`later/kustomization.yaml:5:11: warning: configMapGenerator[0].files[0] refers to a missing file: "app.properties" [kustomization]`,
		}},
		{"a file that Flux ignores", tree{"app.yaml": app, "a.png": "", "kustomization.yaml": strings.Replace(missing, "app.properties", "a.png", 1)}, none, []string{
			"a.png: info: Flux ignores a file with this name by default [flux-ignored]",
			"kustomization.yaml: info: Argo CD renders this kustomization [rendered-by]",
			`kustomization.yaml:5:11: warning: configMapGenerator[0].files[0] refers to a file that Flux ignores: "a.png" [kustomization]`,
		}},
		{"a file that Flux does not ignore because of rules", tree{".sourceignore": "*.md\n", "app.yaml": app, "a.png": "", "kustomization.yaml": strings.Replace(missing, "app.properties", "a.png", 1)}, flux, []string{
			".sourceignore: info: this file replaces Flux's default ignore rules [source-ignore]",
		}},
		{"a file that Flux ignores, needed by one that may not be built", tree{"a.png": "", "kustomization.yaml": kustomization, "b/kustomization.yaml": "configMapGenerator:\n- files: [../a.png]\n  name: a\n"}, flux, []string{
			"a.png: info: Flux ignores a file with this name by default [flux-ignored]",
			`b/kustomization.yaml:2:11: warning: configMapGenerator[0].files[0] refers to a file that Flux ignores: "../a.png" [kustomization]`,
		}},
		{"a Kustomization of Flux", tree{"app.yaml": app, "kustomization.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"}, flux, []string{
			"kustomization.yaml:1:13: error: apiVersion not a valid kustomization: neither a Kustomization nor a Component of kustomize [kustomization]",
		}},
		{"above the directory", tree{"app.yaml": app, "kustomization.yaml": "resources: [app.yaml, ../base]\n"}, flux, []string{
			`kustomization.yaml:1:23: error: resources[1] refers to a path outside the source directory: "../base" [kustomization]`,
		}},
		{"itself", tree{"app.yaml": app, "kustomization.yaml": "resources: [app.yaml, kustomization.yaml]\n"}, flux, []string{
			`kustomization.yaml:1:23: error: resources[1] creates a reference loop: "kustomization.yaml" [kustomization]`,
		}},
		{"its own directory", tree{"a/app.yaml": app, "a/kustomization.yaml": "resources: [app.yaml, ./]\n"}, flux, []string{
			`a/kustomization.yaml:1:23: error: resources[1] creates a reference loop: "./" [kustomization]`,
		}},
	})
}

func TestNames(t *testing.T) {
	runRules(t, []ruleTest{
		{"files that Flux ignores", tree{"app.yaml": app, ".github/x.yaml": "x: 1", "a/cloudbuild.yaml": object("ConfigMap", "b"), "logo.png": "", "b/.sops.yaml": "a: 1"}, flux, []string{
			".github/x.yaml: info: Flux ignores a file with this name by default [flux-ignored]",
			"a/cloudbuild.yaml: warning: Flux ignores a file with this name by default [flux-ignored]",
			"b/.sops.yaml: info: Flux ignores a file with this name by default [flux-ignored]",
			"logo.png: info: Flux ignores a file with this name by default [flux-ignored]",
		}},
		{"a file named like a directory that Flux ignores", tree{"app.yaml": app, ".github": "x"}, flux, []string{}},
		{"Flux ignores all files", tree{"cloudbuild.yaml": app}, flux, []string{
			`error: Flux renders nothing at the path "./", without an error [nothing-rendered]`,
			"cloudbuild.yaml: warning: Flux ignores a file with this name by default [flux-ignored]",
		}},
		{"Argo CD ignores no file", tree{"cloudbuild.yaml": app}, argocd, []string{}},
		{"an ignore file without rules", tree{".sourceignore": "# none\n\n", "cloudbuild.yaml": app}, flux, []string{
			`error: Flux renders nothing at the path "./", without an error [nothing-rendered]`,
			"cloudbuild.yaml: warning: Flux ignores a file with this name by default [flux-ignored]",
		}},
		{"files that Flux always ignores", tree{".sourceignore": "*.md\n", "app.yaml": app, ".gitignore": "a"}, flux, []string{
			".gitignore: info: Flux ignores a file with this name by default [flux-ignored]",
			".sourceignore: info: this file replaces Flux's default ignore rules [source-ignore]",
		}},
		{"upper case, Flux", tree{"app.yaml": app, "B.YAML": object("ConfigMap", "b"), "c.Yml": "# later"}, flux, []string{
			"B.YAML: warning: Flux reads extensions in lower case only [extension-case]",
			"c.Yml: info: Flux reads extensions in lower case only [extension-case]",
		}},
		{"upper case, Argo CD", tree{"app.yaml": app, "b.JSON": `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}`}, argocd, []string{
			"b.JSON: warning: Argo CD reads extensions in lower case only [extension-case]",
		}},
		{"upper case in a subdirectory, Argo CD", tree{"app.yaml": app, "a/B.YAML": "# later"}, argocd, []string{}},
		{"upper case alone", tree{"APP.YAML": app}, flux, []string{
			`error: Flux renders nothing at the path "./", without an error [nothing-rendered]`,
			"APP.YAML: warning: Flux reads extensions in lower case only [extension-case]",
		}},
		{"twin files", tree{"app.yaml": app, "App.yaml": object("ConfigMap", "b")}, flux, []string{
			`app.yaml: warning: "App.yaml" and "app.yaml" are the same name on a file system that ignores case [case-twins]`,
		}},
		{"twin directories, once", tree{"a/app.yaml": app, "A/b.yaml": object("ConfigMap", "b"), "A/c.yaml": object("ConfigMap", "c"), "a/d.yaml": object("ConfigMap", "d")}, flux, []string{
			`a/app.yaml: warning: "A" and "a" are the same name on a file system that ignores case [case-twins]`,
		}},
		{"twins in two copies, once", tree{"app.yaml": app, "App.yaml": object("ConfigMap", "b")}, none, []string{
			`app.yaml: warning: "App.yaml" and "app.yaml" are the same name on a file system that ignores case [case-twins]`,
		}},
		{"devices", tree{"con.yaml": app, "lpt1.b.yaml": object("ConfigMap", "b"), "com0.yaml": object("ConfigMap", "c"), "console.yaml": object("ConfigMap", "d")}, flux, []string{
			`con.yaml: warning: "con.yaml" is a device name, which Windows refuses [portable-name]`,
			`lpt1.b.yaml: warning: "lpt1.b.yaml" is a device name, which Windows refuses [portable-name]`,
		}},
		{"names that read as others", tree{"lmay\u202e.app.yaml": app, "a\u200b/b.yaml": object("ConfigMap", "b")}, flux, []string{
			"a\u200b/b.yaml" + `: warning: "a\u200b" contains U+200B, which is invisible [portable-name]`,
			"lmay\u202e.app.yaml" + `: warning: "lmay\u202e.app.yaml" contains U+202E, which is invisible [portable-name]`,
		}},
		{"dots, spaces and colons", tree{"a./app.yaml": app, "a./e.yaml": object("ConfigMap", "e"), "b /b.yaml": object("ConfigMap", "b"), "c:d.yaml": object("ConfigMap", "c")}, flux, []string{
			`a./app.yaml: warning: "a." ends in a dot or space, which Windows refuses [portable-name]`,
			`b /b.yaml: warning: "b " ends in a dot or space, which Windows refuses [portable-name]`,
			`c:d.yaml: warning: "c:d.yaml" contains a reserved character, which Windows refuses [portable-name]`,
		}},
	})
}

func TestObjects(t *testing.T) {
	runRules(t, []ruleTest{
		{"empty files", tree{"app.yaml": app, "b.yaml": "", "c.json": "", "d.txt": "", "e.yaml": "\n", "f.json": "\n"}, argocd, []string{
			"b.yaml: info: the file is empty [empty-file]",
			"c.json: error: Argo CD refuses a JSON file without a value [empty-file]",
			"f.json: error: Argo CD refuses a JSON file without a value [empty-file]",
		}},
		{"nothing but empty files", tree{"a.yaml": "", "b/c.yml": "", "d.json": ""}, flux, []string{
			`error: Flux renders nothing at the path "./", without an error [nothing-rendered]`,
			"a.yaml: info: the file is empty [empty-file]",
			"b/c.yml: info: the file is empty [empty-file]",
			"d.json: info: the file is empty [empty-file]",
			"d.json: info: Flux ignores JSON unless a kustomization lists it [json-not-taken]",
		}},
		{"empty files that a kustomization lists", tree{"app.yaml": app, "a.yaml": "", "b.json": "", "kustomization.yaml": "resources: [app.yaml, a.yaml, b.json]\n"}, flux, []string{
			"a.yaml: info: the file is empty [empty-file]",
			"b.json: info: the file is empty [empty-file]",
		}},
		{"no object, Flux", tree{"app.yaml": app, "values.yaml": "a: 1\n"}, flux, []string{
			"values.yaml:1:1: error: Flux refuses a document that is not a Kubernetes object [not-an-object]",
		}},
		{"no object, Argo CD", tree{"app.yaml": app, "values.yaml": "a: 1\n"}, argocd, []string{
			"values.yaml:1:1: info: Argo CD skips a document that is not a Kubernetes object [not-an-object]",
		}},
		{"no object, both", tree{"app.yaml": app, "values.yaml": "a: 1\n"}, none, []string{
			"values.yaml:1:1: warning: Flux refuses a document that is not a Kubernetes object [not-an-object]",
		}},
		{"no object after one, Argo CD", tree{"app.yaml": app + "---\na: 1\n"}, argocd, []string{
			"app.yaml:6:1: error: Argo CD refuses a document that is not a Kubernetes object [not-an-object]",
		}},
		{"no object after one in flow style, Argo CD", tree{"app.yaml": flow + "---\na: 1\n"}, argocd, []string{
			"app.yaml:3:1: error: Argo CD refuses a document that is not a Kubernetes object [not-an-object]",
		}},
		{"no object that looks like one, Argo CD", tree{"app.yaml": app, "b.yaml": "a:\n  apiVersion: v1\n  kind: B\n  metadata: {}\n"}, argocd, []string{
			"b.yaml:1:1: error: Argo CD refuses a document that is not a Kubernetes object [not-an-object]",
		}},
		{"no object in JSON, Argo CD", tree{"app.yaml": app, "package.json": "{}"}, argocd, []string{
			"package.json:1:1: error: Argo CD refuses a document that is not a Kubernetes object [not-an-object]",
		}},
		{"no object below a kustomization", tree{"kustomization.yaml": kustomization, "values.yaml": "a: 1\n"}, flux, []string{}},
		{"no object in a directory with a kustomization", tree{"a/kustomization.yaml": kustomization, "a/b/values.yaml": "a: 1\n"}, flux, []string{}},
		{"a list", tree{"app.yaml": "- 1\n"}, flux, []string{
			"app.yaml:1:1: error: Flux refuses a document that is not a Kubernetes object [not-an-object]",
		}},
		{"no kind", tree{"app.yaml": "apiVersion: v1\nmetadata:\n  name: a\n"}, flux, []string{
			"app.yaml:1:1: error: Flux refuses an object without kind [no-kind]",
		}},
		{"no kind, Argo CD", tree{"app.yaml": app, "b.yaml": "apiVersion: v1\nmetadata:\n  name: a\n"}, argocd, []string{
			"b.yaml:1:1: info: Argo CD skips an object without kind [no-kind]",
		}},
		{"no apiVersion", tree{"app.yaml": "kind: ConfigMap\nmetadata:\n  name: a\n"}, flux, []string{
			"app.yaml:1:1: error: Flux refuses a ConfigMap without apiVersion [no-api-version]",
		}},
		{"no apiVersion, Argo CD", tree{"app.yaml": app, "b.yaml": "kind: ConfigMap\nmetadata:\n  name: a\n"}, argocd, []string{
			"b.yaml:1:1: error: Argo CD refuses a ConfigMap without apiVersion [no-api-version]",
		}},
		{"no name", tree{"app.yaml": "apiVersion: v1\nkind: ConfigMap\n"}, none, []string{
			"app.yaml:1:1: error: Flux and Argo CD refuse a ConfigMap without metadata.name [no-name]",
		}},
		{"a number for a name", tree{"app.yaml": app, "b.yaml": object("ConfigMap", "12")}, flux, []string{
			"b.yaml:1:1: warning: Flux drops a ConfigMap of which metadata.name or apiVersion is a number or boolean, without an error [not-text]",
		}},
		{"a list without items", tree{"app.yaml": app, "b.yaml": "apiVersion: v1\nkind: List\n"}, flux, []string{
			"b.yaml:1:1: error: Flux refuses a List without metadata.name [no-name]",
		}},
		{"a strange kind", tree{"app.yaml": "apiVersion: v1\nkind: \"a\\nb\"\n"}, flux, []string{
			`app.yaml:1:1: error: Flux refuses a "a\nb" without metadata.name [no-name]`,
		}},
		{"generateName, Flux", tree{"app.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: a-\n"}, flux, []string{
			"app.yaml:1:1: error: Flux refuses a Job with metadata.generateName but no metadata.name [generate-name]",
		}},
		{"generateName, Argo CD", tree{"app.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: a-\n"}, argocd, []string{
			"app.yaml:1:1: info: Argo CD creates another object at each sync because of metadata.generateName [generate-name]",
		}},
		{"in a list", tree{"app.yaml": "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n"}, flux, []string{
			"app.yaml:4:3: error: Flux refuses a ConfigMap without metadata.name [no-name]",
		}},
		{"an empty list", tree{"app.yaml": app, "b.yaml": "apiVersion: v1\nkind: ConfigMapList\nitems: []\n"}, flux, []string{}},
		{"several in JSON, Argo CD", tree{"app.json": `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}} {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}`}, argocd, []string{
			"app.json:1:64: error: Argo CD refuses more than one object in a JSON file [json-objects]",
		}},
		{"duplicate, Flux", tree{"app.yaml": app, "b/c.yaml": "---\n" + app}, flux, []string{
			`b/c.yaml:2:1: error: Flux refuses the ConfigMap "app": it is defined here and at app.yaml:1 [duplicate-object]`,
		}},
		{"duplicate in a file, Flux", tree{"app.yaml": app + "---\n" + app}, flux, []string{
			`app.yaml:6:1: error: Flux refuses the ConfigMap "app": it is defined here and at app.yaml:1 [duplicate-object]`,
		}},
		{"duplicate by an alias, Flux", tree{"app.yaml": "apiVersion: v1\nkind: List\nitems:\n- &a {apiVersion: v1, kind: ConfigMap, metadata: {name: app, namespace: shop}}\n- *a\n"}, flux, []string{
			`app.yaml:5:3: error: Flux refuses the ConfigMap "app": it is defined here and at app.yaml:4 [duplicate-object]`,
		}},
		{"an alias in a list", tree{"app.yaml": "x: &a {apiVersion: v1, kind: ConfigMap, metadata: {name: app, namespace: shop}}\napiVersion: v1\nkind: List\nitems:\n- *a\n"}, none, []string{}},
		{"duplicate, Argo CD", tree{"app.yaml": app, "b.yaml": app}, argocd, []string{
			`b.yaml:1:1: warning: Argo CD finds the ConfigMap "app" here and at app.yaml:1 [duplicate-object]`,
		}},
		{"duplicate, in the default namespace", tree{"app.yaml": app, "b.yaml": app + "  namespace: default\n"}, flux, []string{
			`b.yaml:1:1: error: Flux refuses the ConfigMap "app": it is defined here and at app.yaml:1 [duplicate-object]`,
		}},
		{"duplicate, in two namespaces", tree{"app.yaml": app, "b.yaml": app + "  namespace: other\n"}, flux, []string{}},
		{"duplicate, in two versions", tree{"app.yaml": "apiVersion: a/v1\nkind: B\nmetadata:\n  name: c\n", "b.yaml": "apiVersion: a/v2\nkind: B\nmetadata:\n  name: c\n"}, flux, []string{
			`b.yaml:1:1: warning: Flux finds the B "c" here and at app.yaml:1 [duplicate-object]`,
		}},
		{"duplicate, in two groups", tree{"app.yaml": "apiVersion: a/v1\nkind: B\nmetadata:\n  name: c\n", "b.yaml": "apiVersion: b/v1\nkind: B\nmetadata:\n  name: c\n"}, flux, []string{}},
		{"duplicate, in directories with kustomizations", tree{"a/app.yaml": app, "a/kustomization.yaml": "resources: [app.yaml]\n", "b/app.yaml": app, "b/kustomization.yaml": "namePrefix: b-\nresources: [app.yaml]\n"}, flux, []string{}},
		{"a Secret", tree{"app.yaml": app + "---\n" + object("Secret", "db") + "data:\n  a: aHVudGVyMg==\n"}, flux, []string{
			`app.yaml:6:1: warning: the Secret "db" is not encrypted [plaintext-secret]`,
		}},
		{"a Secret in a list", tree{"app.yaml": "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata:\n    name: db\n  stringData:\n    a: hunter2\n"}, flux, []string{
			`app.yaml:4:3: warning: the Secret "db" is not encrypted [plaintext-secret]`,
		}},
		{"a Secret below a kustomization", tree{"kustomization.yaml": "resources: [app.yaml]\npatches: [{path: b.yaml, target: {name: app}}]\n", "app.yaml": app, "b.yaml": object("Secret", "db") + "data:\n  a: aHVudGVyMg==\n"}, flux, []string{
			`b.yaml:1:1: warning: the Secret "db" is not encrypted [plaintext-secret]`,
		}},
		{"encrypted and sealed", tree{"app.yaml": object("Secret", "db") + "data:\n  a: ENC[a]\nsops:\n  version: \"1\"\n", "b.yaml": object("SealedSecret", "s") + "spec: {}\n"}, flux, []string{
			`app.yaml:1:1: info: Flux refuses the Secret "db", which SOPS encrypted, unless its Kustomization configures decryption [encrypted]`,
		}},
	})
}
