package preflight_test

import (
	"strings"
	"testing"
)

func TestObjectsThatDoNotArrive(t *testing.T) {
	const (
		listed    = "resources:\n- app.yaml\n"
		rendered  = "kustomization.yaml: info: Argo CD renders this kustomization [rendered-by]"
		numeric   = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: 12\n"
		sealed    = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ndata:\n  b: ENC[c]\nsops:\n  mac: d\n"
		template  = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: \"{{ .Release.Name }}\"\n"
		encrypted = "the Secret \"a\", which SOPS encrypted"
	)
	large := app + "data:\n  a: " + strings.Repeat("b", 300_000) + "\n"
	runRules(t, []ruleTest{
		{"a number for a name, Flux", tree{"a.yaml": numeric, "app.yaml": app}, flux, []string{
			"a.yaml:1:1: warning: Flux drops a ConfigMap of which metadata.name or apiVersion is a number or boolean, without an error [not-text]",
		}},
		{"a number for a name, Argo CD", tree{"a.yaml": numeric, "app.yaml": app}, argocd, []string{
			"a.yaml:1:1: error: Argo CD fails to apply a ConfigMap of which metadata.name or apiVersion is a number or boolean [not-text]",
		}},
		{"a number for a name in a kustomization", tree{"app.yaml": numeric + "---\n" + app, "kustomization.yaml": listed}, argocd, []string{
			"app.yaml:1:1: warning: Argo CD fails to apply a ConfigMap of which metadata.name or apiVersion is a number or boolean [not-text]",
			rendered,
		}},
		{"yes for a name, Flux", tree{"app.yaml": object("ConfigMap", "yes")}, flux, []string{}},
		{"yes for a name, Argo CD", tree{"app.yaml": object("ConfigMap", "yes")}, argocd, []string{
			`app.yaml:4:9: error: Argo CD fails to apply the object, because metadata.name is yes, no, on, off, y or n without quotes and has to be text [not-text]`,
		}},
		{"yes for a name in a kustomization", tree{"app.yaml": object("ConfigMap", "yes"), "kustomization.yaml": listed}, argocd, []string{rendered}},
		{"y for a kind, Argo CD", tree{"app.yaml": object("y", "app")}, argocd, []string{
			`app.yaml:2:7: error: Argo CD fails to apply the object, because kind is yes, no, on, off, y or n without quotes and has to be text [not-text]`,
		}},
		{"off for a namespace", tree{"app.yaml": app + "  namespace: off\n"}, none, []string{
			`app.yaml:5:14: warning: Argo CD ignores metadata.namespace, because it is yes, no, on, off, y or n without quotes and has to be text [not-text]`,
		}},
		{"a number for a namespace", tree{"app.yaml": app + "  namespace: 12\n"}, argocd, []string{
			`app.yaml:5:14: warning: Argo CD ignores metadata.namespace, because it is a number and has to be text [not-text]`,
		}},
		{"a number for a key", tree{"app.yaml": app + "data:\n  8080: a\n"}, flux, []string{
			`app.yaml:6:3: error: Flux refuses an object with a key that is a number and has to be text [not-text]`,
		}},
		{"a number for a key, Argo CD", tree{"app.yaml": app + "data:\n  8080: a\n"}, argocd, []string{}},
		{"a number for a key in a kustomization", tree{"app.yaml": app + "data:\n  8080: a\n", "kustomization.yaml": listed}, none, []string{
			`app.yaml:6:3: error: Flux and Argo CD refuse an object with a key that is a number and has to be text [not-text]`, rendered,
		}},
		{"a boolean for a key in a kustomization that is not built", tree{"a/app.yaml": app + "data:\n  true: a\n", "a/kustomization.yaml": listed, "app.yaml": app, "kustomization.yaml": listed}, flux, []string{
			`a/app.yaml:6:3: warning: kustomize refuses an object with a key that is a boolean and has to be text [not-text]`,
		}},
		{"null for a key, Argo CD", tree{"app.yaml": app + "data:\n  ~: a\n"}, argocd, []string{
			`app.yaml:6:3: error: Argo CD refuses an object with a key that is null and has to be text [not-text]`,
		}},
		{"a number for a key and a patch", tree{"app.yaml": app + "data:\n  8080: a\n", "kustomization.yaml": listed + "patches:\n- target: {name: app}\n  patch: '{kind: ConfigMap, metadata: {name: app}, data: ~}'\n"}, flux, []string{
			`app.yaml:6:3: warning: Flux refuses an object with a key that is a number and has to be text, unless a patch removes it [not-text]`,
		}},
		{"a number for a key of a local object", tree{"a.yaml": app + "  annotations: {config.kubernetes.io/local-config: 'true'}\ndata: {1: a}\n", "app.yaml": object("ConfigMap", "b")}, flux, []string{}},
		{"a date in data", tree{"app.yaml": app + "data:\n  a: 2024-01-01\n"}, none, []string{
			`app.yaml:6:6: warning: kustomize changes data["a"] to the form 2006-01-02T15:04:05Z, because it is a date without quotes [not-text]`,
		}},
		{"a date in data, Argo CD", tree{"app.yaml": app + "data:\n  a: 2024-01-01\n"}, argocd, []string{}},
		{"a date in data, below a kustomization", tree{"app.yaml": app + "data:\n  a: 2024-01-01\n", "kustomization.yaml": listed}, argocd, []string{
			`app.yaml:6:6: warning: kustomize changes data["a"] to the form 2006-01-02T15:04:05Z, because it is a date without quotes [not-text]`,
			rendered,
		}},
		{"a date for a label", tree{"app.yaml": app + "  labels:\n    a: 2024-01-01\n"}, flux, []string{
			`app.yaml:6:8: error: Flux fails to apply the object, because metadata.labels["a"] is a date without quotes, which kustomize writes with colons [not-text]`,
		}},
		{"a date for an annotation", tree{"app.yaml": app + "  annotations:\n    a: 2024-01-01\n"}, flux, []string{}},
		{"a date for a name", tree{"app.yaml": object("ConfigMap", "2024-01-01")}, flux, []string{
			`app.yaml:4:9: warning: kustomize changes metadata.name to the form 2006-01-02T15:04:05Z, because it is a date without quotes [not-text]`,
		}},
		{"a date for a namespace", tree{"app.yaml": app + "  namespace: 2024-01-01\n"}, flux, []string{
			`app.yaml:5:14: warning: kustomize changes metadata.namespace to the form 2006-01-02T15:04:05Z, because it is a date without quotes [not-text]`,
		}},
		{"a list for annotations", tree{"app.yaml": app + "  annotations: []\n"}, none, []string{
			`app.yaml:5:16: warning: Argo CD fails to apply the object, because metadata.annotations is a list and has to be a mapping [not-text]`,
			`app.yaml:5:16: warning: kustomize changes the annotations of the object, because metadata.annotations is a list and has to be a mapping [not-text]`,
		}},
		{"text for annotations, Argo CD", tree{"app.yaml": app + "  annotations: a\n"}, argocd, []string{
			`app.yaml:5:16: error: Argo CD fails to apply the object, because metadata.annotations is text and has to be a mapping [not-text]`,
		}},
		{"text for annotations, below a kustomization", tree{"app.yaml": app + "  annotations: a\n", "kustomization.yaml": listed}, argocd, []string{
			`app.yaml:5:16: warning: kustomize changes the annotations of the object, because metadata.annotations is text and has to be a mapping [not-text]`,
			rendered,
		}},
		{"mappings for annotations", tree{"app.yaml": app + "  annotations:\n  - a: b\n"}, none, []string{
			`app.yaml:6:3: error: Flux and Argo CD fail to apply the object, because metadata.annotations is a list of mappings and has to be a mapping [not-text]`,
		}},
		{"a number for a label", tree{"app.yaml": app + "  labels:\n    a: 1\n"}, none, []string{
			`app.yaml:6:8: warning: Argo CD fails to apply the object, because metadata.labels["a"] is a number and has to be text [not-text]`,
			`app.yaml:6:8: warning: Flux drops all labels of the object, because metadata.labels["a"] is a number and has to be text [not-text]`,
		}},
		{"a number for an annotation, Flux", tree{"app.yaml": app + "  annotations:\n    a: 1\n"}, flux, []string{}},
		{"a mapping for an annotation, Flux", tree{"app.yaml": app + "  annotations:\n    a: {b: c}\n"}, flux, []string{
			`app.yaml:6:8: warning: kustomize replaces the value of an annotation with empty text, because metadata.annotations["a"] is a mapping and has to be text [not-text]`,
		}},
		{"an annotation without a value, Argo CD", tree{"app.yaml": app + "  annotations:\n    a:\n"}, argocd, []string{
			`app.yaml:6:7: error: Argo CD fails to apply the object, because metadata.annotations["a"] is null and has to be text [not-text]`,
		}},
		{"a label without a value", tree{"app.yaml": app + "  labels:\n    a:\n"}, none, []string{}},
		{"yes, Flux", tree{"app.yaml": app + "data:\n  a: yes\n"}, flux, []string{}},
		{"yes, Argo CD", tree{"app.yaml": app + "data:\n  a: yes\n"}, argocd, []string{
			`app.yaml:6:6: error: Argo CD fails to apply the object, because data["a"] is yes, no, on, off, y or n without quotes and has to be text [not-text]`,
		}},
		{"yes, in quotes", tree{"app.yaml": app + "data:\n  a: \"yes\"\n"}, argocd, []string{}},
		{"a number in data", tree{"app.yaml": app + "data:\n  port: 80\n"}, none, []string{
			`app.yaml:6:9: error: Flux and Argo CD fail to apply the object, because data["port"] is a number and has to be text [not-text]`,
		}},
		{"a number in data of something else", tree{"app.yaml": strings.Replace(app, "v1", "a/v1", 1) + "data:\n  port: 80\n"}, none, []string{}},
		{"a number in data, below a kustomization", tree{"app.yaml": app + "data:\n  port: 80\n", "kustomization.yaml": listed}, flux, []string{
			`app.yaml:6:9: warning: the API server refuses the object, because data["port"] is a number and has to be text [not-text]`,
		}},
		{"a variable in data", tree{"app.yaml": app + "data:\n  port: ${PORT}\n  a: ${B:=80}\n"}, none, []string{}},
		{"a number in a selector", tree{"app.yaml": object("Service", "a") + "spec:\n  selector:\n    a: 1\n"}, flux, []string{
			`app.yaml:7:8: error: Flux fails to apply the object, because spec.selector["a"] is a number and has to be text [not-text]`,
		}},
		{"a boolean in a template", tree{"app.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\nspec:\n  template:\n    metadata:\n      labels:\n        a: true\n"}, flux, []string{
			`app.yaml:9:12: error: Flux fails to apply the object, because spec.template.metadata.labels["a"] is a boolean and has to be text [not-text]`,
		}},
		{"encrypted, Flux", tree{"app.yaml": sealed}, flux, []string{
			"app.yaml:1:1: info: Flux refuses " + encrypted + ", unless its Kustomization configures decryption [encrypted]",
		}},
		{"encrypted, Argo CD", tree{"app.yaml": sealed}, argocd, []string{
			"app.yaml:1:1: error: Argo CD fails to apply " + encrypted + ", because its data is not base64 [encrypted]",
		}},
		{"encrypted text, Argo CD", tree{"app.yaml": strings.Replace(sealed, "\ndata", "\nstringData", 1)}, argocd, []string{
			"app.yaml:1:1: warning: Argo CD does not decrypt " + encrypted + " [encrypted]",
		}},
		{"local objects", tree{"a.yaml": app + "  labels: {a: 1}\n  annotations: {config.kubernetes.io/local-config: \"true\"}\nsops: {a: b}\n", "app.yaml": object("ConfigMap", "b")}, flux, []string{}},
		{"large, Flux", tree{"app.yaml": large}, flux, []string{}},
		{"large, Argo CD", tree{"app.yaml": large}, argocd, []string{
			`app.yaml:1:1: warning: Argo CD fails to apply the ConfigMap "app" with client-side apply, because it has more than 262144 bytes as JSON [too-large-to-apply]`,
		}},
		{"a local object that Argo CD reads", tree{"a.yaml": app + "  annotations: {config.kubernetes.io/local-config: true}\n", "app.yaml": object("ConfigMap", "b")}, argocd, []string{
			`a.yaml:5:52: error: Argo CD fails to apply the object, because metadata.annotations["config.kubernetes.io/local-config"] is a boolean and has to be text [not-text]`,
		}},
		{"large, server-side", tree{"app.yaml": strings.Replace(large, "\ndata:", "\n  annotations:\n    argocd.argoproj.io/sync-options: Prune=false, ServerSideApply=true\ndata:", 1)}, argocd, []string{}},
		{"huge", tree{"app.yaml": app + "data:\n  a: " + strings.Repeat("b", 1<<20) + "c\n"}, none, []string{
			`app.yaml:1:1: error: Flux and Argo CD fail to apply the ConfigMap "app", because it has more than 1048576 bytes of data [too-large-to-apply]`,
		}},
		{"a template in quotes, Flux", tree{"app.yaml": template}, flux, []string{
			"app.yaml:1:1: error: Flux fails to apply an object whose name, namespace or kind is a template [template]",
		}},
		{"a template in quotes, of a chart", tree{"app.yaml": app, "c/Chart.yaml": chart, "c/templates/a.yaml": template}, argocd, []string{
			"c/Chart.yaml: info: this Helm chart is not rendered, and its output is not checked (templates: 0) [chart]",
		}},
		{"a directive", tree{"app.yaml": "%YAML 1.1\n---\n" + app}, none, []string{
			"app.yaml:1:1: error: Flux and Argo CD refuse the file, because there is a directive of YAML [document-start]",
		}},
		{"a directive of something else", tree{"app.yaml": app, "b.yaml": "%YAML 1.1\n---\na: b\n"}, argocd, []string{
			"b.yaml:1:1: warning: there is a directive of YAML [document-start]",
			"b.yaml:3:1: info: Argo CD skips a document that is not a Kubernetes object [not-an-object]",
		}},
		{"a value beside the marker", tree{"app.yaml": app + "--- {}\n"}, none, []string{
			"app.yaml:5:5: error: Flux and Argo CD refuse the file, because there is a value on the line of --- [document-start]",
			"app.yaml:5:5: error: Argo CD refuses a document that is not a Kubernetes object [not-an-object]",
		}},
		{"a value beside the first marker, Flux", tree{"app.yaml": "--- " + flow}, flux, []string{}},
		{"a value beside the first marker, Argo CD", tree{"app.yaml": app, "b.yaml": "--- " + flow}, argocd, []string{
			"b.yaml:1:5: warning: there is a value on the line of --- [document-start]",
		}},
		{"an object behind the end of another", tree{"app.yaml": app + "...\n# b\n" + strings.Replace(app, "app", "b", 1) + "---\n" + strings.Replace(app, "app", "c", 1)}, none, []string{
			"app.yaml:7:1: warning: Flux and Argo CD ignore the document here, because no line of --- separates it from the one that ends with ... [document-start]",
		}},
		{"the same object behind the end of another, listed", tree{"app.yaml": app + "...\r\n" + app, "kustomization.yaml": "resources: [app.yaml]\n"}, flux, []string{
			"app.yaml:6:1: warning: Flux ignores the document here, because no line of --- separates it from the one that ends with ... [document-start]",
		}},
		{"invalid YAML behind the end of an object", tree{"app.yaml": app + "... # a\na: [\n"}, argocd, []string{
			"app.yaml:6:1: warning: Argo CD ignores the document here, because no line of --- separates it from the one that ends with ... [document-start]",
		}},
		{"an end of nothing", tree{"app.yaml": app + "...\n# b\n...\n---\n# c\n...\n" + strings.Replace(app, "app", "b", 1)}, none, []string{
			"app.yaml:10:1: error: Flux and Argo CD refuse the file, because there is an end of a document, ..., without a document [document-start]",
		}},
		{"an end of nothing at the end", tree{"app.yaml": app + "---\n...\n"}, none, []string{
			"app.yaml:6:1: error: Flux and Argo CD refuse the file, because there is an end of a document, ..., without a document [document-start]",
		}},
		{"an object behind the end of an empty document", tree{"app.yaml": "---\n...\n" + app}, argocd, []string{
			`error: Argo CD renders nothing at the path "shop", without an error [nothing-rendered]`,
			"app.yaml:3:1: warning: Argo CD ignores the document here, because no line of --- separates it from the one that ends with ... [document-start]",
		}},
		{"an object behind the end of another, in a list that is not built", tree{"b.yaml": app, "kustomization.yaml": "resources: [b.yaml]\n", "a/kustomization.yaml": "resources: [app.yaml]\n", "a/app.yaml": app + "...\na: 1\n"}, flux, []string{
			"a/app.yaml:6:1: warning: kustomize ignores the document here, because no line of --- separates it from the one that ends with ... [document-start]",
		}},
		{"an alias to itself", tree{"app.yaml": "apiVersion: a/v1\nkind: B\nmetadata: {name: a, namespace: b}\nspec: &a\n  b: *a\n"}, none, []string{
			"app.yaml:5:6: error: the alias refers to a value that contains it [alias]",
		}},
		{"a mark to skip the file", tree{"app.yaml": app, "b.yaml": "# +argocd:skip-file-rendering\na: 1\n---\n" + app}, argocd, []string{}},
		{"a mark to skip the only file", tree{"app.yaml": "# +argocd:skip-file-rendering\n" + app}, argocd, []string{
			`error: Argo CD renders nothing at the path "shop", without an error [nothing-rendered]`,
		}},
	})
}
