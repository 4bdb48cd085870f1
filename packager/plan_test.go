package packager_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

func filesOf(paths ...string) []manifests.File {
	var files []manifests.File
	for _, p := range paths {
		files = append(files, manifests.File{Path: p, Size: int64(len(p))})
	}
	return files
}

func TestPlan(t *testing.T) {
	for _, row := range []struct {
		name   string
		files  []string
		engine packager.GitOpsEngine
		prefix string
		want   [][2]string // path in the archive, file of the Set
		paths  packager.EnginePaths
	}{
		{
			name: "Flux", files: []string{"a.yaml", "b/c.yaml"}, engine: packager.GitOpsEngineFlux, prefix: "app",
			want:  [][2]string{{"a.yaml", "a.yaml"}, {"b/c.yaml", "b/c.yaml"}},
			paths: packager.EnginePaths{Flux: "./", ArgoCD: "."},
		},
		{
			name: "Flux without a prefix", files: []string{"a.yaml"}, engine: packager.GitOpsEngineFlux,
			want:  [][2]string{{"a.yaml", "a.yaml"}},
			paths: packager.EnginePaths{Flux: "./", ArgoCD: "."},
		},
		{
			name: "Argo CD", files: []string{"a.yaml", "b/c.yaml"}, engine: packager.GitOpsEngineArgoCD, prefix: "app",
			want:  [][2]string{{"app/a.yaml", "a.yaml"}, {"app/b/c.yaml", "b/c.yaml"}},
			paths: packager.EnginePaths{Flux: "./app", ArgoCD: "app"},
		},
		{
			name: "Argo CD, with a child named like the prefix", files: []string{"app/a.yaml", "b.yaml"}, engine: packager.GitOpsEngineArgoCD, prefix: "app",
			want:  [][2]string{{"app/app/a.yaml", "app/a.yaml"}, {"app/b.yaml", "b.yaml"}},
			paths: packager.EnginePaths{Flux: "./app", ArgoCD: "app"},
		},
		{
			name: "none", files: []string{"a.yaml", "b/c.yaml"}, engine: packager.GitOpsEngineNone, prefix: "app",
			want:  [][2]string{{"a.yaml", "a.yaml"}, {"app/a.yaml", "a.yaml"}, {"app/b/c.yaml", "b/c.yaml"}, {"b/c.yaml", "b/c.yaml"}},
			paths: packager.EnginePaths{Flux: "./app", ArgoCD: "app"},
		},
		{
			name: "empty means none", files: []string{"z.yaml"}, prefix: "app",
			want:  [][2]string{{"app/z.yaml", "z.yaml"}, {"z.yaml", "z.yaml"}},
			paths: packager.EnginePaths{Flux: "./app", ArgoCD: "app"},
		},
		{
			name: "prefix that only begins a name", files: []string{"app.yaml", "app-b.yaml", "app2/a.yaml", "b/app/c.yaml", "b/app.yaml"}, prefix: "app",
			want: [][2]string{
				{"app-b.yaml", "app-b.yaml"}, {"app.yaml", "app.yaml"}, {"app/app-b.yaml", "app-b.yaml"}, {"app/app.yaml", "app.yaml"},
				{"app/app2/a.yaml", "app2/a.yaml"}, {"app/b/app.yaml", "b/app.yaml"}, {"app/b/app/c.yaml", "b/app/c.yaml"},
				{"app2/a.yaml", "app2/a.yaml"}, {"b/app.yaml", "b/app.yaml"}, {"b/app/c.yaml", "b/app/c.yaml"},
			},
			paths: packager.EnginePaths{Flux: "./app", ArgoCD: "app"},
		},
		{
			name: "case alone makes no collision", files: []string{"APP/a.yaml", "A.yaml", "a.yaml"}, prefix: "app",
			want: [][2]string{
				{"A.yaml", "A.yaml"}, {"APP/a.yaml", "APP/a.yaml"}, {"a.yaml", "a.yaml"},
				{"app/A.yaml", "A.yaml"}, {"app/APP/a.yaml", "APP/a.yaml"}, {"app/a.yaml", "a.yaml"},
			},
			paths: packager.EnginePaths{Flux: "./app", ArgoCD: "app"},
		},
		{
			name: "engine in lower case, prefix with blanks", files: []string{"a.yaml"}, engine: "argocd", prefix: "my app",
			want:  [][2]string{{"my app/a.yaml", "a.yaml"}},
			paths: packager.EnginePaths{Flux: "./my app", ArgoCD: "my app"},
		},
		{
			name: "nothing", engine: packager.GitOpsEngineFlux,
			paths: packager.EnginePaths{Flux: "./", ArgoCD: "."},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			layout, err := packager.Plan(filesOf(row.files...), row.engine, row.prefix)
			require.NoError(t, err)
			var got [][2]string
			for _, e := range layout.Entries {
				got = append(got, [2]string{e.Path, e.File.Path})
				assert.EqualValues(t, len(e.File.Path), e.File.Size)
			}
			assert.Equal(t, row.want, got)
			assert.Equal(t, row.paths, layout.Paths)
		})
	}
}

