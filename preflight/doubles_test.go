package preflight_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

const definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: app\n"

const role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: app\n"

// with returns the tree with further files.
func (tr tree) with(files ...string) tree {
	all := tree{}
	for name, text := range tr {
		all[name] = text
	}
	for i := 0; i < len(files); i += 2 {
		all[files[i]] = files[i+1]
	}
	return all
}

// overlay is a tree with a base and an overlay that begins with a text.
func overlay(text string) tree {
	return tree{"base/kustomization.yaml": "resources: [app.yaml]\n", "base/app.yaml": app, "overlays/dev/kustomization.yaml": text + "resources: [../../base]\n"}
}

// diamond is a tree with two ways to a base, through kustomizations that begin with texts.
func diamond(a, b string) tree {
	return tree{
		"kustomization.yaml": "resources: [a, b]\n", "a/kustomization.yaml": a + "resources: [../base]\n", "b/kustomization.yaml": b + "resources: [../base]\n",
		"base/kustomization.yaml": "resources: [app.yaml]\n", "base/app.yaml": app,
	}
}

// Flux adds each outermost directory with a kustomization below its path.
func TestBaseAndOverlayBelowOnePath(t *testing.T) {
	const (
		twice   = `Flux refuses the objects of the directory "base", which come twice: Flux adds them by itself, and resources[0] refers to them [duplicate-object]`
		changed = `Flux applies the objects of the directory "base" twice, under other names or in other namespaces: it adds them by itself, and resources[0] refers to them [duplicate-object]`
		at      = "overlays/dev/kustomization.yaml"
	)
	runRules(t, []ruleTest{
		{"unchanged", overlay(""), flux, []string{at + ":1:13: error: " + twice}},
		{"labels", overlay("labels: [{pairs: {a: b}}]\n"), flux, []string{at + ":2:13: error: " + twice}},
		{"a patch of a value", overlay("patches: [{patch: '{kind: ConfigMap, metadata: {name: any}, data: {a: b}}', target: {kind: ConfigMap}}]\n"), flux, []string{at + ":2:13: error: " + twice}},
		{"a patch in a file", overlay("patches: [{path: p.yaml}]\n").with("overlays/dev/p.yaml", app+"data: {a: b}\n"), flux, []string{at + ":2:13: error: " + twice}},
		{"a patch in a file that deletes", overlay("patches: [{path: p.yaml}]\n").with("overlays/dev/p.yaml", "$patch: delete\n"+app), flux, []string{at + ":2:13: warning: " + changed}},
		{"a patch in a file that is not parsed", overlay("patches: [{path: p.txt}]\n").with("overlays/dev/p.txt", app), flux, []string{at + ":2:13: warning: " + changed}},
		{"a prefix", overlay("namePrefix: a-\n"), flux, []string{at + ":2:13: warning: " + changed}},
		{"a prefix for a kind that gets none", overlay("namePrefix: a-\n").with("base/app.yaml", definition), flux, []string{
			`base/app.yaml:1:1: error: Flux refuses the CustomResourceDefinition "app", because it comes twice: as it is, and with the prefix "a-", which makes no difference [duplicate-object]`,
		}},
		{"the same name with a prefix", tree{"app.yaml": app, "a/kustomization.yaml": "namePrefix: a\nresources: [app.yaml]\n", "a/app.yaml": object("ConfigMap", "pp")}, flux, []string{
			`a/app.yaml:1:1: error: Flux refuses the ConfigMap "pp", because prefixes and suffixes make one name of two: it is defined here and at app.yaml:1 [duplicate-object]`,
		}},
		{"the same name with a prefix and a configuration", tree{"app.yaml": app, "a/kustomization.yaml": "namePrefix: a\nresources: [app.yaml]\nconfigurations: [c.yaml]\n", "a/app.yaml": object("ConfigMap", "pp"), "a/c.yaml": "namePrefix: []\n"}, flux, []string{}},
		{"a namespace", overlay("namespace: a\n"), flux, []string{at + ":2:13: warning: " + changed}},
		{"one namespace everywhere", overlay("namespace: a\n").with("base/kustomization.yaml", "namespace: a\nresources: [app.yaml]\n"), flux, []string{at + ":2:13: error: " + twice}},
		{"the default namespace", overlay("namespace: default\n"), flux, []string{
			`base/app.yaml:1:1: error: Flux refuses the ConfigMap "app", because it comes twice: as it is, and with the namespace "default" of overlays/dev/kustomization.yaml, which makes no difference [duplicate-object]`,
		}},
		{"a namespace for a kind without one", overlay("namespace: a\n").with("base/app.yaml", role), flux, []string{
			`base/app.yaml:1:1: error: Flux refuses the ClusterRole "app", because it comes twice: as it is, and with the namespace "a" of overlays/dev/kustomization.yaml, which makes no difference [duplicate-object]`,
		}},
		{"a Namespace", overlay("namespace: a\n").with("base/app.yaml", object("Namespace", "b")), flux, []string{
			`base/app.yaml:1:1: info: Flux renames the Namespace "b" to "a", because overlays/dev/kustomization.yaml gives that namespace to all objects [namespace-renamed]`,
			at + ":2:13: warning: " + changed,
		}},
		{"no objects", overlay("").with("base/app.yaml", "# later\n", "b.yaml", app), flux, []string{}},
		{"a generator", tree{"base/kustomization.yaml": "secretGenerator: [{name: a}]\n", at: "resources: [../../base]\n"}, flux, []string{at + ":1:13: error: " + twice}},
		{"something remote", tree{"base/kustomization.yaml": "resources: ['https://example.com/a/b']\n", at: "resources: [../../base]\n"}, flux, []string{at + ":1:13: warning: " + twice}},
		{"two overlays", overlay("").with("overlays/prod/kustomization.yaml", "resources: [../../base]\n"), flux, []string{at + ":1:13: error: " + twice}},
		{"both engines", overlay(""), none, []string{
			`error: all manifests at the path "shop" are in subdirectories, which Argo CD does not read by default, so that it renders nothing [subfolders-only]`,
			at + ":1:13: error: " + twice,
		}},
		{"a file", tree{"app.yaml": app, "a/kustomization.yaml": "resources: [../app.yaml]\n"}, flux, []string{
			`a/kustomization.yaml:1:13: error: Flux refuses the objects of the file "app.yaml", which come twice: Flux adds them by itself, and resources[0] refers to them [duplicate-object]`,
		}},
		{"a file and a prefix", tree{"app.yaml": app, "a/kustomization.yaml": "namePrefix: a-\nresources: [../app.yaml]\n"}, flux, []string{
			`a/kustomization.yaml:2:13: warning: Flux applies the objects of the file "app.yaml" twice, under other names or in other namespaces: it adds them by itself, and resources[0] refers to them [duplicate-object]`,
		}},
		{"a file as a patch", tree{"app.yaml": app, "a/kustomization.yaml": "namePrefix: a-\nresources: [b.yaml]\npatches: [{path: ../app.yaml}]\n", "a/b.yaml": app}, flux, []string{}},
		{"an object in a directory", tree{"app.yaml": app, "a/kustomization.yaml": "resources: [app.yaml]\n", "a/app.yaml": app}, flux, []string{
			`a/app.yaml:1:1: error: Flux refuses the ConfigMap "app": it is defined here and at app.yaml:1 [duplicate-object]`,
		}},
		{"Argo CD", overlay(""), argocd, []string{
			`error: all manifests at the path "shop" are in subdirectories, which Argo CD does not read by default, so that it renders nothing [subfolders-only]`,
		}},
	})
	findings := tree{"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../c, ../c]\n", "c/kustomization.yaml": "resources: [app.yaml]\n", "c/app.yaml": app}.checkAt(t, flux, "b")
	assert.Equal(t, []string{`b/kustomization.yaml:1:19: error: resources[1] refers to the same directory again: "../c" [duplicate-object]`}, brief(findings), "with a kustomization elsewhere")
	for _, path := range []string{"base", "overlays", "overlays/dev"} {
		assert.Empty(t, overlay("").checkAt(t, flux, path), path)
	}
	findings = overlay("").with("overlays/prod/kustomization.yaml", "resources: [../../base]\n", "overlays/none/kustomization.yaml", "resources: []\n").check(t, flux, preflight.Options{})
	assert.Equal(t, "set Preflight.Path to the directory that the engine renders, such as overlays/dev or overlays/prod", findings[0].Hint)
}

