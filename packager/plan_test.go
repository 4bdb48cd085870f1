package packager_test

import (
	"cmp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// setOf returns a Set of files whose content is their path.
func setOf(t testing.TB, paths ...string) *manifests.Set {
	t.Helper()
	texts := map[string]string{}
	for _, p := range paths {
		texts[p] = p
	}
	return collectTexts(t, texts)
}

func TestPlan(t *testing.T) {
	for _, tt := range []struct {
		name   string
		files  []string
		layout packager.Layout
		prefix string
		want   [][2]string // path in the archive, file of the Set
		paths  packager.EnginePaths
	}{
		{
			name: "root", files: []string{"a.yaml", "b/c.yaml"}, layout: packager.LayoutRoot, prefix: "app",
			want:  [][2]string{{"a.yaml", "a.yaml"}, {"b/c.yaml", "b/c.yaml"}},
			paths: packager.EnginePaths{Flux: "./", ArgoCD: "."},
		},
		{
			name: "root without a prefix", files: []string{"a.yaml"}, layout: packager.LayoutRoot,
			want:  [][2]string{{"a.yaml", "a.yaml"}},
			paths: packager.EnginePaths{Flux: "./", ArgoCD: "."},
		},
		{
			name: "prefix", files: []string{"a.yaml", "b/c.yaml"}, layout: packager.LayoutPrefix, prefix: "app",
			want:  [][2]string{{"app/a.yaml", "a.yaml"}, {"app/b/c.yaml", "b/c.yaml"}},
			paths: packager.EnginePaths{Flux: "./app", ArgoCD: "app"},
		},
		{
			name: "prefix, with a child named like the prefix", files: []string{"app/a.yaml", "b.yaml"}, layout: packager.LayoutPrefix, prefix: "app",
			want:  [][2]string{{"app/app/a.yaml", "app/a.yaml"}, {"app/b.yaml", "b.yaml"}},
			paths: packager.EnginePaths{Flux: "./app", ArgoCD: "app"},
		},
		{
			name: "both", files: []string{"a.yaml", "b/c.yaml"}, layout: packager.LayoutBoth, prefix: "app",
			want:  [][2]string{{"a.yaml", "a.yaml"}, {"app/a.yaml", "a.yaml"}, {"b/c.yaml", "b/c.yaml"}, {"app/b/c.yaml", "b/c.yaml"}},
			paths: packager.EnginePaths{Flux: "./app", ArgoCD: "app"},
		},
		{
			name: "empty means root", files: []string{"z.yaml"}, prefix: "app",
			want:  [][2]string{{"z.yaml", "z.yaml"}},
			paths: packager.EnginePaths{Flux: "./", ArgoCD: "."},
		},
		{
			name: "prefix that starts a name", files: []string{"app.yaml", "app-b.yaml", "app2/a.yaml", "b/app/c.yaml", "b/app.yaml"}, layout: packager.LayoutBoth, prefix: "app",
			want: [][2]string{
				{"app-b.yaml", "app-b.yaml"}, {"app/app-b.yaml", "app-b.yaml"}, {"app.yaml", "app.yaml"}, {"app/app.yaml", "app.yaml"},
				{"app2/a.yaml", "app2/a.yaml"}, {"app/app2/a.yaml", "app2/a.yaml"}, {"b/app.yaml", "b/app.yaml"}, {"app/b/app.yaml", "b/app.yaml"},
				{"b/app/c.yaml", "b/app/c.yaml"}, {"app/b/app/c.yaml", "b/app/c.yaml"},
			},
			paths: packager.EnginePaths{Flux: "./app", ArgoCD: "app"},
		},
		{
			name: "case alone makes no collision", files: []string{"APP/a.yaml", "A.yaml", "a.yaml"}, layout: packager.LayoutBoth, prefix: "app",
			want: [][2]string{
				{"A.yaml", "A.yaml"}, {"app/A.yaml", "A.yaml"}, {"APP/a.yaml", "APP/a.yaml"}, {"app/APP/a.yaml", "APP/a.yaml"},
				{"a.yaml", "a.yaml"}, {"app/a.yaml", "a.yaml"},
			},
			paths: packager.EnginePaths{Flux: "./app", ArgoCD: "app"},
		},
		{
			name: "layout in upper case, prefix with blanks", files: []string{"a.yaml"}, layout: "PREFIX", prefix: "my app",
			want:  [][2]string{{"my app/a.yaml", "a.yaml"}},
			paths: packager.EnginePaths{Flux: "./my app", ArgoCD: "my app"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := setOf(t, tt.files...)
			plan := newPlan(t, set, tt.layout, packager.Options{Prefix: tt.prefix})
			var got [][2]string
			for _, e := range plan.Entries() {
				got = append(got, [2]string{e.Path, e.File.Path})
				assert.EqualValues(t, len(e.File.Path), e.File.Size)
			}
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.paths, plan.Paths())
			assert.Same(t, set, plan.Set())
			parsed, err := packager.ParseLayout(string(tt.layout))
			require.NoError(t, err)
			assert.Equal(t, cmp.Or(parsed, packager.LayoutRoot), plan.Layout())
			want := tt.prefix
			if plan.Layout() == packager.LayoutRoot {
				want = ""
			}
			assert.Equal(t, want, plan.Prefix())
		})
	}
}

