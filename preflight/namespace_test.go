package preflight_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// lines returns the findings with a code.
func lines(t *testing.T, tr tree, engine packager.GitOpsEngine, opts preflight.Options, code preflight.Code) (found []string) {
	t.Helper()
	findings, err := preflight.Check(t.Context(), artifact(t, tr.collect(t), engine), opts)
	require.NoError(t, err)
	for _, f := range findings {
		if f.Code == code {
			found = append(found, f.String())
		}
	}
	return found
}

// Server-side apply of Flux (github.com/fluxcd/pkg/ssa) fails with "namespace not
// specified" for the whole Kustomization.
func TestObjectsWithoutANamespace(t *testing.T) {
	const unless = ", unless its Kustomization sets one"
	one := []string{`app.yaml:1:1: warning: Flux refuses objects without a namespace (1)` + unless + `: the ConfigMap "app" in app.yaml [no-namespace]`}
	unknown := strings.ReplaceAll(app, "v1", "example.com/v1")
	for _, tt := range []struct {
		name string
		tree tree
		want []string
	}{
		{"one object", tree{"app.yaml": app}, one},
		{"null", tree{"app.yaml": app + "  namespace:\n"}, one},
		{"an empty text", tree{"app.yaml": app + "  namespace: ''\n"}, one},
		{"a namespace", tree{"app.yaml": app + "  namespace: shop\n"}, nil},
		{"kinds without one", tree{"app.yaml": role + "---\n" + object("Namespace", "a")}, nil},
		{"unknown kinds", tree{"app.yaml": unknown}, nil},
		{"kinds of Flux", tree{"app.yaml": "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: app\n"}, []string{
			`app.yaml:1:1: warning: Flux refuses objects without a namespace (1)` + unless + `: the HelmRelease "app" in app.yaml [no-namespace]`,
		}},
		{"many", tree{"app.yaml": app, "b.yaml": object("Service", "b") + "---\n" + object("Pod", "c") + "---\n" + object("Pod", "d")}, []string{
			`app.yaml:1:1: warning: Flux refuses objects without a namespace (4)` + unless + `: the ConfigMap "app" in app.yaml, the Service "b" in b.yaml, the Pod "c" in b.yaml [no-namespace]`,
		}},
		{"a kustomization with a namespace", tree{"app.yaml": app, "kustomization.yaml": "namespace: a\nresources: [app.yaml]\n"}, nil},
		{"a kustomization with a namespace above", tree{"a/app.yaml": app, "a/kustomization.yaml": "resources: [app.yaml]\n", "kustomization.yaml": "namespace: a\nresources: [a]\n"}, nil},
		{"a kustomization with a prefix", tree{"app.yaml": app, "kustomization.yaml": "namePrefix: a-\nresources: [app.yaml]\n"}, one},
		{"a file that nothing lists", tree{"app.yaml": app, "b.yaml": app, "kustomization.yaml": "resources: [app.yaml]\n"}, one},
		{"a transformer", tree{"app.yaml": app, "kustomization.yaml": "transformers: ['a: b']\nresources: [app.yaml]\n"}, nil},
		{"a component with a namespace", tree{"app.yaml": app, "kustomization.yaml": "components: [c]\nresources: [app.yaml]\n", "c/kustomization.yaml": "kind: Component\nnamespace: c\n"}, nil},
		{"two ways", tree{"base/app.yaml": app, "base/kustomization.yaml": "resources: [app.yaml]\n", "c/kustomization.yaml": "namespace: c\nresources: [../base]\n", "d/kustomization.yaml": "namePrefix: d-\nresources: [../base]\n", "kustomization.yaml": "resources: [c, d]\n"}, []string{
			`base/app.yaml:1:1: warning: Flux refuses objects without a namespace (1)` + unless + `: the ConfigMap "app" in base/app.yaml [no-namespace]`,
		}},
		{"generated", tree{"kustomization.yaml": "configMapGenerator: [{name: a}, {name: b, namespace: b}]\nsecretGenerator: [{name: a}]\n"}, []string{
			`warning: Flux refuses objects without a namespace (2)` + unless + ` [no-namespace]`,
		}},
		{"local", tree{"app.yaml": app + "  annotations: {config.kubernetes.io/local-config: 'true'}\n"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, lines(t, tt.tree, flux, preflight.Options{}, preflight.CodeNoNamespace))
			assert.Empty(t, lines(t, tt.tree, argocd, preflight.Options{}, preflight.CodeNoNamespace))
			assert.Empty(t, lines(t, tt.tree, flux, preflight.Options{TargetNamespace: "shop"}, preflight.CodeNoNamespace))
			for _, line := range lines(t, tt.tree, none, preflight.Options{}, preflight.CodeNoNamespace) {
				assert.Contains(t, line, "info: Flux refuses")
			}
		})
	}
}