func TestObjectsThatReachABuildByTwoWays(t *testing.T) {
	const (
		at    = "b/kustomization.yaml"
		twice = `Flux refuses the objects of the directory "base", which come twice: because of resources[0], and because of resources[0] in a/kustomization.yaml:1 [duplicate-object]`
	)
	runRules(t, []ruleTest{
		{"a diamond", diamond("", ""), flux, []string{at + ":1:13: error: " + twice}},
		{"a prefix on one way", diamond("namePrefix: a-\n", ""), flux, []string{}},
		{"a prefix on both", diamond("namePrefix: a-\n", "namePrefix: a-\n"), flux, []string{at + ":2:13: error: " + strings.Replace(twice, "yaml:1", "yaml:2", 1)}},
		{"affixes that make one name", diamond("namePrefix: a-\nnameSuffix: -b\n", "namePrefix: a-\n").with("b/kustomization.yaml", "namePrefix: a-\nresources: [../c]\n", "c/kustomization.yaml", "nameSuffix: -b\nresources: [../base]\n"), flux, []string{
			"c/kustomization.yaml:2:13: error: " + strings.Replace(twice, "yaml:1", "yaml:3", 1),
		}},
		{"affixes in another order", diamond("namePrefix: a-\n", "").with("b/kustomization.yaml", "namePrefix: a\nresources: [../c]\n", "c/kustomization.yaml", "namePrefix: b\nresources: [../base]\n"), flux, []string{}},
		{"affixes for a kind that gets none", diamond("namePrefix: a-\n", "namespace: c\nnameSuffix: -b\n").with("base/app.yaml", definition), flux, []string{
			`base/app.yaml:1:1: error: Flux refuses the CustomResourceDefinition "app", because it comes twice: with the prefix "a-", and with the namespace "c" of b/kustomization.yaml and the suffix "-b", which makes no difference [duplicate-object]`,
		}},
		{"namespaces on both", diamond("namespace: a\n", "namespace: b\n"), flux, []string{}},
		{"one namespace on both", diamond("namespace: a\n", "namespace: a\n"), flux, []string{
			at + ":2:13: error: " + strings.Replace(twice, "yaml:1", "yaml:2", 1),
		}},
		{"namespaces for a kind without one", diamond("namespace: a\n", "namespace: b\n").with("base/app.yaml", role), flux, []string{
			`base/app.yaml:1:1: error: Flux refuses the ClusterRole "app", because it comes twice: with the namespace "a" of a/kustomization.yaml, and with the namespace "b" of b/kustomization.yaml, which makes no difference [duplicate-object]`,
		}},
		{"below a prefix", diamond("", "").with("kustomization.yaml", "namePrefix: a-\nresources: [a, b]\n"), flux, []string{at + ":1:13: error: " + twice}},
		{"a base with a prefix", diamond("", "").with("base/kustomization.yaml", "namePrefix: a-\nresources: [app.yaml]\n"), flux, []string{at + ":1:13: error: " + twice}},
		{"a base with a patch that deletes", diamond("", "").with("base/kustomization.yaml", "resources: [app.yaml]\npatches: [{target: {name: app}, patch: '{$patch: delete, kind: ConfigMap, metadata: {name: any}}'}]\n"), flux, []string{at + ":1:13: warning: " + twice}},
		{"no objects", diamond("", "").with("base/app.yaml", "# later\n", "kustomization.yaml", "resources: [a, b, c.yaml]\n", "c.yaml", app), flux, []string{}},
		{"a directory twice", diamond("", "").with("kustomization.yaml", "resources: [a, ./a]\n"), flux, []string{
			`kustomization.yaml:1:16: error: resources[1] refers to the same directory again: "./a" [duplicate-object]`,
		}},
		{"not built", diamond("", "").with("kustomization.yaml", kustomization, "c/kustomization.yaml", "resources: [../a, ../b]\n"), flux, []string{
			at + ":1:13: warning: kustomize" + strings.TrimPrefix(twice, "Flux"),
		}},
		{"a file", tree{"kustomization.yaml": "resources: [a, b]\n", "a/kustomization.yaml": "resources: [../app.yaml]\n", "b/kustomization.yaml": "resources: [../app.yaml]\n", "app.yaml": app}, flux, []string{
			`b/kustomization.yaml:1:13: error: Flux refuses the objects of the file "app.yaml", which come twice: because of resources[0], and because of resources[0] in a/kustomization.yaml:1 [duplicate-object]`,
		}},
		{"two files", tree{"kustomization.yaml": "resources: [a, b]\n", "a/kustomization.yaml": "resources: [app.yaml]\n", "a/app.yaml": app, "b/kustomization.yaml": "resources: [app.yaml]\n", "b/app.yaml": app + "  namespace: default\n"}, flux, []string{
			`b/app.yaml:1:1: error: Flux refuses the ConfigMap "app": it is defined here and at a/app.yaml:1 [duplicate-object]`,
		}},
		{"a component without objects", tree{"kustomization.yaml": "resources: [a.yaml]\ncomponents: [c, c]\n", "a.yaml": app, "c/kustomization.yaml": "kind: Component\nnamePrefix: a-\n"}, flux, []string{}},
		{"a component with an object", tree{"kustomization.yaml": "resources: [a.yaml]\ncomponents: [c, c]\n", "a.yaml": app, "c/kustomization.yaml": "kind: Component\nresources: [c.yaml]\n", "c/c.yaml": object("ConfigMap", "c")}, flux, []string{
			`kustomization.yaml:2:17: error: components[1] refers to the same directory again: "c" [duplicate-object]`,
		}},
		{"namespaces that become one", tree{"kustomization.yaml": "namespace: c\nresources: [a.yaml, b.yaml]\n", "a.yaml": app, "b.yaml": app + "  namespace: b\n"}, flux, []string{
			`b.yaml:1:1: error: Flux refuses the ConfigMap "app", because with the namespace "c" it is defined here and at a.yaml:1 [duplicate-object]`,
		}},
		{"Namespaces that become one", tree{"kustomization.yaml": "namespace: c\nresources: [a.yaml]\n", "a.yaml": object("Namespace", "c") + "---\n" + object("Namespace", "b")}, flux, []string{
			`a.yaml:6:1: error: Flux refuses the Namespace "b", because with the namespace "c" it is defined here and at a.yaml:1 [duplicate-object]`,
			`a.yaml:6:1: info: Flux renames the Namespace "b" to "c", because kustomization.yaml gives that namespace to all objects [namespace-renamed]`,
		}},
	})
}

