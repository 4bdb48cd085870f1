package preflight_test

import "testing"

func TestItems(t *testing.T) {
	const (
		item   = "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}"
		widget = "apiVersion: a/v1\nkind: Widget\nmetadata:\n  name: a\nitems: "
		listed = "resources:\n- app.yaml\n"
		lost   = `app.yaml:1:1: warning: Flux and Argo CD skip the Widget "a" in favor of its items, because the field items makes it a list [items]`
		odd    = `to apply the items of the Widget "a", because one of them is not an object with a kind [items]`
	)
	runRules(t, []ruleTest{
		{"objects", tree{"app.yaml": widget + "[" + item + "]\n"}, none, []string{lost}},
		{"an alias", tree{"app.yaml": widget + "[&a " + item + ", *a]\n"}, none, []string{lost}},
		{"objects, in a kustomization", tree{"app.yaml": widget + "[" + item + "]\n", "kustomization.yaml": listed}, flux, []string{
			`app.yaml:1:1: warning: Flux skips the Widget "a" in favor of its items, because the field items makes it a list [items]`,
		}},
		{"no objects", tree{"app.yaml": widget + "[{name: b}]\n"}, none, []string{
			"app.yaml:1:1: error: Flux and Argo CD fail " + odd,
		}},
		{"no objects, in a kustomization", tree{"app.yaml": widget + "[{name: b}]\n", "kustomization.yaml": listed}, flux, []string{
			"app.yaml:1:1: warning: Flux fails " + odd,
		}},
		{"texts", tree{"app.yaml": widget + "[a, b]\n"}, argocd, []string{
			"app.yaml:1:1: error: Argo CD fails " + odd,
		}},
		{"none", tree{"app.yaml": app, "b.yaml": widget + "[]\n"}, none, []string{
			`b.yaml:1:1: warning: Flux and Argo CD skip the Widget "a", because the field items makes it a list [items]`,
		}},
		{"only one without items, Flux", tree{"app.yaml": widget + "[]\n"}, flux, []string{
			`error: Flux renders nothing at the path "./", without an error [nothing-rendered]`,
			`app.yaml:1:1: warning: Flux skips the Widget "a", because the field items makes it a list [items]`,
		}},
		{"only one without items, Argo CD", tree{"app.yaml": widget + "[]\n"}, argocd, []string{
			`error: Argo CD renders nothing at the path "shop", without an error [nothing-rendered]`,
			`app.yaml:1:1: warning: Argo CD skips the Widget "a", because the field items makes it a list [items]`,
		}},
		{"only one without items, in a kustomization", tree{"app.yaml": widget + "[]\n", "kustomization.yaml": listed}, flux, []string{
			`app.yaml:1:1: warning: Flux skips the Widget "a", because the field items makes it a list [items]`,
			`kustomization.yaml: error: Flux renders nothing at the path "./", without an error, because this kustomization has no objects, and neither have those that it refers to [nothing-rendered]`,
		}},
		{"null, Flux", tree{"app.yaml": widget + "\n"}, flux, []string{}},
		{"null, Argo CD", tree{"app.yaml": app, "b.yaml": widget + "\n"}, argocd, []string{
			`b.yaml:1:1: warning: Argo CD skips the Widget "a", because the field items makes it a list [items]`,
		}},
		{"null and a specification", tree{"app.yaml": app, "b.yaml": widget + "\nspec: {}\n"}, argocd, []string{}},
		{"a mapping", tree{"app.yaml": widget + "{a: b}\n"}, none, []string{}},
		{"a list in lower case, Argo CD", tree{"app.yaml": "apiVersion: v1\nkind: list\nitems:\n- " + item + "\n"}, argocd, []string{}},
		{"a list in lower case, Flux", tree{"app.yaml": "apiVersion: v1\nkind: list\nitems:\n- " + item + "\n"}, flux, []string{
			"app.yaml:1:1: error: Flux refuses a list without metadata.name [no-name]",
		}},
		{"JSON", tree{"app.json": `{"apiVersion":"a/v1","kind":"Widget","metadata":{"name":"a"},"items":[]}`}, argocd, []string{
			`error: Argo CD renders nothing at the path "shop", without an error [nothing-rendered]`,
			`app.json:1:1: warning: Argo CD skips the Widget "a", because the field items makes it a list [items]`,
		}},
		{"JSON with a status", tree{"app.json": `{"apiVersion":"a/v1","kind":"Widget","metadata":{"name":"a"},"items":null,"status":{}}`}, argocd, []string{}},
		{"an empty list with metadata", tree{"app.yaml": "apiVersion: v1\nkind: WidgetList\nmetadata: {}\nitems: []\n"}, argocd, []string{
			`error: Argo CD renders nothing at the path "shop", without an error [nothing-rendered]`,
		}},
	})
}