func TestPlanCollisions(t *testing.T) {
	for _, row := range []struct {
		name   string
		files  []string
		engine packager.GitOpsEngine
		prefix string
		path   string // in the archive
		first  string
		second string // "" for the whole copy
	}{
		{"child named like the prefix", []string{"a.yaml", "app/b.yaml"}, packager.GitOpsEngineNone, "app", "app", "app/b.yaml", ""},
		{"children named like the prefix", []string{"app/a.yaml", "app/app/b.yaml"}, packager.GitOpsEngineNone, "app", "app", "app/a.yaml", ""},
		{"file named like the prefix", []string{"a.yaml", "b.yaml"}, packager.GitOpsEngineNone, "a.yaml", "a.yaml", "a.yaml", ""},
		{"one path twice", []string{"a.yaml", "b.yaml", "a.yaml"}, packager.GitOpsEngineFlux, "", "a.yaml", "a.yaml", "a.yaml"},
		{"one path twice under the prefix", []string{"a.yaml", "a.yaml"}, packager.GitOpsEngineArgoCD, "app", "app/a.yaml", "a.yaml", "a.yaml"},
		{"file where a folder has to be", []string{"a.yaml", "a.yaml/b/c.yaml"}, packager.GitOpsEngineFlux, "", "a.yaml", "a.yaml", "a.yaml/b/c.yaml"},
		{"file where a folder has to be, further up", []string{"x/a.yaml/b/c.yaml", "x/a.yaml"}, packager.GitOpsEngineArgoCD, "app", "app/x/a.yaml", "x/a.yaml", "x/a.yaml/b/c.yaml"},
	} {
		t.Run(row.name, func(t *testing.T) {
			layout, err := packager.Plan(filesOf(row.files...), row.engine, row.prefix)
			assert.Zero(t, layout)
			require.ErrorIs(t, err, packager.ErrCollision)
			var collision *packager.CollisionError
			require.ErrorAs(t, err, &collision)
			assert.Equal(t, row.path, collision.Path)
			assert.Equal(t, row.first, collision.First)
			assert.Equal(t, row.second, collision.Second)
		})
	}
}

// TestPlanLeavesFilesAlone plans a slice that the caller goes on using.
func TestPlanLeavesFilesAlone(t *testing.T) {
	files := filesOf("b.yaml", "a.yaml")
	layout, err := packager.Plan(files, packager.GitOpsEngineNone, "app")
	require.NoError(t, err)
	assert.Equal(t, filesOf("b.yaml", "a.yaml"), files)
	files[0].Path = "changed"
	assert.Equal(t, "a.yaml", layout.Entries[0].Path)
	assert.Equal(t, "b.yaml", layout.Entries[3].File.Path)
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
		_, err = packager.Plan(filesOf("a.yaml"), packager.GitOpsEngine(text), "app")
		require.ErrorIs(t, err, packager.ErrUnknownEngine, "%q", text)
	}
}
