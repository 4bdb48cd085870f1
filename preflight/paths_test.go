package preflight_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// twoClusters is a tree of which no engine renders everything.
func twoClusters() tree {
	return tree{
		"clusters/production/app.yaml": object("ConfigMap", "app"),
		"clusters/staging/app.yaml":    object("ConfigMap", "app"),
		"clusters/staging/secret.yaml": object("Secret", "token") + "stringData: {token: abc}\n",
		"broken/app.yaml":              "a: [\n",
		"broken/deep/app.yaml":         object("ConfigMap", "deep"),
	}
}

func TestSeveralPaths(t *testing.T) {
	secret := "clusters/staging/secret.yaml:1:1: warning: the Secret \"token\" is not encrypted [plaintext-secret]"
	broken := func(severity preflight.Severity) string {
		f := preflight.Finding{Code: preflight.CodeSyntax, File: "broken/app.yaml", Line: 1, Column: 1, Severity: severity}
		f.Message = "the YAML does not parse: did not find expected node content"
		return f.String()
	}
	warning, refused := broken(preflight.Warning), broken(preflight.Error)
	duplicate := `clusters/staging/app.yaml:1:1: error: Flux refuses the ConfigMap "app": it is defined here and at clusters/production/app.yaml:1`
	for _, tt := range []struct {
		name string
		opts preflight.Options
		want []string
	}{
		{"one", preflight.Options{Paths: []string{"clusters/production"}}, []string{warning, secret}},
		{"two that are fine", preflight.Options{Paths: []string{"clusters/production", "clusters/staging"}}, []string{warning, secret}},
		{"the path and another", preflight.Options{Path: "clusters/production", Paths: []string{"clusters/staging"}}, []string{warning, secret}},
		{"the same again", preflight.Options{Path: "clusters/staging", Paths: []string{"./clusters/staging/", "clusters/staging"}}, []string{warning, secret}},
		{"one is refused", preflight.Options{Paths: []string{"clusters/production", "broken"}}, []string{refused, secret}},
		{"nested", preflight.Options{Paths: []string{"clusters", "clusters/staging"}}, []string{warning, duplicate + ` (at the path "clusters") [duplicate-object]`, secret}},
		{"nested and the file in the outer one only", preflight.Options{Paths: []string{"broken/deep", "broken"}}, []string{refused, secret}},
		{"all of the tree, and one", preflight.Options{Paths: []string{".", "broken/deep"}}, []string{refused, duplicate + " [duplicate-object]", secret}},
		{"one is missing", preflight.Options{Paths: []string{"clusters/production", "clusters/test"}}, []string{
			`error: Flux finds no directory "./clusters/test" [path-missing]`, warning, secret,
		}},
		{"two are missing", preflight.Options{Path: "a", Paths: []string{"b"}}, []string{
			`error: Flux finds no directory "./a" [path-missing]`, `error: Flux finds no directory "./b" [path-missing]`, warning, secret,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.NoError(t, tt.opts.Validate())
			assert.Equal(t, tt.want, brief(twoClusters().check(t, flux, tt.opts)))
		})
	}
}

func TestEveryPath(t *testing.T) {
	for _, tt := range []struct {
		name  string
		path  string
		paths []string
		want  []string
	}{
		{"nothing", "", nil, []string{"."}},
		{"the path", "a/", nil, []string{"a"}},
		{"further ones alone", "", []string{"b", "a"}, []string{"b", "a"}},
		{"both", "c", []string{"b"}, []string{"c", "b"}},
		{"the tree and one", ".", []string{"b"}, []string{".", "b"}},
		{"an empty one of several", "b", []string{""}, []string{"b", "."}},
		{"the same", "b", []string{"./b", "b/", "a/../b"}, []string{"b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, preflight.Options{Path: tt.path, Paths: tt.paths}.EveryPath())
		})
	}
	for _, bad := range []string{"..", "/a", "a/../../b", "a\x00/../.."} {
		err := preflight.Options{Path: "a", Paths: []string{"b", bad}}.Validate()
		require.ErrorIs(t, err, preflight.ErrInvalidPath, bad)
	}
}

// The limits of findings hold for all paths together.
func TestSeveralPathsWithinLimits(t *testing.T) {
	tr := tree{}
	for i := range 6 {
		tr[fmt.Sprintf("a/%d.yaml", i)] = "a: [\n"
		tr[fmt.Sprintf("b/%d.yaml", i)] = "a: [\n"
	}
	findings := tr.check(t, flux, preflight.Options{Paths: []string{"a", "b"}, MaxFindings: 8})
	require.Len(t, findings, 9)
	for _, f := range findings[:8] {
		assert.Equal(t, preflight.Error, f.Severity, f)
	}
	last := findings[8]
	assert.Equal(t, preflight.CodeMoreFindings, last.Code)
	assert.Contains(t, last.Message, "at least ")
	assert.Equal(t, preflight.Error, last.Severity)

	many := tree{"a/app.yaml": strings.Repeat("a: 1\n---\n", 10), "b/app.yaml": object("ConfigMap", "b")}
	findings = many.check(t, flux, preflight.Options{Paths: []string{".", "a", "b"}, MaxFileFindings: 3})
	require.Len(t, findings, 4)
	assert.Contains(t, findings[3].Message, "at least 7 more findings are not listed")
}

// An engine that is told a directory of a chart does not see the chart.
func TestPathWithinAChart(t *testing.T) {
	tr := tree{
		"c/Chart.yaml":         "apiVersion: v2\nname: c\nversion: 1.0.0\n",
		"c/templates/a.yaml":   "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n",
		"c/charts/d/values.md": "", "c/crds/app.yaml": object("Pod", "a"),
	}
	for _, engine := range []packager.GitOpsEngine{flux, argocd} {
		findings := tr.check(t, engine, preflight.Options{Path: "c/templates"})
		require.NotEmpty(t, findings.AtLeast(preflight.Error), engine)
		assert.Equal(t, preflight.CodeTemplate, findings.AtLeast(preflight.Error)[0].Code, engine)
		assert.Empty(t, tr.check(t, engine, preflight.Options{Path: "c/crds"}).AtLeast(preflight.Warning), engine)
	}
}
