package preflight_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/preflight"
)

// over is a tree of a kustomization that ends with a text, and a base with files.
func over(text, base string, files ...string) tree {
	return tree{"kustomization.yaml": "resources: [base]\n" + text, "base/kustomization.yaml": base}.with(files...)
}

// generated is over for a base with an object.
func generated(text string) tree {
	return over(text, "resources: [app.yaml]\n", "base/app.yaml", app)
}

func TestGeneratorsAndOtherObjects(t *testing.T) {
	const (
		merges    = "configMapGenerator: [{name: app, behavior: merge}]\n"
		component = "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n"
	)
	runRules(t, []ruleTest{
		{"an object that exists", generated("configMapGenerator:\n- name: app\n"), flux, []string{
			`kustomization.yaml:3:3: error: Flux refuses configMapGenerator[0], because the ConfigMap "app" exists: it is defined here and at base/app.yaml:1 [duplicate-object]`,
		}},
		{"an object that exists, by its name before a prefix", generated("configMapGenerator: [{name: app}]\n").with("base/kustomization.yaml", "resources: [app.yaml]\nnamePrefix: a-\n"), flux, []string{
			`kustomization.yaml:2:22: error: Flux refuses configMapGenerator[0], because the ConfigMap "app" exists under another name or namespace: it is defined here and at base/app.yaml:1 [duplicate-object]`,
		}},
		{"another namespace", generated("configMapGenerator: [{name: app, namespace: a}]\n"), flux, []string{}},
		{"one namespace for both", generated("configMapGenerator: [{name: app, namespace: a}]\nnamespace: b\n"), flux, []string{
			`kustomization.yaml:2:22: error: Flux refuses the ConfigMap "app", because with the namespace "b" it is defined here and at base/app.yaml:1 [duplicate-object]`,
		}},
		{"a change", generated(merges), flux, []string{}},
		{"a change of nothing", generated("secretGenerator: [{name: app, behavior: replace}]\n"), flux, []string{
			`kustomization.yaml:2:19: error: Flux refuses secretGenerator[0], because there is no Secret "app" before it to merge or replace [kustomization]`,
		}},
		{"a change of two objects", generated(merges).with("kustomization.yaml", "resources: [a, b]\n"+merges, "a/kustomization.yaml", "resources: [../base]\nnamePrefix: a-\n", "b/kustomization.yaml", "configMapGenerator: [{name: app}]\n"), flux, []string{
			`kustomization.yaml:2:22: error: Flux refuses configMapGenerator[0], because two objects before it are or were the ConfigMap "app": at base/app.yaml:1 and at b/kustomization.yaml:1 [kustomization]`,
		}},
		{"a change of something remote", over(merges, "resources: ['https://example.com/a/b']\n"), flux, []string{}},
		{"a change of something in a chart", over(merges, "helmCharts: [{name: a}]\n"), flux, []string{
			"base/kustomization.yaml:1:13: error: Flux refuses to inflate the chart in helmCharts by default [kustomize-plugin]",
		}},
		{"a change of something in a file that is not read", over(merges, "resources: [app.txt]\n", "base/app.txt", app), flux, []string{}},
		{"a change of an object of a component", over(merges, "components: [c]\n", "base/c/kustomization.yaml", component+"resources: [app.yaml]\n", "base/c/app.yaml", app), flux, []string{}},
		{"a component that nothing refers to", tree{"kustomization.yaml": "resources: [app.yaml]\n", "app.yaml": app, "c/kustomization.yaml": component + merges}, flux, []string{}},
		{"components of one kustomization and of none", generated("components: [c]\n").with("c/kustomization.yaml", component+"configMapGenerator: [{name: b, behavior: merge}]\n"), flux, []string{
			`c/kustomization.yaml:3:22: error: Flux refuses configMapGenerator[0] as part of kustomization.yaml, because there is no ConfigMap "b" before it to merge or replace [kustomization]`,
		}},
		{"one object in two directories", tree{"a/kustomization.yaml": kustomization, "b/kustomization.yaml": kustomization}, flux, []string{
			`b/kustomization.yaml:1:22: error: Flux refuses the ConfigMap "team": it is defined here and at a/kustomization.yaml:1 [duplicate-object]`,
		}},
		{"no engine that certainly builds", tree{"app.yaml": app, "kustomization.yaml": "resources: [app.yaml]\n", "a/kustomization.yaml": merges}, flux, []string{
			`a/kustomization.yaml:1:22: warning: kustomize refuses configMapGenerator[0], because there is no ConfigMap "app" before it to merge or replace [kustomization]`,
		}},
		{"twice in one kustomization", generated("configMapGenerator: [{name: b}, {name: b}]\n"), flux, []string{
			"kustomization.yaml:2:33: error: Flux refuses configMapGenerator[1]: a generator before it makes the same object [kustomization]",
		}},
	})
	findings := generated("configMapGenerator: [{name: app, namespace: a}]\n").check(t, flux, preflight.Options{TargetNamespace: "shop"})
	assert.Equal(t, []string{`kustomization.yaml:2:22: error: Flux refuses the ConfigMap "app", because with the namespace "shop" it is defined here and at base/app.yaml:1 [duplicate-object]`}, brief(findings))
}
