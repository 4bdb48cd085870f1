package preflight_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/ignore"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// keepingAll collects the files that rules would exclude.
var keepingAll = manifests.Options{SkipIgnoreFiles: true, Include: []string{"*"}}

func TestSourceIgnore(t *testing.T) {
	const there = ".sourceignore: info: this file replaces Flux's default ignore rules [source-ignore]"
	b := object("ConfigMap", "b")
	for _, tt := range []ruleTest{
		{"replaces the defaults", tree{".sourceignore": "*.md\n/b.yaml\n", "app.yaml": app, "b.yaml": b, "x.md": "", "cloudbuild.yaml": object("ConfigMap", "c")}, flux, []string{
			there,
			`b.yaml: warning: Flux ignores this file because of the rule "/b.yaml", .sourceignore:2 [flux-ignored]`,
			`x.md: info: Flux ignores this file because of the rule "*.md", .sourceignore:1 [flux-ignored]`,
		}},
		{"except for version control", tree{".sourceignore": "*.md\n", "app.yaml": app, ".gitattributes": ""}, flux, []string{
			".gitattributes: info: Flux ignores a file with this name by default [flux-ignored]",
			there,
		}},
		{"version control negated", tree{".sourceignore": "!.gitattributes\n", "app.yaml": app, ".gitattributes": ""}, flux, []string{there}},
		{"comments only", tree{".sourceignore": "# later\n\n  \n", "app.yaml": app, "cloudbuild.yaml": b}, flux, []string{
			"cloudbuild.yaml: warning: Flux ignores a file with this name by default [flux-ignored]",
		}},
		{"in a directory", tree{"a/.sourceignore": "b.yaml\r\n", "app.yaml": app, "a/b.yaml": b, "b.yaml": object("ConfigMap", "c")}, flux, []string{
			"a/.sourceignore: info: this file replaces Flux's default ignore rules [source-ignore]",
			`a/b.yaml: warning: Flux ignores this file because of the rule "b.yaml", a/.sourceignore:1 [flux-ignored]`,
		}},
		{"all files", tree{".sourceignore": "*.yaml\n", "app.yaml": app}, flux, []string{
			`error: Flux renders nothing at the path "./", without an error [nothing-rendered]`,
			there,
			`app.yaml: warning: Flux ignores this file because of the rule "*.yaml", .sourceignore:1 [flux-ignored]`,
		}},
		{"the kustomization", tree{".sourceignore": "kustomization.*\n", "app.yaml": app, "values.yaml": "a: 1\n", "kustomization.yaml": kustomization}, flux, []string{
			there,
			`kustomization.yaml: info: Flux ignores this file because of the rule "kustomization.*", .sourceignore:1 [flux-ignored]`,
			"values.yaml:1:1: error: Flux refuses a document that is not a Kubernetes object [not-an-object]",
		}},
		{"files that a kustomization refers to", tree{".sourceignore": "/a/kustomization.yaml\n/b.yaml\n", "kustomization.yaml": "resources: [a, b.yaml]\n", "a/kustomization.yaml": "resources: [c.yaml]\n", "a/c.yaml": "a: 1\n", "b.yaml": "a: 1\n"}, flux, []string{
			there,
			`a/c.yaml:1:1: warning: kustomize refuses a document that is not a Kubernetes object [not-an-object]`,
			`a/kustomization.yaml: info: Flux ignores this file because of the rule "/a/kustomization.yaml", .sourceignore:1 [flux-ignored]`,
			`b.yaml: info: Flux ignores this file because of the rule "/b.yaml", .sourceignore:2 [flux-ignored]`,
			`b.yaml:1:1: warning: kustomize refuses a document that is not a Kubernetes object [not-an-object]`,
			`kustomization.yaml:1:16: error: resources[1] refers to a file that Flux ignores: "b.yaml" [kustomization]`,
		}},
		{"each of two copies", tree{".sourceignore": "/b.yaml\n", "app.yaml": app, "b.yaml": b}, none, []string{
			there,
			`b.yaml: warning: Flux ignores this file because of the rule "/b.yaml", .sourceignore:1 [flux-ignored]`,
		}},
		{"Argo CD", tree{".sourceignore": "/b.yaml\n", "app.yaml": app, "b.yaml": b}, argocd, []string{}},
		{"too large", tree{".sourceignore": strings.Repeat("*.md\n", ignore.MaxSize/5+1), "app.yaml": app}, flux, []string{
			".sourceignore: warning: this file is not checked, so the files that Flux ignores are not known, and nothing is checked for Flux [source-ignore]",
			".sourceignore: warning: the file has more than 65536 bytes and is not checked [too-large]",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, brief(checkFS(t, tt.tree.fs(), tt.engine, keepingAll)))
		})
	}
}

// Package manifests reads the rules as git does. Flux may read them in another way.
func TestSourceIgnoreWithTwoMeanings(t *testing.T) {
	opts := manifests.Options{Include: []string{".sourceignore"}}
	findings := checkFS(t, tree{".sourceignore": "[!a]pp.yaml\n", "app.yaml": app}.fs(), flux, opts)
	assert.Equal(t, preflight.CodeNothingRendered, findings[0].Code)
	assert.Equal(t, "negate the rule there, or keep the .sourceignore file out of the artifact", findings[2].Hint)
}

// The prefix is a name like those of the tree.
func TestPrefixAsAName(t *testing.T) {
	for _, tt := range []struct {
		layout packager.Layout
		prefix string
		want   []string
	}{
		{packager.LayoutBoth, "deploy", []string{`Deploy/b.yaml: warning: "deploy" and "Deploy" are the same name on a file system that ignores case [case-twins]`}},
		{packager.LayoutBoth, "App.yaml", []string{`app.yaml: warning: "App.yaml" and "app.yaml" are the same name on a file system that ignores case [case-twins]`}},
		{packager.LayoutPrefix, "deploy", []string{}},
		{packager.LayoutPrefix, "aux", []string{`warning: "aux" is a device name, which Windows refuses [portable-name]`}},
	} {
		plan, err := packager.NewPlan(tree{"app.yaml": app, "Deploy/b.yaml": "# later"}.collect(t), tt.layout, packager.Options{Prefix: tt.prefix})
		require.NoError(t, err)
		findings, err := preflight.Check(t.Context(), preflight.Artifact{Plan: plan, Engines: []packager.GitOpsEngine{flux}}, preflight.Options{})
		require.NoError(t, err)
		assert.Equal(t, tt.want, brief(findings))
	}
}

// Flux ignores all files below a prefix with a name that it ignores.
func TestPrefixThatFluxIgnores(t *testing.T) {
	plan, err := packager.NewPlan(tree{"app.yaml": app}.collect(t), packager.LayoutBoth, packager.Options{Prefix: "shop.zip"})
	require.NoError(t, err)
	findings, err := preflight.Check(t.Context(), preflight.Artifact{Plan: plan}, preflight.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{
		`warning: Flux finds no directory "./shop.zip", because it ignores all files there [path-missing]`,
		"app.yaml: warning: Flux ignores a file with this name by default [flux-ignored]",
	}, brief(findings))
}
