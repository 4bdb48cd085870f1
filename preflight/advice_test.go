package preflight_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// fluxObject is a Kustomization of Flux.
func fluxObject(name, path string) string {
	return "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: " + name + "\n  namespace: flux-system\nspec:\n  path: " + path + "\n"
}

func resources(names ...string) string {
	return "resources:\n- " + strings.Join(names, "\n- ") + "\n"
}

var (
	fleet = tree{
		"apps/base/shop/app.yaml":                            object("ConfigMap", "shop"),
		"apps/base/shop/kustomization.yaml":                  resources("app.yaml"),
		"apps/production/kustomization.yaml":                 resources("../base/shop"),
		"apps/staging/kustomization.yaml":                    resources("../base/shop"),
		"clusters/production/apps.yaml":                      fluxObject("apps", "./apps/production"),
		"clusters/production/flux-system/sync.yaml":          fluxObject("flux-system", "./clusters/production"),
		"clusters/production/flux-system/kustomization.yaml": resources("sync.yaml"),
		"clusters/staging/apps.yaml":                         fluxObject("apps", "./apps/staging"),
		"clusters/staging/flux-system/sync.yaml":             fluxObject("flux-system", "./clusters/staging"),
		"clusters/staging/flux-system/kustomization.yaml":    resources("sync.yaml"),
	}
	deepFleet = tree{
		"fleet/clusters/eu/apps/apps.yaml":   fluxObject("apps", "./apps/eu"),
		"fleet/clusters/eu/infra/infra.yaml": fluxObject("infra", "./infra/eu"),
		"fleet/clusters/us/apps/apps.yaml":   fluxObject("apps", "./apps/us"),
		"fleet/clusters/us/infra/infra.yaml": fluxObject("infra", "./infra/us"),
	}
	operator = tree{
		"config/crd/bases/shops.yaml":        object("ConfigMap", "crd"),
		"config/crd/kustomization.yaml":      resources("bases/shops.yaml"),
		"config/manager/manager.yaml":        object("Namespace", "system") + "---\n" + object("ConfigMap", "manager"),
		"config/manager/kustomization.yaml":  resources("manager.yaml"),
		"config/rbac/role.yaml":              object("ServiceAccount", "manager"),
		"config/rbac/kustomization.yaml":     resources("role.yaml"),
		"config/default/kustomization.yaml":  "namePrefix: shop-\n" + resources("../crd", "../rbac", "../manager"),
		"config/samples/shop.yaml":           object("ConfigMap", "sample"),
		"config/samples/kustomization.yaml":  resources("shop.yaml"),
		"config/scorecard/bases/config.yaml": "components: []\n",
		"PROJECT.yaml":                       "layout: go\n",
	}
	overlays = tree{
		"base/app.yaml":                    object("ConfigMap", "app"),
		"base/kustomization.yaml":          resources("app.yaml"),
		"overlays/dev/kustomization.yaml":  resources("../../base", "again.yaml"),
		"overlays/dev/again.yaml":          object("ConfigMap", "more"),
		"overlays/prod/kustomization.yaml": resources("../../base"),
		"mkdocs.yml":                       "site_name: shop\n",
	}
	chartTree = tree{
		"charts/shop/Chart.yaml":         "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
		"charts/shop/values.yaml":        "replicas: 1\n",
		"charts/shop/templates/app.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n",
	}
	plain = tree{
		"shop/a.yaml":         object("ConfigMap", "a"),
		"shop/b.yaml":         object("ConfigMap", "b"),
		"store/a.yaml":        object("ConfigMap", "a"),
		"_old/a.yaml":         object("ConfigMap", "a"),
		"_old/b.yaml":         object("ConfigMap", "b"),
		"_old/c.yaml":         object("ConfigMap", "c"),
		"store/more/two.yaml": object("ConfigMap", "two"),
	}
)

func with(a, b tree) tree {
	all := tree{}
	for _, part := range []tree{a, b} {
		for name, text := range part {
			all[name] = text
		}
	}
	return all
}