// Flux finds the kustomizations of both copies.
func TestTwoCopiesOfKustomizations(t *testing.T) {
	for _, tt := range []struct {
		name string
		tree tree
		both bool
	}{
		{"a directory", tree{"a/kustomization.yaml": "resources: [app.yaml]\n", "a/app.yaml": app}, true},
		{"an overlay at the path", tree{"kustomization.yaml": "resources: [app.yaml]\n", "app.yaml": app}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plan, err := packager.NewPlan(tt.tree.collect(t), packager.LayoutBoth, packager.Options{Prefix: "shop"})
			require.NoError(t, err)
			findings, err := preflight.Check(t.Context(), preflight.Artifact{
				Plan: plan, Engines: []packager.GitOpsEngine{flux}, Paths: packager.EnginePaths{Flux: "./"},
			}, preflight.Options{})
			require.NoError(t, err)
			assert.Equal(t, tt.both, len(others(findings)) == 1 && findings[0].Code == preflight.CodeTwoCopies && findings[0].Severity == preflight.Error, "%v", findings)
		})
	}
}

// The number of ways to a base doubles with each level.
func TestManyWaysToOneBase(t *testing.T) {
	tr := tree{"n/0/kustomization.yaml": "resources: [app.yaml]\n", "n/0/app.yaml": app}
	const levels = 90
	for i := range levels {
		for _, side := range []string{"a", "b"} {
			tr[fmt.Sprintf("n/%d/%s/kustomization.yaml", i+1, side)] = fmt.Sprintf("resources: [../../%d]\n", i)
		}
		tr[fmt.Sprintf("n/%d/kustomization.yaml", i+1)] = "resources: [a, b]\n"
	}
	findings := tr.checkAt(t, flux, fmt.Sprintf("n/%d", levels))
	assert.Len(t, findings, levels)
	for _, f := range findings {
		assert.Equal(t, preflight.CodeDuplicateObject, f.Code)
		assert.Equal(t, preflight.Error, f.Severity)
	}
	for name, text := range tr {
		if side := path.Base(path.Dir(name)); side == "a" || side == "b" { // a name for each way
			tr[name] = "namePrefix: " + side + "\n" + text
		}
	}
	assert.Empty(t, tr.checkAt(t, flux, fmt.Sprintf("n/%d", levels)))
}

