package preflight_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

func TestLimits(t *testing.T) {
	tr := tree{"app.yaml": app, "a/kustomization.yaml": kustomization}
	size := int64(5*512 + 2*512) // two headers, blocks and a folder, and the end
	for _, tt := range []struct {
		name   string
		engine packager.GitOpsEngine
		opts   preflight.Options
		want   []string
	}{
		{"archive of the limit", argocd, preflight.Options{MaxArchiveSize: size + 512}, []string{}},
		{"archive above", argocd, preflight.Options{MaxArchiveSize: size + 511}, []string{"error: the archive has 4096 bytes, of which Argo CD unpacks 4095 [archive-size]"}},
		{"archive above, Flux", flux, preflight.Options{MaxArchiveSize: 1}, []string{}},
		{"manifests of the limit", argocd, preflight.Options{MaxManifestSize: int64(len(app))}, []string{}},
		{"manifests above", argocd, preflight.Options{MaxManifestSize: int64(len(app) - 1)}, []string{"error: the directory has 53 bytes of manifests, of which Argo CD takes 52 [manifest-size]"}},
		{"manifests above, Flux", flux, preflight.Options{MaxManifestSize: 1}, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, brief(tr.check(t, tt.engine, tt.opts)))
		})
	}
	assert.EqualValues(t, 1_000_000_000, preflight.DefaultMaxArchiveSize)
	assert.EqualValues(t, 10_000_000, preflight.DefaultMaxManifestSize)
}

func TestDefaultLimits(t *testing.T) {
	const files, each = 230, 4 << 20 // which are never read
	tr, large := fstest.MapFS{}, make([]byte, each+1)
	for i := range files {
		tr[string(rune('a'+i/26))+string(rune('a'+i%26))+".yaml"] = &fstest.MapFile{Data: large}
	}
	set, err := manifests.CollectFS(t.Context(), tr, manifests.Options{})
	require.NoError(t, err)
	plan, err := packager.NewPlan(set, packager.LayoutRoot, packager.Options{})
	require.NoError(t, err)
	findings, err := preflight.Check(t.Context(), plan, preflight.Options{Engines: []packager.GitOpsEngine{argocd}})
	require.NoError(t, err)
	require.Len(t, findings, files+2)
	assert.Equal(t, preflight.CodeManifestSize, findings[0].Code)
	assert.Equal(t, preflight.CodeNothingRendered, findings[1].Code)
	assert.Equal(t, "aa.yaml: warning: the file has more than 4194304 bytes, and is not looked into [too-large]", findings[2].String())
}

func TestTags(t *testing.T) {
	for _, tt := range []struct {
		tag  string
		want []string
		hint string
	}{
		{"1.2.3", []string{}, ""},
		{"v1.2.3-rc.1", []string{}, ""},
		{"latest_one", []string{}, ""},
		{"1.2_3", []string{}, ""},
		{"a.b.c_d", []string{}, ""},
		{"1.2.3_4", []string{`warning: the tag "1.2.3_4" is a version with an underscore, which is out of reach of version ranges [tag]`}, `use "1.2.3-4"`},
		{"v1.2.3-rc_1", []string{`warning: the tag "v1.2.3-rc_1" is a version with an underscore, which is out of reach of version ranges [tag]`}, `use "v1.2.3-rc-1"`},
		{"1.2.3+4", []string{`error: the tag "1.2.3+4" is a version with a plus, which no tag can hold [tag]`}, `use "1.2.3-4"`},
	} {
		t.Run(tt.tag, func(t *testing.T) {
			findings := tree{"app.yaml": app}.check(t, flux, preflight.Options{Tags: []string{"1.0.0", tt.tag}})
			assert.Equal(t, tt.want, brief(findings))
			for _, f := range findings {
				assert.Equal(t, tt.hint, f.Hint)
			}
		})
	}
}

// Where Flux is the engine, and is told to look above both copies, it fails for
// certain.
func TestTwoCopiesForFlux(t *testing.T) {
	set := tree{"app.yaml": app}.collect(t)
	plan, err := packager.NewPlan(set, none.Layout(), packager.Options{Prefix: "shop"})
	require.NoError(t, err)
	findings, err := preflight.Check(t.Context(), plan, preflight.Options{Engines: []packager.GitOpsEngine{flux}, Paths: packager.EnginePaths{Flux: "./", ArgoCD: "shop"}})
	require.NoError(t, err)
	assert.Equal(t, []string{`error: at the path "./" Flux finds every object twice, and fails [two-copies]`}, brief(findings))
	assert.Equal(t, "give Flux the path of one copy, or choose the layout for one engine", findings[0].Hint)
}