// A hint names the directories that the engine renders, and each of them leads to a check
// without an error.
func TestAdviceOfPaths(t *testing.T) {
	broken := with(overlays, tree{"overlays/prod/app.yaml": "a: [\n", "overlays/prod/kustomization.yaml": resources("app.yaml")})
	kustomize := tree{"kustomize/kustomization.yaml": resources("app.yaml"), "kustomize/app.yaml": object("ConfigMap", "app")}
	for _, tt := range []struct {
		name   string
		tree   tree
		engine packager.GitOpsEngine
		path   string
		want   []string
	}{
		{"fleet, Flux", fleet, flux, "", []string{"clusters/production", "clusters/staging"}},
		{"fleet, Argo CD", fleet, argocd, "", []string{"apps/production", "apps/staging", "clusters/production/flux-system", "clusters/staging/flux-system"}},
		{"fleet, both", fleet, none, "", []string{"clusters/production", "clusters/staging"}},
		{"fleet, below a path", fleet, flux, "clusters", []string{"clusters/production", "clusters/staging"}},
		{"fleet of directories", with(fleet, deepFleet), flux, "fleet", []string{"fleet/clusters/eu", "fleet/clusters/us"}},
		{"deep fleet", with(deepFleet, tree{"bad.yaml": "a: 1\n"}), flux, "", []string{"fleet/clusters/eu", "fleet/clusters/us"}},
		{"operator, Flux", operator, flux, "", []string{"config/default", "config/samples"}},
		{"operator, Argo CD", operator, argocd, "config", []string{"config/default", "config/samples"}},
		{"overlays, Flux", overlays, flux, "", []string{"overlays/dev", "overlays/prod"}},
		{"overlays, Argo CD", overlays, argocd, "", []string{"overlays/dev", "overlays/prod"}},
		{"overlays, both", overlays, none, "", []string{"overlays/dev", "overlays/prod"}},
		{"one overlay is broken", broken, flux, "", []string{"overlays/dev"}},
		{"chart, Flux", chartTree, flux, "", nil},
		{"chart, Argo CD", chartTree, argocd, "", []string{"charts/shop"}},
		{"chart and kustomization, Flux", with(chartTree, kustomize), flux, "", []string{"kustomize"}},
		{"chart and kustomization, Argo CD", with(chartTree, kustomize), argocd, "", []string{"charts/shop", "kustomize"}},
		{"chart and kustomization, both", with(chartTree, kustomize), none, "", []string{"kustomize"}},
		{"plain directories, Flux", plain, flux, "", []string{"_old", "shop", "store"}},
		{"plain directories, Argo CD", plain, argocd, "", []string{"_old", "shop", "store"}},
		{"directories with names that begin alike", tree{"a-b/a.yaml": app, "a/a.yaml": app, "a/b.yaml": app, "a0/a.yaml": app}, flux, "", []string{"a-b", "a0"}},
		{"a missing directory", with(fleet, overlays), flux, "none/of/these", []string{"clusters/production", "clusters/staging"}},
		{"a missing directory of a tree that renders", kustomize, flux, "absent", []string{"."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			findings := tt.tree.check(t, tt.engine, preflight.Options{Path: tt.path})
			advised := followed(t, tt.tree, tt.engine, findings)
			assert.Equal(t, tt.want, advised, findings)
		})
	}
}

