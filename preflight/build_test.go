package preflight_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// checkAt is check for engines with a path below the tree.
func (tr tree) checkAt(t *testing.T, engine packager.GitOpsEngine, path string) preflight.Findings {
	t.Helper()
	set := tr.collect(t)
	a := artifact(t, set, engine)
	findings, err := preflight.Check(t.Context(), a, preflight.Options{Path: path})
	require.NoError(t, err)
	return others(findings)
}

// Argo CD runs "kustomize build" (util/kustomize/kustomize.go there), which lets
// a kustomization load files in its own directory and below only: RestrictionRootOnly
// of api/internal/loader in kustomize. Flux builds with LoadRestrictionsNone
// (kustomize/kustomize_generator.go of fluxcd/pkg).
func TestFilesAboveAKustomization(t *testing.T) {
	for _, tt := range []struct {
		name   string
		text   string
		engine packager.GitOpsEngine
		want   []string
	}{
		{"a resource", "resources: [../app.yaml]\n", argocd, []string{
			`a/kustomization.yaml:1:13: error: resources[0] refers to a file above the directory of its kustomization, which Argo CD refuses: "../app.yaml" [load-restriction]`,
		}},
		{"a resource, Flux", "resources: [../app.yaml]\n", flux, []string{}},
		{"a resource, both", "resources: [../app.yaml]\n", none, []string{
			`a/kustomization.yaml:1:13: warning: resources[0] refers to a file above the directory of its kustomization, which Argo CD refuses: "../app.yaml" [load-restriction]`,
		}},
		{"a patch", "resources: [b.yaml]\npatches:\n- path: ../p/app.yaml\n  target: {name: b}\n", argocd, []string{
			`a/kustomization.yaml:3:9: error: patches[0].path refers to a file above the directory of its kustomization, which Argo CD refuses: "../p/app.yaml" [load-restriction]`,
		}},
		{"files of a generator", "configMapGenerator: [{name: a, files: [x=../app.yaml], envs: [../app.yaml]}]\n", argocd, []string{
			`a/kustomization.yaml:1:40: error: configMapGenerator[0].files[0] refers to a file above the directory of its kustomization, which Argo CD refuses: "../app.yaml" [load-restriction]`,
			`a/kustomization.yaml:1:63: error: configMapGenerator[0].envs[0] refers to a file above the directory of its kustomization, which Argo CD refuses: "../app.yaml" [load-restriction]`,
		}},
		{"all fields with files", "patchesStrategicMerge: [../app.yaml]\ncrds: [../app.yaml]\nconfigurations: [../app.yaml]\ntransformers: [../app.yaml]\nopenapi: {path: ../app.yaml}\nreplacements: [{path: ../app.yaml}]\n", argocd, []string{
			`a/kustomization.yaml:1:25: error: patchesStrategicMerge[0] refers to a file above the directory of its kustomization, which Argo CD refuses: "../app.yaml" [load-restriction]`,
			`a/kustomization.yaml:2:8: error: Argo CD refuses crds[0]: an object, and not the OpenAPI definitions of types: "../app.yaml" [kustomization]`,
			`a/kustomization.yaml:2:8: error: crds[0] refers to a file above the directory of its kustomization, which Argo CD refuses: "../app.yaml" [load-restriction]`,
			`a/kustomization.yaml:3:18: error: configurations[0] refers to a file above the directory of its kustomization, which Argo CD refuses: "../app.yaml" [load-restriction]`,
			`a/kustomization.yaml:4:16: error: transformers[0] refers to a file above the directory of its kustomization, which Argo CD refuses: "../app.yaml" [load-restriction]`,
			"a/kustomization.yaml:4:16: error: Argo CD refuses to run the program or container in transformers[0] by default [kustomize-plugin]",
			`a/kustomization.yaml:5:17: error: openapi.path refers to a file above the directory of its kustomization, which Argo CD refuses: "../app.yaml" [load-restriction]`,
			`a/kustomization.yaml:6:23: error: replacements[0].path refers to a file above the directory of its kustomization, which Argo CD refuses: "../app.yaml" [load-restriction]`,
		}},
		{"in the directory, by a detour", "resources: [../a/b.yaml]\n", argocd, []string{}},
		{"below the directory", "resources: [c/d.yaml]\n", argocd, []string{}},
		{"a directory above", "resources: [../base]\ncomponents: [../c]\n", argocd, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := tree{
				"a/kustomization.yaml": tt.text, "app.yaml": app, "a/b.yaml": object("ConfigMap", "b"), "a/c/d.yaml": object("ConfigMap", "d"), "p/app.yaml": app,
				"base/kustomization.yaml": "resources: [e.yaml]\n", "base/e.yaml": object("ConfigMap", "e"), "c/kustomization.yaml": "kind: Component\nnamePrefix: c-\n",
			}
			var got []string
			for _, f := range tr.checkAt(t, tt.engine, "a") {
				if f.Code != preflight.CodeRenderedBy && f.Code != preflight.CodeTwoCopies && f.Code != preflight.CodeUnlisted {
					got = append(got, f.String())
				}
			}
			assert.ElementsMatch(t, tt.want, got)
		})
	}
}

