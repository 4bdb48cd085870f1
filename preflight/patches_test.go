package preflight_test

import "testing"

func TestPatches(t *testing.T) {
	const (
		operations = "- op: add\n  path: /data\n  value: {a: b}\n"
		fragment   = "data: {a: b}\n"
		untargeted = listingApp + "patches: [{path: p.yaml}]\n"
		targeted   = listingApp + "patches: [{target: {kind: ConfigMap}, path: p.yaml}]\n"
		merged     = listingApp + "patchesStrategicMerge: [p.yaml]\n"
		changed    = listingApp + "patchesJson6902: [{target: {kind: ConfigMap, name: app}, path: p.yaml}]\n"
	)
	with := func(kustomization, patch string) tree {
		return tree{"app.yaml": app, "kustomization.yaml": kustomization, "p.yaml": patch}
	}
	runRules(t, []ruleTest{
		{"operations without a target", with(untargeted, operations), none, []string{
			renderedByArgo, `kustomization.yaml:2:18: error: Flux and Argo CD refuse patches[0].path: a JSON patch needs a target: "p.yaml" [kustomization]`,
		}},
		{"operations in JSON without a target", tree{"app.yaml": app, "p.json": `[{"op": "add", "path": "/data", "value": {}}]`, "kustomization.yaml": listingApp + "patches: [{path: p.json}]\n"}, flux, []string{
			`kustomization.yaml:2:18: error: Flux refuses patches[0].path: a JSON patch needs a target: "p.json" [kustomization]`,
		}},
		{"operations without a target, not built", tree{"app.yaml": app, "a/app.yaml": app, "a/kustomization.yaml": untargeted, "a/p.yaml": operations, "kustomization.yaml": listingApp}, flux, []string{
			`a/kustomization.yaml:2:18: warning: kustomize refuses patches[0].path: a JSON patch needs a target: "p.yaml" [kustomization]`,
		}},
		{"operations with a target", with(targeted, operations), flux, []string{}},
		{"no operations", with(untargeted, "[]\n"), flux, []string{}},
		{"operations as a strategic merge", with(merged, operations), flux, []string{
			`kustomization.yaml:2:25: error: Flux refuses patchesStrategicMerge[0]: a patch that is not a list of operations needs kind and metadata.name: "p.yaml" [kustomization]`,
		}},
		{"a part of an object", with(untargeted, fragment), flux, []string{
			`kustomization.yaml:2:18: error: Flux refuses patches[0].path: a patch that is not a list of operations needs kind and metadata.name: "p.yaml" [kustomization]`,
		}},
		{"a part of an object with a target", with(targeted, fragment), flux, []string{
			`kustomization.yaml:2:45: error: Flux refuses patches[0].path: a patch that is not a list of operations needs kind and metadata.name: "p.yaml" [kustomization]`,
		}},
		{"a part of an object behind an object", with(untargeted, app+"---\n"+fragment), flux, []string{
			`kustomization.yaml:2:18: error: Flux refuses patches[0].path: a patch that is not a list of operations needs kind and metadata.name: "p.yaml" [kustomization]`,
		}},
		{"an object", with(untargeted, app), flux, []string{}},
		{"comments", with(untargeted, "# later\n"), flux, []string{}},
		{"text that is not YAML", with(untargeted, "{{ a }}\n"), flux, []string{
			"p.yaml: error: Flux refuses a template that is not YAML [template]",
		}},
		{"two objects", with(untargeted, app+"data: {a: b}\n---\n"+app+"data: {c: d}\n"), flux, []string{}},
		{"two objects with a target", with(targeted, app+"---\n"+app), flux, []string{
			`kustomization.yaml:2:45: error: Flux refuses patches[0].path: a patch with a target must be a single object: "p.yaml" [kustomization]`,
		}},
		{"an object as operations", with(changed, app), argocd, []string{
			renderedByArgo, `kustomization.yaml:2:64: error: Argo CD refuses patchesJson6902[0].path: not a list of operations: "p.yaml" [kustomization]`,
		}},
		{"comments as operations", with(changed, "# later\n"), argocd, []string{
			renderedByArgo, `kustomization.yaml:2:64: error: Argo CD refuses patchesJson6902[0].path: not a list of operations: "p.yaml" [kustomization]`,
		}},
		{"operations for a name", with(changed, operations), argocd, []string{renderedByArgo}},
	})
}

