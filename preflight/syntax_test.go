package preflight_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestSyntax(t *testing.T) {
	runRules(t, []ruleTest{
		{"broken YAML, Flux", tree{"app.yaml": app, "b.yaml": "a: [\n"}, flux, []string{
			"b.yaml:1:1: error: the YAML does not parse: did not find expected node content [syntax]",
		}},
		{"broken YAML, Argo CD", tree{"app.yaml": app, "b.yaml": "a: [\n"}, argocd, []string{
			"b.yaml:1:1: warning: the YAML does not parse: did not find expected node content [syntax]",
		}},
		{"broken YAML that looks like an object, Argo CD", tree{"app.yaml": app, "b.yaml": app + "a: [\n"}, argocd, []string{
			"b.yaml:5:1: error: the YAML does not parse: did not find expected node content [syntax]",
		}},
		{"broken YAML after an object in flow style, Argo CD", tree{"app.yaml": flow + "---\na: [\n"}, argocd, []string{
			"app.yaml:3:1: error: the YAML does not parse: did not find expected node content [syntax]",
		}},
		{"only broken YAML, Flux", tree{"app.yaml": "a: [\n"}, flux, []string{
			"app.yaml:1:1: error: the YAML does not parse: did not find expected node content [syntax]",
		}},
		{"only broken YAML, Argo CD", tree{"app.yaml": "apiVersion: [\nkind: a\nmetadata: b\n"}, argocd, []string{
			"app.yaml:3:9: error: the YAML does not parse: did not find expected ',' or ']' [syntax]",
		}},
		{"only a template, Flux", tree{"app.yaml": template}, flux, []string{
			"app.yaml: error: Flux refuses a template that is not YAML [template]",
		}},
		{"broken YAML, both", tree{"app.yaml": app, "b.yaml": app + "a: [\n"}, none, []string{
			"b.yaml:5:1: error: the YAML does not parse: did not find expected node content [syntax]",
		}},
		{"broken YAML that is not read", tree{"app.yaml": app, "a/b.yaml": app + "a: [\n"}, argocd, []string{
			"a/b.yaml:5:1: warning: the YAML does not parse: did not find expected node content [syntax]",
		}},
		{"broken YAML in a kustomization", tree{"app.yaml": app, "kustomization.yaml": "a: [\n"}, none, []string{
			"kustomization.yaml: info: Argo CD renders this kustomization [rendered-by]",
			"kustomization.yaml:1:1: error: the YAML does not parse: did not find expected node content [syntax]",
		}},
		{"an unknown anchor", tree{"app.yaml": app + "data: *a\n"}, flux, []string{
			"app.yaml:5:7: error: the alias refers to an undefined anchor [syntax]",
		}},
		{"broken JSON", tree{"app.yaml": app, "b.json": "{"}, argocd, []string{
			"b.json:1:2: error: the JSON ends too early [syntax]",
		}},
		{"a duplicate key, Flux", tree{"app.yaml": app + "data: {}\ndata: {}\n"}, flux, []string{
			`app.yaml:6:1: error: the key "data" is already on line 5 [duplicate-key]`,
		}},
		{"a duplicate key, Argo CD", tree{"app.yaml": app + "data: {}\ndata: {}\n"}, argocd, []string{
			`app.yaml:6:1: warning: the key "data" is already on line 5 [duplicate-key]`,
		}},
		{"too deep", tree{"app.yaml": app, "b.yaml": object("A", "b") + "c: " + strings.Repeat("[", 1_100) + strings.Repeat("]", 1_100) + "\n"}, flux, []string{"b.yaml:5:254: warning: more than 250 nested mappings and sequences in flow style [too-deep]"}},
		{"much flow style", tree{"app.yaml": app, "b.yaml": object("A", "b") + "c: [" + strings.Repeat("d,\n", 100_000) + "]\n"}, flux, []string{"b.yaml:44021:2: warning: more than 128 KiB of consecutive flow style, or 1 MiB in total, that is not JSON [too-large]"}},
		{"much JSON in YAML", tree{"app.yaml": app, "b.yaml": `{"apiVersion": "v1", "kind": "A", "metadata": {"name": "b"}, "c": [` + strings.Repeat("0,\n", 100_000) + "0]}"}, flux, []string{}},
		{"20,000 levels", tree{"app.yaml": app, "b.yaml": strings.Repeat("- ", 20_000) + "a\n"}, argocd, []string{"b.yaml:1:2001: warning: more than 1,000 nested mappings and sequences [too-deep]"}},
		{"an alias bomb", tree{"app.yaml": app, "b.yaml": bomb()}, flux, []string{"b.yaml:1:1: warning: the aliases in this document expand to more than 400,000 values [alias]"}},
		{"BOM, CRLF and an end", tree{"app.yaml": "\ufeff---\r\n" + strings.ReplaceAll(app, "\n", "\r\n") + "...\r\n"}, flux, []string{}},
		{"a template, Flux", tree{"app.yaml": app, "b.yaml": template}, flux, []string{
			"b.yaml: error: Flux refuses a template that is not YAML [template]",
		}},
		{"a template, Argo CD", tree{"app.yaml": app, "b.yaml": template}, argocd, []string{
			"b.yaml: error: Argo CD refuses a template that is not YAML [template]",
		}},
		{"a template of something else, Argo CD", tree{"app.yaml": app, "b.yaml": "{{ x }}"}, argocd, []string{
			"b.yaml: info: this is a template, and not YAML until it is rendered [template]",
		}},
		{"a template that is not read", tree{"app.yaml": app, "a/b.yaml": template}, argocd, []string{
			"a/b.yaml: info: this is a template, and not YAML until it is rendered [template]",
		}},
	})
}

// bomb returns a document whose aliases expand to 10 to the 9 values.
func bomb() string {
	text := object("A", "b") + "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n"
	for i := range 8 {
		text += fmt.Sprintf("x%d: &x%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d, ", i), 10), ", "))
	}
	return text
}