// A kustomization at the root says what to read, whichever path is given.
func TestTwoCopiesBelowAKustomization(t *testing.T) {
	for name, text := range map[string]string{"kustomization.yaml": kustomization, "b/kustomization.yaml": "resources: []\n"} {
		set := tree{"app.yaml": app, "a/b.yaml": object("ConfigMap", "b"), name: text}.collect(t)
		plan, err := packager.NewPlan(set, none.Layout(), packager.Options{Prefix: "shop"})
		require.NoError(t, err)
		findings, err := preflight.Check(t.Context(), plan, preflight.Options{Paths: plan.Paths().Below("a")})
		require.NoError(t, err)
		assert.Equal(t, name != "kustomization.yaml", len(findings) == 1, name)
	}
}

// A caller who knows which path the engines will be given says so.
func TestOtherPaths(t *testing.T) {
	tr := tree{"app.yaml": app, "a/b.yaml": object("ConfigMap", "b"), "values.yaml": "a: 1\n"}
	for _, tt := range []struct {
		name   string
		engine packager.GitOpsEngine
		paths  packager.EnginePaths
		want   []string
	}{
		{"a subfolder", flux, packager.EnginePaths{Flux: "a", ArgoCD: "a"}, []string{}},
		{"a subfolder, written otherwise", flux, packager.EnginePaths{Flux: "./a/", ArgoCD: "a"}, []string{}},
		{"no folder", flux, packager.EnginePaths{Flux: "./b"}, []string{`error: Flux finds no folder "./b" [path-missing]`}},
		{"no folder for either", none, packager.EnginePaths{Flux: "./b", ArgoCD: "b"}, []string{`error: Flux and Argo CD find no folder "./b" and "b" [path-missing]`}},
		{"above the prefix, Argo CD", argocd, packager.EnginePaths{ArgoCD: "."}, []string{`error: all manifests at the path "." are in subfolders, where Argo CD looks for none by default, and it renders nothing [subfolders-only]`}},
		{"both copies", none, packager.EnginePaths{Flux: "./", ArgoCD: "shop/a"}, []string{
			`warning: at the path "./" Flux finds every object twice, and fails [two-copies]`,
			"values.yaml:1:1: warning: Flux refuses a document that is no Kubernetes object [not-an-object]",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := tr.collect(t)
			plan, err := packager.NewPlan(set, tt.engine.Layout(), packager.Options{Prefix: "shop"})
			require.NoError(t, err)
			findings, err := preflight.Check(t.Context(), plan, preflight.Options{Paths: tt.paths})
			require.NoError(t, err)
			assert.Equal(t, tt.want, brief(findings))
		})
	}
}

// The same for Flux: an error where it is named, a warning where it is one of
// two.
func TestEngines(t *testing.T) {
	for _, tt := range []struct {
		name    string
		layout  packager.GitOpsEngine
		engines []packager.GitOpsEngine
		want    preflight.Severity
		engine  packager.GitOpsEngine
	}{
		{"by the layout", flux, nil, preflight.Error, flux},
		{"by neither", none, nil, preflight.Warning, flux},
		{"none is not a name", none, []packager.GitOpsEngine{none}, preflight.Warning, flux},
		{"by the options", none, []packager.GitOpsEngine{"flux"}, preflight.Error, flux},
		{"both by the options", none, []packager.GitOpsEngine{flux, argocd}, preflight.Error, flux},
		{"the other", none, []packager.GitOpsEngine{argocd}, 0, ""},
		{"the other by the options", flux, []packager.GitOpsEngine{argocd}, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := tree{"app.yaml": app, "b.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: a-\n"}
			findings := tr.check(t, tt.layout, preflight.Options{Engines: tt.engines})
			var severity preflight.Severity
			var engine packager.GitOpsEngine
			for _, f := range findings {
				if f.File == "b.yaml" && f.Severity > preflight.Info {
					severity, engine = f.Severity, f.Engine
				}
			}
			assert.Equal(t, tt.want, severity)
			assert.Equal(t, tt.engine, engine)
		})
	}
}
