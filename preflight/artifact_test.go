package preflight_test

import (
	"cmp"
	"testing"

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
		{"archive above", argocd, preflight.Options{MaxArchiveSize: size + 511}, []string{"error: the archive has 4096 bytes, and Argo CD unpacks at most 4095 [archive-size]"}},
		{"archive above, Flux", flux, preflight.Options{MaxArchiveSize: 1}, []string{}},
		{"manifests of the limit", argocd, preflight.Options{MaxManifestSize: int64(len(app))}, []string{}},
		{"manifests above", argocd, preflight.Options{MaxManifestSize: int64(len(app) - 1)}, []string{"error: the directory has 53 bytes of manifests, and Argo CD accepts at most 52 [manifest-size]"}},
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
	const files, each = 300, 4 << 20 // which are never read
	set := tree{"app.yaml": app}.collect(t)
	layout := packager.Layout{Paths: packager.EnginePaths{Flux: "./", ArgoCD: "."}}
	for i := range files {
		name := string(rune('a'+i/26)) + string(rune('a'+i%26)) + ".yaml"
		layout.Entries = append(layout.Entries, packager.Entry{Path: name, File: manifests.File{Path: name, Size: each + 1}})
	}
	findings, err := preflight.Check(t.Context(), set, layout, preflight.Options{Engines: []packager.GitOpsEngine{argocd}})
	require.NoError(t, err)
	require.Len(t, findings, files+3)
	assert.Equal(t, preflight.CodeArchiveSize, findings[0].Code)
	assert.Equal(t, preflight.CodeManifestSize, findings[1].Code)
	assert.Equal(t, preflight.CodeNothingRendered, findings[2].Code)
	assert.Equal(t, "aa.yaml: warning: the file has more than 4194304 bytes and is not checked [too-large]", findings[3].String())
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
		{"1.2.3_4", []string{`warning: the tag "1.2.3_4" is a version with an underscore, which version ranges never match [tag]`}, `use "1.2.3-4"`},
		{"v1.2.3-rc_1", []string{`warning: the tag "v1.2.3-rc_1" is a version with an underscore, which version ranges never match [tag]`}, `use "v1.2.3-rc-1"`},
		{"1.2.3+4", []string{`error: the tag "1.2.3+4" is a version with a plus sign, which a tag cannot contain [tag]`}, `use "1.2.3-4"`},
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

// Neither manifests nor packager lets such names through; layouts can be made
// by hand.
func TestEntryNames(t *testing.T) {
	set := tree{"app.yaml": app}.collect(t)
	for _, tt := range []struct {
		name string
		bad  bool
	}{
		{"app.yaml", false},
		{"a..b/app..yaml", false},
		{"a../app.yaml", true},
		{`a\app.yaml`, true},
		{"/app.yaml", true},
		{"./app.yaml", true},
		{"a//app.yaml", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			layout := packager.Layout{
				Entries: []packager.Entry{{Path: tt.name, File: set.Files()[0]}},
				Paths:   packager.EnginePaths{Flux: "./", ArgoCD: "."},
			}
			findings, err := preflight.Check(t.Context(), set, layout, preflight.Options{Engines: []packager.GitOpsEngine{flux}})
			require.NoError(t, err)
			if !tt.bad {
				require.Empty(t, findings)
				return
			}
			require.NotEmpty(t, findings)
			assert.Equal(t, preflight.CodeEntryName, findings[len(findings)-1].Code)
			assert.Equal(t, preflight.Error, findings[len(findings)-1].Severity)
		})
	}
}

func TestEntryNameOfTwoCopies(t *testing.T) {
	set := tree{"app.yaml": app}.collect(t)
	layout := packager.Layout{
		Entries: []packager.Entry{{Path: `a\b`, File: set.Files()[0]}, {Path: `shop/a\b`, File: set.Files()[0]}},
		Paths:   packager.EnginePaths{Flux: "./shop", ArgoCD: "shop"},
	}
	findings, err := preflight.Check(t.Context(), set, layout, preflight.Options{})
	require.NoError(t, err)
	names := 0
	for _, f := range findings {
		if f.Code == preflight.CodeEntryName {
			names++
		}
	}
	assert.Equal(t, 1, names)
}