func TestFilesAboveABase(t *testing.T) {
	const (
		above = `refers to a file above the directory of its kustomization, which Argo CD refuses: "../app.yaml" [load-restriction]`
		base  = "resources: [../app.yaml]\n"
	)
	runRules(t, []ruleTest{
		{"that is built", tree{"kustomization.yaml": "resources: [a]\n", "a/kustomization.yaml": "components: [../b]\n", "b/kustomization.yaml": "kind: Component\n" + base, "app.yaml": app}, argocd, []string{
			"b/kustomization.yaml:2:13: error: resources[0] " + above,
			"kustomization.yaml: info: Argo CD renders this kustomization [rendered-by]",
		}},
		{"that is not built, Argo CD", tree{"kustomization.yaml": kustomization, "b/kustomization.yaml": base, "app.yaml": app}, argocd, []string{
			"b/kustomization.yaml:1:13: warning: resources[0] " + above,
			"kustomization.yaml: info: Argo CD renders this kustomization [rendered-by]",
		}},
		{"that is not built, both", tree{"kustomization.yaml": kustomization, "b/kustomization.yaml": base, "app.yaml": app}, none, []string{
			"b/kustomization.yaml:1:13: info: resources[0] " + above,
			"kustomization.yaml: info: Argo CD renders this kustomization [rendered-by]",
		}},
		{"that refers to a missing file as well", tree{"a/kustomization.yaml": "resources: [../app.yaml, ../none.yaml]\n", "app.yaml": app}, flux, []string{
			`a/kustomization.yaml:1:13: error: Flux refuses the objects of the file "app.yaml", which come twice: Flux adds them by itself, and resources[0] refers to them [duplicate-object]`,
			`a/kustomization.yaml:1:26: error: resources[1] refers to a missing file: "../none.yaml" [kustomization]`,
		}},
	})
}

// Kustomizations that a built kustomization refers to are built.
func TestBuiltKustomizations(t *testing.T) {
	const missing = "resources: [none.yaml]\n"
	runRules(t, []ruleTest{
		{"a base of a base", tree{"kustomization.yaml": "resources: [./a/]\n", "a/kustomization.yml": "bases: [../b]\n", "b/Kustomization": missing}, flux, []string{
			`b/Kustomization:1:13: error: resources[0] refers to a missing file: "none.yaml" [kustomization]`,
		}},
		{"a base that is not valid", tree{"kustomization.yaml": "resources: [a]\n", "a/kustomization.yaml": "namePrefix: [\n"}, flux, []string{
			"a/kustomization.yaml:1:1: error: the YAML does not parse: did not find expected node content [syntax]",
		}},
		{"one without a reference to it", tree{"kustomization.yaml": kustomization, "b/kustomization.yaml": missing}, flux, []string{
			`b/kustomization.yaml:1:13: warning: resources[0] refers to a missing file: "none.yaml" [kustomization]`,
		}},
		{"one with a reference from another of these", tree{"kustomization.yaml": kustomization, "a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": missing}, flux, []string{
			`b/kustomization.yaml:1:13: warning: resources[0] refers to a missing file: "none.yaml" [kustomization]`,
		}},
		{"a loop", tree{"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a]\n"}, flux, []string{
			`b/kustomization.yaml:1:13: error: resources[0] creates a reference loop: "../a" [kustomization]`,
		}},
	})

	findings := tree{"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": missing, "c/app.yaml": app}.checkAt(t, argocd, "a")
	assert.Equal(t, preflight.Error, findings.Worst(), "above the path of the engine")
}

