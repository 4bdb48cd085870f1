package preflight_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/preflight"
)

// Flux and Argo CD report success if a kustomization has no objects, and delete all objects
// that they applied before.
func TestKustomizationsThatRenderNothing(t *testing.T) {
	const (
		because  = ", without an error, because this kustomization has no objects, and neither have those that it refers to [nothing-rendered]"
		rendered = "kustomization.yaml: info: Argo CD renders this kustomization [rendered-by]"
	)
	local := app + "  annotations: {config.kubernetes.io/local-config: 'true'}\n"
	nothing := []string{`kustomization.yaml: error: Flux renders nothing at the path "./"` + because}
	below := []string{`error: Flux renders nothing at the path "./", without an error [nothing-rendered]`}
	runRules(t, []ruleTest{
		{"a prefix", tree{"kustomization.yaml": "namePrefix: a-\n"}, flux, nothing},
		{"a prefix, Argo CD", tree{"kustomization.yaml": "namePrefix: a-\n"}, argocd, []string{
			`kustomization.yaml: error: Argo CD renders nothing at the path "shop"` + because, rendered,
		}},
		{"a prefix, both", tree{"kustomization.yaml": "namePrefix: a-\n"}, none, []string{
			`kustomization.yaml: error: Flux and Argo CD render nothing at the path "./shop" and "shop"` + because, rendered,
		}},
		{"no resources", tree{"kustomization.yaml": "resources: []\n"}, flux, nothing},
		{"null for resources", tree{"kustomization.yaml": "resources:\nlabels: [{pairs: {a: b}}]\n"}, flux, nothing},
		{"comments", tree{"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": "# later\n---\n"}, flux, nothing},
		{"a local object", tree{"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": local}, flux, nothing},
		{"a local object, Argo CD", tree{"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": local}, argocd, []string{
			`kustomization.yaml: error: Argo CD renders nothing at the path "shop"` + because, rendered,
		}},
		{"a local object and a patch", tree{"kustomization.yaml": "resources: [a.yaml]\npatches: [{target: {name: app}, path: p.yaml}]\n", "a.yaml": local, "p.yaml": "- {op: remove, path: /metadata/annotations}\n"}, flux, []string{}},
		{"a local object and a patch elsewhere", tree{"kustomization.yaml": "resources: [a]\ncomponents: [c]\n", "a/kustomization.yaml": "resources: [a.yaml]\n", "a/a.yaml": local, "c/kustomization.yaml": "kind: Component\nlabels: []\n"}, flux, []string{}},
		{"bases", tree{"kustomization.yaml": "resources: [a, b]\n", "a/kustomization.yaml": "resources: []\n", "b/kustomization.yaml": "bases: [../a]\nresources: [b.yaml]\n", "b/b.yaml": "# later\n"}, flux, nothing},
		{"a base with an object", tree{"kustomization.yaml": "resources: [a]\n", "a/kustomization.yaml": "resources: [b]\n", "a/b/kustomization.yaml": "resources: [b.yaml]\n", "a/b/b.yaml": app}, flux, []string{}},
		{"a component", tree{"kustomization.yaml": "components: [c]\n", "c/kustomization.yaml": "kind: Component\nnamePrefix: a-\n"}, flux, nothing},
		{"directories", tree{"a/kustomization.yaml": "resources: []\n", "b/kustomization.yaml": "namePrefix: a-\n", "c.yaml": "# later\n"}, flux, below},
		{"a directory, and an object", tree{"a/kustomization.yaml": "resources: []\n", "c.yaml": app}, flux, []string{}},
		{"something remote", tree{"kustomization.yaml": "resources: ['https://example.com/a/b']\n"}, flux, []string{}},
		{"a generator", tree{"kustomization.yaml": "secretGenerator: [{name: a}]\n"}, flux, []string{}},
		{"a file that is not parsed", tree{"kustomization.yaml": "resources: [a.txt]\n", "a.txt": "# later\n"}, flux, []string{}},
		{"a missing file", tree{"kustomization.yaml": "resources: [a.yaml]\n"}, flux, []string{
			`kustomization.yaml:1:13: error: resources[0] refers to a missing file: "a.yaml" [kustomization]`,
		}},
		{"a loop", tree{"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a]\n"}, flux, []string{
			`b/kustomization.yaml:1:13: error: resources[0] creates a reference loop: "../a" [kustomization]`,
		}},
	})
	findings := tree{"a/kustomization.yaml": "resources: []\n", "b.yaml": app}.checkAt(t, flux, "a")
	assert.Equal(t, []string{`a/kustomization.yaml: error: Flux renders nothing at the path "./a"` + because}, brief(findings))
}

// The time for many kustomizations is linear, also if each refers to two others.
func TestManyKustomizationsThatRenderNothing(t *testing.T) {
	tr := tree{"app.yaml": app}
	for i := range 300 {
		tr[fmt.Sprintf("k/%d/kustomization.yaml", i)] = fmt.Sprintf("resources: [../%d, ../%d]\n", i+1, i+2)
	}
	tr["k/300/kustomization.yaml"], tr["k/301/kustomization.yaml"] = "namePrefix: a-\n", "namePrefix: b-\n"
	findings := tr.checkAt(t, flux, "k/0")
	assert.Equal(t, preflight.CodeNothingRendered, findings[0].Code, "%v", findings)
}