// Without a named engine, an object that both refuse is an Error, also if each has a reason of
// its own or Flux was reported first.
func TestDoublesForEachEngine(t *testing.T) {
	listing := tree{"kustomization.yaml": "resources: [a.yaml, b.yaml]\n", "a.yaml": app, "b.yaml": app}
	for _, tt := range []struct {
		name string
		tree tree
		want []string
	}{
		{"an object in two files", listing, []string{
			`b.yaml:1:1: error: Argo CD refuses the ConfigMap "app": it is defined here and at a.yaml:1 [duplicate-object]`,
			`b.yaml:1:1: error: Flux refuses the ConfigMap "app": it is defined here and at a.yaml:1 [duplicate-object]`,
		}},
		{"a file that is listed twice", listing.with("kustomization.yaml", "resources: [a.yaml, a.yaml]\n"), []string{
			`kustomization.yaml:1:21: error: resources[1] lists the same file again: "a.yaml" [duplicate-object]`,
			`kustomization.yaml:1:21: error: resources[1] lists the same file again: "a.yaml" [duplicate-object]`,
		}},
		{"an object that only Flux has twice", listing.with("b.yaml", app+"  namespace: other\n"), []string{
			`b.yaml:1:1: warning: Flux refuses the ConfigMap "app", because with the namespace "shop" it is defined here and at a.yaml:1 [duplicate-object]`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			findings := tt.tree.check(t, none, preflight.Options{TargetNamespace: "shop"})
			doubles := slices.DeleteFunc(findings, func(f preflight.Finding) bool { return f.Code != preflight.CodeDuplicateObject })
			assert.Equal(t, tt.want, brief(doubles))
		})
	}
}
