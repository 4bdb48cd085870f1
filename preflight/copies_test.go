package preflight_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// A reference out of the tree is refused unless the layout puts something in its place.
func TestReferencesOutOfTheTree(t *testing.T) {
	for _, tt := range []struct {
		name, reference    string
		root, prefix, both preflight.Severity
	}{
		{"a directory above", "../../base", preflight.Error, preflight.Error, preflight.Warning},
		{"a directory below the prefix", "../../shop/base", preflight.Error, preflight.Warning, preflight.Warning},
		{"a file above", "../../app.yaml", preflight.Error, preflight.Error, preflight.Warning},
		{"a directory without a kustomization", "../../plain", preflight.Error, preflight.Error, preflight.Error},
		{"its own directory", "../../shop/over", preflight.Error, preflight.Error, preflight.Error},
		{"above the archive", "../../../base", preflight.Error, preflight.Error, preflight.Error},
		{"an absolute path", "/base", preflight.Error, preflight.Error, preflight.Error},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := tree{
				"app.yaml": app, "plain/app.yaml": app, "base/app.yaml": app, "base/kustomization.yaml": "resources: [app.yaml]\n",
				"over/kustomization.yaml": "resources: [" + tt.reference + "]\n",
			}.collect(t)
			for layout, want := range map[packager.Layout]preflight.Severity{packager.LayoutRoot: tt.root, packager.LayoutPrefix: tt.prefix, packager.LayoutBoth: tt.both} {
				plan, err := packager.NewPlan(set, layout, packager.Options{Prefix: "shop"})
				require.NoError(t, err)
				findings, err := preflight.Check(t.Context(), preflight.Artifact{Plan: plan, Engines: []packager.GitOpsEngine{flux}}, preflight.Options{Path: "over"})
				require.NoError(t, err)
				findings = slices.DeleteFunc(findings, func(f preflight.Finding) bool { return f.Code != preflight.CodeKustomization })
				if assert.Len(t, findings, 1, layout) {
					assert.Equal(t, want, findings[0].Severity, layout)
				}
			}
		})
	}
}

// Below a prefix, Flux finds no directory if it ignores all files in it.
func TestPrefixOfIgnoredFiles(t *testing.T) {
	set := tree{"cloudbuild.yaml": app}.collect(t)
	for _, layout := range []packager.Layout{packager.LayoutPrefix, packager.LayoutBoth} {
		plan, err := packager.NewPlan(set, layout, packager.Options{Prefix: "shop"})
		require.NoError(t, err)
		findings, err := preflight.Check(t.Context(), preflight.Artifact{Plan: plan, Engines: []packager.GitOpsEngine{flux}}, preflight.Options{})
		require.NoError(t, err)
		assert.Equal(t, []string{
			`error: Flux finds no directory "./shop", because it ignores all files there [path-missing]`,
			"cloudbuild.yaml: warning: Flux ignores a file with this name by default [flux-ignored]",
		}, brief(findings))
		assert.Contains(t, findings[0].Hint, "rename it, or add a .sourceignore file")
	}
}