// Kustomize renames a Namespace (NamespaceTransformer there).
func TestNamespacesThatAreRenamed(t *testing.T) {
	target := preflight.Options{TargetNamespace: "shop"}
	listed := tree{"a.yaml": object("Namespace", "a"), "kustomization.yaml": "namespace: b\nresources: [a.yaml]\n"}
	for _, tt := range []struct {
		name   string
		tree   tree
		engine packager.GitOpsEngine
		opts   preflight.Options
		want   []string
	}{
		{"the target", tree{"a.yaml": object("Namespace", "shop")}, flux, target, nil},
		{"another one", tree{"a.yaml": object("Namespace", "a")}, flux, target, []string{
			`a.yaml:1:1: warning: Flux renames the Namespace "a" to "shop", because targetNamespace gives that namespace to all objects [namespace-renamed]`,
		}},
		{"another one, Argo CD", tree{"a.yaml": object("Namespace", "a")}, argocd, target, nil},
		{"no target", tree{"a.yaml": object("Namespace", "a")}, flux, preflight.Options{}, nil},
		{"a kustomization", listed, argocd, preflight.Options{}, []string{
			`a.yaml:1:1: info: Argo CD renames the Namespace "a" to "b", because kustomization.yaml gives that namespace to all objects [namespace-renamed]`,
		}},
		{"a kustomization, both", listed, none, preflight.Options{}, []string{
			`a.yaml:1:1: info: Flux and Argo CD rename the Namespace "a" to "b", because kustomization.yaml gives that namespace to all objects [namespace-renamed]`,
		}},
		{"a kustomization and a target", listed, flux, target, []string{
			`a.yaml:1:1: warning: Flux renames the Namespace "a" to "shop", because targetNamespace gives that namespace to all objects [namespace-renamed]`,
		}},
		{"a kustomization above", tree{"a.yaml": object("Namespace", "a"), "b/kustomization.yaml": "namespace: b\nresources: [../c]\n", "c/kustomization.yaml": "namespace: a\nresources: [../a.yaml]\n", "kustomization.yaml": "resources: [b]\n"}, flux, preflight.Options{}, []string{
			`a.yaml:1:1: info: Flux renames the Namespace "a" to "b", because b/kustomization.yaml gives that namespace to all objects [namespace-renamed]`,
		}},
		{"the name that it has", tree{"b.yaml": object("Namespace", "b"), "kustomization.yaml": "namespace: b\nresources: [b.yaml]\n"}, flux, preflight.Options{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, lines(t, tt.tree, tt.engine, tt.opts, preflight.CodeNamespaceRenamed))
		})
	}
}

func TestObjectsThatBecomeOneInTheTargetNamespace(t *testing.T) {
	const is = "because with the namespace \"shop\" it is defined here and at "
	other := app + "  namespace: other\n"
	for _, tt := range []struct {
		name string
		tree tree
		want []string
	}{
		{"two files", tree{"a.yaml": app, "b.yaml": other}, []string{`b.yaml:1:1: error: Flux refuses the ConfigMap "app", ` + is + `a.yaml:1 [duplicate-object]`}},
		{"an object that is not renamed", tree{"a.yaml": app, "b.yaml": object("ConfigMap", "b")}, nil},
		{"two versions", tree{"a.yaml": strings.ReplaceAll(app, "v1", "a/v1"), "b.yaml": strings.ReplaceAll(other, "v1", "a/v2")}, nil},
		{"two Namespaces", tree{"a.yaml": object("Namespace", "a"), "b.yaml": object("Namespace", "b")}, []string{`b.yaml:1:1: error: Flux refuses the Namespace "b", ` + is + `a.yaml:1 [duplicate-object]`}},
		{"a kustomization", tree{"kustomization.yaml": "resources: [a.yaml, b.yaml]\n", "a.yaml": app, "b.yaml": other}, []string{`b.yaml:1:1: error: Flux refuses the ConfigMap "app", ` + is + `a.yaml:1 [duplicate-object]`}},
		{"a kustomization with another namespace", tree{"kustomization.yaml": "namespace: x\nresources: [a.yaml, b.yaml]\n", "a.yaml": app, "b.yaml": other}, []string{`b.yaml:1:1: error: Flux refuses the ConfigMap "app", ` + is + `a.yaml:1 [duplicate-object]`}},
		{"a patch that may delete one", tree{"kustomization.yaml": "resources: [a.yaml, b.yaml]\npatches: [{patch: '$patch: delete'}]\n", "a.yaml": app, "b.yaml": other}, nil},
		{"two directories", tree{"a/kustomization.yaml": "namespace: a\nresources: [a.yaml]\n", "a/a.yaml": app, "b/kustomization.yaml": "namespace: b\nresources: [b.yaml]\n", "b/b.yaml": app}, []string{`b/b.yaml:1:1: error: Flux refuses the ConfigMap "app": it is defined here and at a/a.yaml:1 [duplicate-object]`}},
		{"the same namespace", tree{"a.yaml": app, "b.yaml": app}, []string{`b.yaml:1:1: error: Flux refuses the ConfigMap "app": it is defined here and at a.yaml:1 [duplicate-object]`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, lines(t, tt.tree, flux, preflight.Options{TargetNamespace: "shop"}, preflight.CodeDuplicateObject))
		})
	}
}

func TestTargetNamespace(t *testing.T) {
	for name, valid := range map[string]bool{"": true, "a": true, "shop-2": true, strings.Repeat("a", 63): true, strings.Repeat("a", 64): false, "Shop": false, "a.b": false, "-a": false, "a-": false, "a b": false, "-": false} {
		err := preflight.Options{TargetNamespace: name}.Validate()
		if valid {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, preflight.ErrInvalidNamespace, name)
		assert.NotContains(t, err.Error(), strings.Repeat("a", 90))
	}
}