func TestDefinitions(t *testing.T) {
	const crds = listingApp + "crds: [crd.yaml]\n"
	runRules(t, []ruleTest{
		{"an object", tree{"app.yaml": app, "kustomization.yaml": crds, "crd.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\n"}, flux, []string{
			`kustomization.yaml:2:8: error: Flux refuses crds[0]: an object, and not the OpenAPI definitions of types: "crd.yaml" [kustomization]`,
		}},
		{"definitions", tree{"app.yaml": app, "kustomization.yaml": crds, "crd.yaml": "com.example.v1.A: {Schema: {}}\n"}, flux, []string{}},
		{"comments", tree{"app.yaml": app, "kustomization.yaml": crds, "crd.yaml": "# later\n"}, flux, []string{}},
	})
}

func TestComponentsInThePlaceOfOthers(t *testing.T) {
	const component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: a-\n"
	runRules(t, []ruleTest{
		{"a component among resources", tree{"app.yaml": app, "kustomization.yaml": "resources: [app.yaml, c]\n", "c/kustomization.yaml": component}, none, []string{
			renderedByArgo, `kustomization.yaml:1:23: error: Flux and Argo CD refuse resources[1]: a component, which only components can list: "c" [kustomization]`,
		}},
		{"a kustomization among components", tree{"app.yaml": app, "kustomization.yaml": listingApp + "components: [c]\n", "c/kustomization.yaml": "namePrefix: a-\n"}, flux, []string{
			`kustomization.yaml:2:14: error: Flux refuses components[0]: a kustomization, which only resources can list: "c" [kustomization]`,
		}},
		{"both in their places", tree{"app.yaml": app, "kustomization.yaml": "resources: [app.yaml, a]\ncomponents: [c]\n", "a/kustomization.yaml": "namePrefix: a-\n", "c/kustomization.yaml": component}, flux, []string{}},
	})
}