func TestResourcesOfAKustomization(t *testing.T) {
	listing := func(files string) string { return "resources: [" + files + "]\n" }
	const rendered = "kustomization.yaml: info: Argo CD renders this kustomization [rendered-by]"
	runRules(t, []ruleTest{
		{"no object", tree{"kustomization.yaml": listing("app.yaml, values.yaml"), "app.yaml": app, "values.yaml": "a: 1\n"}, flux, []string{
			"values.yaml:1:1: error: Flux refuses a document that is not a Kubernetes object [not-an-object]",
		}},
		{"no object, both", tree{"kustomization.yaml": listing("app.yaml, values.yaml"), "app.yaml": app, "values.yaml": "a: 1\n"}, none, []string{
			rendered,
			"values.yaml:1:1: error: Flux and Argo CD refuse a document that is not a Kubernetes object [not-an-object]",
		}},
		{"no object in a patch", tree{"kustomization.yaml": listing("app.yaml") + "patches: [{target: {name: app}, path: p.yaml}]\n", "app.yaml": app, "p.yaml": "- op: remove\n"}, flux, []string{}},
		{"no object, not built", tree{"kustomization.yaml": kustomization, "a/kustomization.yaml": listing("values.yaml"), "a/values.yaml": "a: 1\n"}, flux, []string{
			"a/values.yaml:1:1: warning: kustomize refuses a document that is not a Kubernetes object [not-an-object]",
		}},
		{"no object at another path", tree{"kustomization.yaml": listing("/values.yaml"), "values.yaml": "a: 1\n"}, flux, []string{
			`kustomization.yaml:1:13: error: resources[0] refers to a path outside the source directory: "/values.yaml" [kustomization]`,
		}},
		{"no entries", tree{"kustomization.yaml": listing("app.yaml, a.yaml, b.json"), "app.yaml": app, "a.yaml": "[]\n---\n{}\n", "b.json": "{}"}, none, []string{rendered}},
		{"no entries, not built", tree{"kustomization.yaml": kustomization, "a/kustomization.yaml": listing("a.yaml"), "a/a.yaml": "{}\n"}, flux, []string{}},
		{"no entries without a kustomization", tree{"app.yaml": app, "a.yaml": "{}\n"}, flux, []string{}},
		{"no entries without a kustomization, Argo CD", tree{"app.yaml": app, "a.yaml": "{}\n"}, argocd, []string{
			"a.yaml:1:1: info: Argo CD skips a document that is not a Kubernetes object [not-an-object]",
		}},
		{"no name", tree{"kustomization.yaml": "Resources: [app.yaml]\n", "app.yaml": "apiVersion: v1\nkind: ConfigMap\n"}, argocd, []string{
			"app.yaml:1:1: error: Argo CD refuses a ConfigMap without metadata.name [no-name]", rendered,
		}},
		{"generateName", tree{"kustomization.yaml": listing("app.yaml"), "app.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: a-\n"}, argocd, []string{
			"app.yaml:1:1: error: Argo CD refuses a Job with metadata.generateName but no metadata.name [generate-name]", rendered,
		}},
		{"broken YAML", tree{"a/kustomization.yaml": "bases: [b.yaml]\n", "a/b.yaml": "a: [\n"}, flux, []string{
			"a/b.yaml:1:1: error: the YAML does not parse: did not find expected node content [syntax]",
		}},
		{"broken JSON, which may be YAML", tree{"a/kustomization.yaml": listing("b.json"), "a/b.json": `{"apiVersion": "v1", "kind": "A", "metadata": {"name": "b"},}`}, flux, []string{
			"a/b.json:1:61: warning: the JSON does not parse [syntax]",
		}},
		{"a duplicate key", tree{"kustomization.yaml": listing("app.yaml"), "app.yaml": app + "data: {}\ndata: {}\n"}, argocd, []string{
			`app.yaml:6:1: error: the key "data" is already on line 5 [duplicate-key]`, rendered,
		}},
		{"a template", tree{"kustomization.yaml": listing("app.yaml"), "app.yaml": template}, argocd, []string{
			"app.yaml: error: Argo CD refuses a template that is not YAML [template]", rendered,
		}},
		{"several objects in JSON", tree{"kustomization.yaml": listing("app.json"), "app.json": `{"apiVersion":"v1","kind":"A","metadata":{"name":"a"}} {"a": 1} {"apiVersion":"v1","kind":"A","metadata":{"name":"a"}}`}, argocd, []string{
			"app.json:1:56: warning: kustomize reads only the first of several objects in a JSON file [json-objects]", rendered,
		}},
		{"another kustomization", tree{"kustomization.yaml": listing("a/kustomization.yaml"), "a/kustomization.yaml": listing("none.yaml")}, flux, []string{
			`a/kustomization.yaml:1:13: warning: resources[0] refers to a missing file: "none.yaml" [kustomization]`,
			`kustomization.yaml:1:13: error: resources[0] refers to a kustomization file where its directory is needed: "a/kustomization.yaml" [kustomization]`,
		}},
		{"another kustomization as a patch", tree{"kustomization.yaml": listing("app.yaml") + "patches: [{path: a/kustomization.yaml}]\n", "app.yaml": app, "a/kustomization.yaml": kustomization}, flux, []string{
			`kustomization.yaml:2:18: error: Flux refuses patches[0].path: a patch that is not a list of operations needs kind and metadata.name: "a/kustomization.yaml" [kustomization]`,
		}},
		{"another kustomization that is an object", tree{"kustomization.yaml": listing("a/kustomization.yaml"), "a/kustomization.yaml": object("Kustomization", "a")}, flux, []string{
			"a/kustomization.yaml:1:13: warning: apiVersion not a valid kustomization: neither a Kustomization nor a Component of kustomize [kustomization]", // if a kustomization refers to the directory
		}},
	})
}