// followed follows the advice of the findings, and returns the directories in it.
func followed(t *testing.T, tr tree, engine packager.GitOpsEngine, findings preflight.Findings) []string {
	t.Helper()
	var paths []string
	for _, f := range findings {
		paths = append(paths, f.Paths...)
		for _, p := range f.Paths {
			if p != "." {
				assert.Contains(t, f.Hint, p)
			}
		}
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	for _, p := range paths {
		again := tr.check(t, engine, preflight.Options{Path: p})
		assert.Less(t, again.Worst(), preflight.Error, "the path %s: %v", p, again)
	}
	if len(paths) > 1 {
		again := tr.check(t, engine, preflight.Options{Paths: paths})
		assert.Less(t, again.Worst(), preflight.Error, again)
	}
	return paths
}

func TestHints(t *testing.T) {
	const (
		recurse  = "set directory.recurse in the Application and Preflight.DirectoryRecurse"
		path     = "set Preflight.Path to the directory that the engine renders, such as "
		helmPush = "push the chart with helm push and install it with a HelmRelease"
	)
	first := tree{"a.yaml": object("ConfigMap", "a"), "b.yaml": object("ConfigMap", "a"), "c/c.yaml": object("ConfigMap", "c")}
	for _, tt := range []struct {
		name   string
		tree   tree
		engine packager.GitOpsEngine
		opts   preflight.Options
		code   preflight.Code
		want   string
	}{
		{"the same object for two clusters", fleet, flux, preflight.Options{}, preflight.CodeDuplicateObject, path + "clusters/production or clusters/staging"},
		{"the same object beside another", first, flux, preflight.Options{}, preflight.CodeDuplicateObject, "keep one of them"},
		{"the same object beside another, below", tree{"x/a.yaml": first["a.yaml"], "x/b.yaml": first["a.yaml"], "y/a.yaml": object("ConfigMap", "y")}, flux, preflight.Options{}, preflight.CodeDuplicateObject, "keep one of them, or " + path + "y"},
		{"not an object at the top", with(overlays, tree{"app.yaml": object("Pod", "p")}), flux, preflight.Options{}, preflight.CodeNotObject, "exclude it with Collect.Ignore, or add a kustomization.yaml that lists the manifests"},
		{"not an object at a top without manifests", overlays, flux, preflight.Options{}, preflight.CodeNotObject, path + "overlays/dev or overlays/prod, or exclude it with Collect.Ignore, or add a kustomization.yaml that lists the manifests"},
		{"subdirectories that can be recursed into", tree{"a/a.yaml": object("ConfigMap", "a"), "b/b.yaml": object("ConfigMap", "b")}, argocd, preflight.Options{}, preflight.CodeSubfoldersOnly, recurse + ", or " + path + "a or b"},
		{"subdirectories that cannot", with(chartTree, tree{"a/a.yaml": object("ConfigMap", "a")}), argocd, preflight.Options{}, preflight.CodeSubfoldersOnly, path + "charts/shop"},
		{"subdirectories that are broken", tree{"a/a.yaml": object("ConfigMap", "a") + "---\na: [\n"}, argocd, preflight.Options{}, preflight.CodeSubfoldersOnly, "add a kustomization.yaml that lists the manifests to render"},
		{"a chart alone", chartTree, flux, preflight.Options{}, preflight.CodeChart, "render it with helm template and push the output, or " + helmPush},
		{"a chart beside manifests", with(chartTree, tree{"app.yaml": object("Pod", "p")}), flux, preflight.Options{}, preflight.CodeChart, "exclude charts/shop/ with Collect.Ignore, and " + helmPush},
		{"a chart that is read as plain files", with(chartTree, tree{"app.yaml": object("Pod", "p")}), argocd, preflight.Options{DirectoryRecurse: true}, preflight.CodeChart, "unset directory.recurse in the Application, and Preflight.DirectoryRecurse here"},
		{"a name with a blank and a capital letter", tree{"My App/a.yaml": object("Pod", "p"), "bad/b.yaml": "a: 1\n"}, flux, preflight.Options{}, preflight.CodeNotObject, path + `"My App", or exclude it with Collect.Ignore, or add a kustomization.yaml that lists the manifests`},
		{"a misspelt path", fleet, flux, preflight.Options{Path: "clusters/prodution"}, preflight.CodePathMissing, "set Preflight.Path to clusters/production, which is spelt almost like it"},
		{"a path in another case", fleet, flux, preflight.Options{Path: "Clusters/Production"}, preflight.CodePathMissing, "set Preflight.Path to clusters/production, which is spelt almost like it"},
		{"a misspelt path of two", fleet, flux, preflight.Options{Paths: []string{"clusters/production", "clusters/stagign"}}, preflight.CodePathMissing, "set Preflight.Path to clusters/staging, which is spelt almost like it"},
		{"a kustomization for which there is no memory", tree{"a/kustomization.yaml": resources(strings.Fields(strings.Repeat("absent.yaml ", 200))...), "c/app.yaml": app}, flux, preflight.Options{MaxMemory: 32 << 10}, preflight.CodeKustomization, "add the file, or remove the reference, or " + path + "c"},
		{"the path of a file", fleet, flux, preflight.Options{Path: "clusters/staging/apps.yaml"}, preflight.CodePathMissing, "set Preflight.Path to the directory of the file, clusters/staging"},
		{"the path of a file at the top", overlays, flux, preflight.Options{Path: "mkdocs.yml"}, preflight.CodePathMissing, "leave Preflight.Path empty: it is a directory, not a file"},
		{"a path with the name of the source", fleet, flux, preflight.Options{Path: "repo/fleet/clusters/staging"}, preflight.CodePathMissing, "set Preflight.Path to the path in the source, clusters/staging"},
		{"a path that is like nothing", chartTree, flux, preflight.Options{Path: "x"}, preflight.CodePathMissing, "set Preflight.Path to a directory of the source"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			findings := tt.tree.check(t, tt.engine, tt.opts)
			i := slices.IndexFunc(findings, func(f preflight.Finding) bool { return f.Code == tt.code })
			require.GreaterOrEqual(t, i, 0, findings)
			assert.Equal(t, tt.want, findings[i].Hint)
			followed(t, tt.tree, tt.engine, findings)
		})
	}
}

// A .sourceignore file with a rule, in the artifact, replaces the rules by which Flux
// ignores files.
func TestHintForIgnoredFiles(t *testing.T) {
	tr := tree{"kustomization.yaml": resources("cloudbuild.yaml"), "cloudbuild.yaml": object("ConfigMap", "a")}
	findings := tr.check(t, flux, preflight.Options{})
	require.NotEmpty(t, findings)
	assert.Contains(t, findings[0].Hint, ".sourceignore file with at least one rule")
	assert.Empty(t, preflight.Options{}.Refusals(with(tr, tree{".sourceignore": "*.tmp\n"}).check(t, flux, preflight.Options{})))
	assert.NotEmpty(t, preflight.Options{}.Refusals(with(tr, tree{".sourceignore": "# nothing\n"}).check(t, flux, preflight.Options{})))
}
