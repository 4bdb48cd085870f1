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
		{"much flow style", tree{"app.yaml": app, "b.yaml": object("A", "b") + "c: [" + strings.Repeat(strings.Repeat("d", 30)+",\n", 10_000) + "]\n"}, flux, []string{"b.yaml:4131:18: warning: more than 128 KiB of consecutive flow style, or 1 MiB in total, that is not JSON [too-large]"}},
		{"much JSON in YAML", tree{"app.yaml": app, "b.yaml": `{"apiVersion": "v1", "kind": "A", "metadata": {"name": "b"}, "c": [` + strings.Repeat(`"`+strings.Repeat("d", 30)+"\",\n", 10_000) + "0]}"}, flux, []string{}},
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

// Kustomize parses files that are not resources, too: some as a whole, and then only the first
// document counts, and others after splitting them.
func TestSyntaxOfReferences(t *testing.T) {
	const broken, tail = "a: [\n", "---\na: [\n"
	at := func(line int, severity string) string {
		return fmt.Sprintf("p.yaml:%d:1: %s: the YAML does not parse: did not find expected node content [syntax]", line, severity)
	}
	start := func(severity, subject string) []string {
		return []string{"p.yaml:1:1: " + severity + ": " + subject + "there is a directive of YAML [document-start]"}
	}
	patch := object("ConfigMap", "app") + "  namespace: shop\n"
	const list, directive, named = "- {op: add, path: /data, value: {}}\n", "%YAML 1.1\n---\n", "patchesJson6902: [{path: p.yaml, target: {version: v1, kind: ConfigMap, name: app}}]"
	for _, tt := range []struct {
		name, field, text string
		want              []string
	}{
		{"configurations", "configurations: [p.yaml]", broken, []string{at(1, "error")}},
		{"configurations, second document", "configurations: [p.yaml]", "{}\n" + tail, []string{at(3, "warning")}},
		{"configurations, open quote in the second document", "configurations: [p.yaml]", "{}\n---\n'\n", []string{"p.yaml:3:1: warning: the YAML does not parse: found unexpected end of stream [syntax]"}},
		{"configurations, directive", "configurations: [p.yaml]", directive + "{}\n", start("warning", "")},
		{"CRDs", "crds: [p.yaml]", broken, []string{at(1, "error")}},
		{"replacements", "replacements: [{path: p.yaml}]", broken, []string{at(1, "error")}},
		{"patch", "patches: [{path: p.yaml}]", broken, []string{at(1, "error")}},
		{"patch, second document", "patches: [{path: p.yaml}]", patch + tail, []string{at(7, "error")}},
		{"patch, directive", "patches: [{path: p.yaml}]", directive + patch, start("error", "Flux refuses the file, because ")},
		{"patch, template", "patches: [{path: p.yaml}]", "{{ if a }}\n" + patch + "{{ end }}\n", []string{"p.yaml: error: Flux refuses a template that is not YAML [template]"}},
		{"list of operations", "patches: [{path: p.yaml, target: {kind: ConfigMap}}]", list + tail, []string{at(3, "warning")}},
		{"list of operations, directive", "patches: [{path: p.yaml, target: {kind: ConfigMap}}]", directive + list, start("warning", "")},
		{"JSON patch", named, broken, []string{at(1, "error")}},
		{"JSON patch, second document", named, list + tail, []string{at(3, "warning")}},
		{"strategic merge patch", "patchesStrategicMerge: [p.yaml]", patch + tail, []string{at(7, "error")}},
		{"transformer", "transformers: [p.yaml]", broken, []string{at(1, "error")}},
		{"schema, which kustomize does not parse", "openapi: {path: p.yaml}", broken, []string{at(1, "warning")}},
	} {
		runRules(t, []ruleTest{{tt.name, tree{"app.yaml": object("ConfigMap", "app") + "  namespace: shop\n", "p.yaml": tt.text, "kustomization.yaml": listingApp + tt.field + "\n"}, flux, tt.want}})
	}
}

// bomb returns a document whose aliases expand to 10 to the 9 values.
func bomb() string {
	text := object("A", "b") + "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n"
	for i := range 8 {
		text += fmt.Sprintf("x%d: &x%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d, ", i), 10), ", "))
	}
	return text
}