func TestPlanCollisions(t *testing.T) {
	for _, tt := range []struct {
		name   string
		files  []string
		prefix string
		want   manifests.CollisionError
	}{
		{"child named like the prefix", []string{"a.yaml", "app/b.yaml"}, "app", manifests.CollisionError{Path: "app", First: "app/b.yaml", Second: "a.yaml", Copied: true}},
		{"children named like the prefix", []string{"app/a.yaml", "app/app/b.yaml"}, "app", manifests.CollisionError{Path: "app", First: "app/a.yaml", Second: "app/a.yaml", Copied: true}},
		{"file named like the prefix", []string{"a.yaml", "b.yaml"}, "a.yaml", manifests.CollisionError{Path: "a.yaml", First: "a.yaml", Second: "b.yaml", Copied: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plan, err := packager.NewPlan(setOf(t, tt.files...), packager.LayoutBoth, packager.Options{Prefix: tt.prefix})
			assert.Nil(t, plan)
			require.ErrorIs(t, err, manifests.ErrCollision)
			var collision *manifests.CollisionError
			require.ErrorAs(t, err, &collision)
			assert.Equal(t, tt.want, *collision)
			for _, layout := range []packager.Layout{packager.LayoutRoot, packager.LayoutPrefix} {
				newPlan(t, setOf(t, tt.files...), layout, packager.Options{Prefix: tt.prefix})
			}
		})
	}
}

// TestPlanEntries checks that the caller may modify the slice.
func TestPlanEntries(t *testing.T) {
	plan := newPlan(t, setOf(t, "a.yaml", "b.yaml"), packager.LayoutBoth, packager.Options{Prefix: "app"})
	entries := plan.Entries()
	entries[0].Path = "changed"
	assert.Equal(t, "a.yaml", plan.Entries()[0].Path)
	assert.Equal(t, "b.yaml", plan.Entries()[3].File.Path)
}

func TestParseGitOpsEngine(t *testing.T) {
	for text, want := range map[string]packager.GitOpsEngine{
		"": packager.GitOpsEngineNone, "None": packager.GitOpsEngineNone, "none": packager.GitOpsEngineNone,
		"Flux": packager.GitOpsEngineFlux, "FLUX": packager.GitOpsEngineFlux,
		"ArgoCD": packager.GitOpsEngineArgoCD, "argocd": packager.GitOpsEngineArgoCD,
	} {
		engine, err := packager.ParseGitOpsEngine(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, engine, text)
	}
	for _, text := range []string{" ", "Flux ", "fluxcd", "argo", "Argo CD", "None\x00"} {
		engine, err := packager.ParseGitOpsEngine(text)
		require.ErrorIs(t, err, packager.ErrUnknownEngine, "%q", text)
		assert.Empty(t, engine)
	}
}

func TestGitOpsEngineLayout(t *testing.T) {
	for engine, want := range map[packager.GitOpsEngine]packager.Layout{
		"": packager.LayoutBoth, packager.GitOpsEngineNone: packager.LayoutBoth, "another": packager.LayoutBoth,
		packager.GitOpsEngineFlux: packager.LayoutRoot, "flux": packager.LayoutRoot,
		packager.GitOpsEngineArgoCD: packager.LayoutPrefix,
	} {
		assert.Equal(t, want, engine.Layout(), engine)
	}
}

func TestParseLayout(t *testing.T) {
	for text, want := range map[string]packager.Layout{
		"": "", "root": packager.LayoutRoot, "ROOT": packager.LayoutRoot, "Prefix": packager.LayoutPrefix, "both": packager.LayoutBoth,
	} {
		layout, err := packager.ParseLayout(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, layout, text)
	}
	for _, text := range []string{" ", "root ", "none", "flux", "both\x00"} {
		layout, err := packager.ParseLayout(text)
		require.ErrorIs(t, err, packager.ErrUnknownLayout, "%q", text)
		assert.Empty(t, layout)
		_, err = packager.NewPlan(setOf(t, "a.yaml"), packager.Layout(text), packager.Options{Prefix: "app"})
		require.ErrorIs(t, err, packager.ErrUnknownLayout, "%q", text)
	}
}