func TestOneObjectInTwoResources(t *testing.T) {
	const (
		rendered = "kustomization.yaml: info: Argo CD renders this kustomization [rendered-by]"
		both     = "resources: [app.yaml, b.yaml]\n"
	)
	runRules(t, []ruleTest{
		{"Flux", tree{"a/kustomization.yaml": both, "a/app.yaml": app, "a/b.yaml": app}, flux, []string{
			`a/b.yaml:1:1: error: Flux refuses the ConfigMap "app": it is defined here and at a/app.yaml:1 [duplicate-object]`,
		}},
		{"both", tree{"kustomization.yaml": both, "app.yaml": app, "b.yaml": "# again\n" + app}, none, []string{
			`b.yaml:2:1: error: Flux and Argo CD refuse the ConfigMap "app": it is defined here and at app.yaml:1 [duplicate-object]`, rendered,
		}},
		{"not built", tree{"kustomization.yaml": kustomization, "a/kustomization.yaml": both, "a/app.yaml": app, "a/b.yaml": app}, flux, []string{
			`a/b.yaml:1:1: warning: kustomize refuses the ConfigMap "app": it is defined here and at a/app.yaml:1 [duplicate-object]`,
		}},
		{"in one file", tree{"kustomization.yaml": "resources: [app.yaml]\n", "app.yaml": app + "---\n" + app}, flux, []string{
			`app.yaml:6:1: error: Flux refuses the ConfigMap "app": it is defined here and at app.yaml:1 [duplicate-object]`,
		}},
		{"in a list", tree{"kustomization.yaml": both, "app.yaml": app, "b.yaml": "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: app}\n"}, flux, []string{
			`b.yaml:4:3: error: Flux refuses the ConfigMap "app": it is defined here and at app.yaml:1 [duplicate-object]`,
		}},
		{"one file listed again", tree{"kustomization.yaml": "resources: [app.yaml, ./app.yaml]\n", "app.yaml": app}, argocd, []string{
			rendered, `kustomization.yaml:1:23: error: resources[1] lists the same file again: "./app.yaml" [duplicate-object]`,
		}},
		{"one file without objects listed again", tree{"kustomization.yaml": "resources: [app.yaml, ./app.yaml, b.yaml]\n", "app.yaml": "# later\n", "b.yaml": app}, flux, []string{}},
		{"in two versions", tree{"kustomization.yaml": both, "app.yaml": "apiVersion: a/v1\nkind: B\nmetadata:\n  name: c\n", "b.yaml": "apiVersion: a/v2\nkind: B\nmetadata:\n  name: c\n"}, flux, []string{}},
		{"in two namespaces", tree{"kustomization.yaml": both, "app.yaml": app, "b.yaml": app + "  namespace: other\n"}, flux, []string{}},
		{"a resource and a patch", tree{"kustomization.yaml": "resources: [app.yaml]\npatches: [{path: b.yaml}]\n", "app.yaml": app, "b.yaml": app}, flux, []string{}},
		{"resources of two", tree{"kustomization.yaml": "resources: [a, b]\n", "a/kustomization.yaml": "namePrefix: a-\nresources: [../app.yaml]\n", "b/kustomization.yaml": "namePrefix: b-\nresources: [../app.yaml]\n", "app.yaml": app}, flux, []string{}},
	})
}