// Two copies matter only to an engine that finds both at its path.
func TestTwoCopies(t *testing.T) {
	const hint = "give the engine the path of one copy, or set Layout to root"
	objects := tree{"app.yaml": app, "a/b.yaml": object("ConfigMap", "b")}
	built := tree{"app.yaml": app, "kustomization.yaml": "resources: [app.yaml]\n"}
	for _, tt := range []struct {
		name    string
		tree    tree
		paths   packager.EnginePaths
		engines []packager.GitOpsEngine
		recurse bool
		want    []string
	}{
		{"the paths of the plan", objects, packager.EnginePaths{}, []packager.GitOpsEngine{flux}, false, []string{}},
		{"Flux at the root", objects, packager.EnginePaths{Flux: "./"}, []packager.GitOpsEngine{flux}, false, []string{
			`error: Flux finds both copies of the tree at the path "./", and refuses the duplicate objects [two-copies]`,
		}},
		{"Flux at the root, nobody named", objects, packager.EnginePaths{Flux: "./"}, nil, true, []string{
			`warning: Flux finds both copies of the tree at the path "./", and refuses the duplicate objects [two-copies]`,
		}},
		{"Flux at a root with a kustomization", built, packager.EnginePaths{Flux: "./"}, []packager.GitOpsEngine{flux}, false, []string{}},
		{"Flux below the root", objects, packager.EnginePaths{Flux: "./a"}, []packager.GitOpsEngine{flux}, false, []string{}},
		{"Argo CD at the root", tree{"app.yaml": app}, packager.EnginePaths{ArgoCD: "."}, []packager.GitOpsEngine{argocd}, false, []string{
			`warning: Argo CD does not read the subdirectories of its path "." by default (files with objects in them: 1) [subfolders]`,
		}},
		{"Argo CD at the root, recursing", objects, packager.EnginePaths{ArgoCD: "."}, []packager.GitOpsEngine{argocd}, true, []string{
			`warning: Argo CD finds both copies of the tree at the path "." [two-copies]`,
		}},
		{"no object", tree{"app.yaml": "# later\n"}, packager.EnginePaths{Flux: "./"}, []packager.GitOpsEngine{flux}, false, []string{
			`error: Flux renders nothing at the path "./", without an error [nothing-rendered]`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := tt.tree.collect(t)
			layout, err := packager.Plan(set.Files(), none, "shop")
			require.NoError(t, err)
			layout.Paths.Flux, layout.Paths.ArgoCD = cmp.Or(tt.paths.Flux, layout.Paths.Flux), cmp.Or(tt.paths.ArgoCD, layout.Paths.ArgoCD)
			findings, err := preflight.Check(t.Context(), set, layout, preflight.Options{Engines: tt.engines, DirectoryRecurse: tt.recurse})
			require.NoError(t, err)
			assert.Equal(t, tt.want, brief(findings))
			for _, f := range findings {
				if f.Code == preflight.CodeTwoCopies {
					assert.Equal(t, hint, f.Hint)
				}
			}
		})
	}
}

func TestNoFiles(t *testing.T) {
	findings, err := preflight.Check(t.Context(), tree{"app.yaml": app}.collect(t), packager.Layout{}, preflight.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"error: the artifact has no files [no-files]"}, brief(findings))
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
		{"no folder", flux, packager.EnginePaths{Flux: "./b"}, []string{`error: Flux finds no directory "./b" [path-missing]`}},
		{"no folder for either", none, packager.EnginePaths{Flux: "./b", ArgoCD: "b"}, []string{`error: Flux and Argo CD find no directory "./b" and "b" [path-missing]`}},
		{"above the prefix, Argo CD", argocd, packager.EnginePaths{ArgoCD: "."}, []string{`error: all manifests at the path "." are in subdirectories, which Argo CD does not read by default, so that it renders nothing [subfolders-only]`}},
		{"both copies", none, packager.EnginePaths{Flux: "./", ArgoCD: "shop/a"}, []string{
			`warning: Flux finds both copies of the tree at the path "./", and refuses the duplicate objects [two-copies]`,
			"values.yaml:1:1: warning: Flux refuses a document that is not a Kubernetes object [not-an-object]",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := tr.collect(t)
			layout, err := packager.Plan(set.Files(), tt.engine, "shop")
			require.NoError(t, err)
			layout.Paths = tt.paths
			findings, err := preflight.Check(t.Context(), set, layout, preflight.Options{})
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