func TestTargets(t *testing.T) {
	const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n"
	patch := func(name string) string {
		return "patches: [{patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: " + name + "}}'}]\n"
	}
	with := func(kustomization string, more ...string) tree {
		files := tree{"app.yaml": app, "kustomization.yaml": kustomization}
		for i := 0; i < len(more); i += 2 {
			files[more[i]] = more[i+1]
		}
		return files
	}
	missing := func(at, field, what string) []string {
		return []string{"kustomization.yaml:" + at + ": error: Flux refuses " + field + ": there is no " + what}
	}
	none := []string{}
	runRules(t, []ruleTest{
		{"an object that is there", with(listingApp + patch("app")), flux, none},
		{"an object that is not", with(listingApp + patch("gone")), flux, missing("2:19", "patches[0].patch", `ConfigMap "gone" of "v1" among the resources [kustomization]`)},
		{"in a file", with(listingApp+"patches: [{path: p.yaml}]\n", "p.yaml", object("ConfigMap", "gone")), flux, missing("2:18", "patches[0].path", `ConfigMap "gone" of "v1" among the resources: "p.yaml" [kustomization]`)},
		{"in a file with a target", with(listingApp+"patches: [{target: {name: app}, path: p.yaml}]\n", "p.yaml", object("ConfigMap", "gone")), flux, none},
		{"a strategic merge", with(listingApp+"patchesStrategicMerge: [p.yaml]\n", "p.yaml", object("ConfigMap", "gone")), flux, missing("2:25", "patchesStrategicMerge[0]", `ConfigMap "gone" of "v1" among the resources: "p.yaml" [kustomization]`)},
		{"another kind", with("resources: [app.yaml]\npatches: [{patch: '{apiVersion: v1, kind: Service, metadata: {name: app}}'}]\n"), flux, missing("2:19", "patches[0].patch", `Service "app" of "v1" among the resources [kustomization]`)},
		{"another version", with("resources: [app.yaml]\npatches: [{patch: '{apiVersion: v2, kind: ConfigMap, metadata: {name: app}}'}]\n"), flux, missing("2:19", "patches[0].patch", `ConfigMap "app" of "v2" among the resources [kustomization]`)},
		{"another namespace", with(listingApp + "namespace: shop\n" + patch("app, namespace: shop")), flux, missing("3:19", "patches[0].patch", `ConfigMap "app" of "v1" in the namespace "shop" among the resources [kustomization]`)},
		{"the default namespace", with(listingApp + patch("app, namespace: default")), flux, none},
		{"a namespace of a base", with("resources: [a]\n"+patch("app, namespace: shop"), "a/kustomization.yaml", "resources: [../app.yaml]\nnamespace: shop\n"), flux, none},
		{"a namespace of a kind without", with("resources: [a.yaml]\npatches: [{patch: '{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: b}}'}]\n", "a.yaml", object("Namespace", "a")), flux, []string{unlistedApp}},
		{"an object in a List", with("resources: [a.yaml]\n"+patch("app"), "a.yaml", "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: app}}\n"), flux, []string{unlistedApp}},
		{"an object in a base", with("resources: [a]\n"+patch("app"), "a/kustomization.yaml", "resources: [../app.yaml]\n"), flux, none},
		{"no object in a base", with("resources: [a]\n"+patch("gone"), "a/kustomization.yaml", "resources: [../app.yaml]\n"), flux, missing("2:19", "patches[0].patch", `ConfigMap "gone" of "v1" among the resources [kustomization]`)},
		{"an object with the prefix of a base", with("resources: [a]\n"+patch("a-app"), "a/kustomization.yaml", "resources: [../app.yaml]\nnamePrefix: a-\n"), flux, none},
		{"an object of a component", with(listingApp+"components: [c]\n"+patch("b"), "c/kustomization.yaml", "kind: Component\nresources: [b.yaml]\n", "c/b.yaml", object("ConfigMap", "b")), flux, none},
		{"a patch of a component", with(listingApp+"components: [c]\n", "c/kustomization.yaml", "kind: Component\n"+patch("app")), flux, none},
		{"an object that may be generated", with(listingApp + "configMapGenerator: [{name: b}]\n" + patch("b")), flux, none},
		{"an object that may be renamed", with("resources: [a]\n"+patch("b"), "a/kustomization.yaml", "resources: [../app.yaml]\npatches: [{target: {name: app}, patch: '[{\"op\": \"replace\", \"path\": \"/metadata/name\", \"value\": \"b\"}]'}]\n"), flux, none},
		{"resources that are fetched", with("resources: [app.yaml, 'https://example.com/b.yaml']\n" + patch("b")), flux, none},
		{"replicas", with("resources: [web.yaml]\nreplicas: [{name: web, count: 2}]\n", "web.yaml", deployment), flux, []string{unlistedApp}},
		{"replicas with a prefix", with("resources: [web.yaml]\nnamePrefix: a-\nreplicas: [{name: a-web, count: 2}]\n", "web.yaml", deployment), flux, []string{unlistedApp}},
		{"replicas of nothing", with(listingApp + "replicas: [{name: app, count: 2}]\n"), flux, missing("2:12", "replicas[0]", `ReplicaSet, ReplicationController, StatefulSet or Deployment "app" among the resources [kustomization]`)},
		{"replicas and a configuration", with(listingApp+"replicas: [{name: app, count: 2}]\nconfigurations: [c.yaml]\n", "c.yaml", "replicas: [{kind: ConfigMap, path: data/a}]\n"), flux, none},
	})
}