func TestReferencesToFilesThatFluxIgnores(t *testing.T) {
	const text = "configMapGenerator: [{name: a, files: [logo.png]}]\n"
	runRules(t, []ruleTest{
		{"Flux", tree{"kustomization.yaml": text, "logo.png": "x"}, flux, []string{
			`kustomization.yaml:1:40: error: configMapGenerator[0].files[0] refers to a file that Flux ignores: "logo.png" [kustomization]`,
			"logo.png: info: Flux ignores a file with this name by default [flux-ignored]",
		}},
		{"Argo CD", tree{"kustomization.yaml": text, "logo.png": "x"}, argocd, []string{
			"kustomization.yaml: info: Argo CD renders this kustomization [rendered-by]",
		}},
		{"both", tree{"kustomization.yaml": text, "logo.png": "x"}, none, []string{
			"kustomization.yaml: info: Argo CD renders this kustomization [rendered-by]",
			`kustomization.yaml:1:40: warning: configMapGenerator[0].files[0] refers to a file that Flux ignores: "logo.png" [kustomization]`,
			"logo.png: info: Flux ignores a file with this name by default [flux-ignored]",
		}},
		{"not built", tree{"kustomization.yaml": kustomization, "a/kustomization.yaml": text, "a/logo.png": "x"}, flux, []string{
			`a/kustomization.yaml:1:40: warning: configMapGenerator[0].files[0] refers to a file that Flux ignores: "logo.png" [kustomization]`,
			"a/logo.png: info: Flux ignores a file with this name by default [flux-ignored]",
		}},
	})
}

// A Set that did not follow references has none, so that Check parses the
// kustomizations itself.
func TestKustomizationsOfASetWithoutReferences(t *testing.T) {
	fsys := tree{"a/kustomization.yaml": "resources: [../app.yaml]\n", "app.yaml": app}.fs()
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{SkipReferences: true})
	require.NoError(t, err)
	a := artifact(t, set, argocd)
	a.Cache = new(preflight.Cache)
	findings, err := preflight.Check(t.Context(), a, preflight.Options{Path: "a"})
	require.NoError(t, err)
	require.NotEmpty(t, findings)
	assert.Equal(t, preflight.CodeLoadRestriction, findings[len(findings)-1].Code)
	assert.Equal(t, preflight.Error, findings[len(findings)-1].Severity)

	fsys["a/kustomization.yaml"].Data = []byte("resources: [../gone.yaml]\n")
	_, err = preflight.Check(t.Context(), a, preflight.Options{})
	require.ErrorIs(t, err, manifests.ErrFileChanged)
}
