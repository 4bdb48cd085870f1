package preflight_test

import (
	"fmt"
	"strings"
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
	size := int64(5*512 + 2*512) // two headers, blocks and a directory, and the end
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
}

// An archive of the default limit has no finding, and the plan refuses a larger one.
func TestDefaultArchiveLimit(t *testing.T) {
	const size = 1_000_000_000
	fsys := sizedFS{MapFS: tree{"crds.yaml": ""}.fs(), t: t, sizes: map[string]int64{"crds.yaml": size - 4*512}} // two headers, and the end
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
	require.NoError(t, err)
	a := artifact(t, set, argocd)
	require.EqualValues(t, size, a.Plan.ArchiveSize())
	findings, err := preflight.Check(t.Context(), a, preflight.Options{})
	require.NoError(t, err)
	findings = others(findings)
	assert.NotContains(t, strings.Join(brief(findings), "\n"), "[archive-size]")
	findings, err = preflight.Check(t.Context(), a, preflight.Options{MaxArchiveSize: size - 1})
	require.NoError(t, err)
	findings = others(findings)
	assert.Contains(t, strings.Join(brief(findings), "\n"), "[archive-size]")
}

func TestDefaultManifestLimit(t *testing.T) {
	const files, each = 3, 4 << 20
	fsys := sizedFS{MapFS: tree{"app.yaml": app}.fs(), t: t, sizes: map[string]int64{}}
	for i := range files {
		name := fmt.Sprintf("%d.yaml", i)
		fsys.MapFS[name], fsys.sizes[name] = &fstest.MapFile{}, each+1
	}
	findings := checkFS(t, fsys, argocd, manifests.Options{})
	require.Len(t, findings, 1+files)
	assert.Equal(t, "error: the directory has 12582968 bytes of manifests, and Argo CD accepts at most 10000000 [manifest-size]", findings[0].String())
	assert.Equal(t, "0.yaml: warning: the file has more than 4194304 bytes and is not checked [too-large]", findings[1].String())
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
		{"1.2.3_4", []string{`warning: the tag "1.2.3_4" is a version with an underscore, which version ranges never match [tag]`}, `use "1.2.3", which version ranges select, and record the rest in Pack.Annotations`},
		{"v1.2.3-rc_1", []string{`warning: the tag "v1.2.3-rc_1" is a version with an underscore, which version ranges never match [tag]`}, `use "v1.2.3-rc-1", which version ranges select, and record the rest in Pack.Annotations`},
		{"1.2.3+4", []string{`error: the tag "1.2.3+4" is a version with a plus sign, which a tag cannot contain [tag]`}, `use "1.2.3", which version ranges select, and record the rest in Pack.Annotations`},
	} {
		t.Run(tt.tag, func(t *testing.T) {
			a := artifact(t, tree{"app.yaml": app}.collect(t), flux)
			a.Tags = []string{"1.0.0", tt.tag}
			findings, err := preflight.Check(t.Context(), a, preflight.Options{})
			require.NoError(t, err)
			findings = others(findings)
			assert.Equal(t, tt.want, brief(findings))
			for _, f := range findings {
				assert.Equal(t, tt.hint, f.Hint)
			}
		})
	}
}

// The specification allows one character, and Flux does so since source-controller 1.10.
func TestRepositoryNames(t *testing.T) {
	const (
		short = `warning: Flux before source-controller 1.10 refuses the repository "a", because it has one character [repository-name]`
		hint  = "set Repository to two characters or more"
	)
	for _, tt := range []struct {
		repository string
		engine     packager.GitOpsEngine
		want       []string
	}{
		{"", flux, []string{}},
		{"ab", flux, []string{}},
		{"a/b", flux, []string{}},
		{"a", argocd, []string{}},
		{"a", none, []string{short}},
		{"a", flux, []string{short}},
	} {
		t.Run(tt.repository+" "+string(tt.engine), func(t *testing.T) {
			a := artifact(t, tree{"app.yaml": app}.collect(t), tt.engine)
			a.Repository = tt.repository
			findings, err := preflight.Check(t.Context(), a, preflight.Options{})
			require.NoError(t, err)
			findings = others(findings)
			assert.Equal(t, tt.want, brief(findings))
			for _, f := range findings {
				assert.Equal(t, flux, f.Engine)
				assert.Equal(t, hint, f.Hint)
			}
		})
	}
}

// go-containerregistry, with which Flux parses references, takes a name without a dot and a
// port for a part of a repository on Docker Hub.
func TestRegistryNames(t *testing.T) {
	hub := func(registry string) string {
		return `warning: Flux takes the registry "` + registry + `" for a part of a repository on Docker Hub, because it has neither a dot nor a port [repository-name]`
	}
	const (
		official      = `warning: Flux reads the repository "library/app" in place of "app", which is the namespace of Docker Hub for official images [repository-name]`
		hintPort      = "add the port to RegistryEndpoint, such as :443, or use the full name of the host"
		hintNamespace = "begin Repository with a namespace, such as acme/"
	)
	for _, tt := range []struct {
		registry, repository string
		engine               packager.GitOpsEngine
		want                 []string
		hint                 string
	}{
		{"", "app", flux, []string{}, ""},
		{"registry", "", flux, []string{}, ""},
		{"ghcr.io", "app", flux, []string{}, ""},
		{"localhost", "app", flux, []string{}, ""},
		{"localhost:5000", "app", flux, []string{}, ""},
		{"registry:443", "app", flux, []string{}, ""},
		{"[::1]", "app", flux, []string{}, ""},
		{"REGISTRY.example.com", "app", flux, []string{}, ""},
		{"registry", "app", argocd, []string{}, ""},
		{"registry", "app", flux, []string{hub("registry")}, hintPort},
		{"registry", "app", none, []string{hub("registry")}, hintPort},
		{"LOCALHOST", "acme/app", flux, []string{hub("LOCALHOST")}, hintPort},
		{"docker.io", "acme/app", flux, []string{}, ""},
		{"docker.io", "app", argocd, []string{}, ""},
		{"docker.io", "app", flux, []string{official}, hintNamespace},
		{"index.docker.io", "app", flux, []string{official}, hintNamespace},
	} {
		t.Run(tt.registry+"/"+tt.repository+" "+string(tt.engine), func(t *testing.T) {
			a := artifact(t, tree{"app.yaml": app}.collect(t), tt.engine)
			a.Registry, a.Repository = tt.registry, tt.repository
			findings, err := preflight.Check(t.Context(), a, preflight.Options{})
			require.NoError(t, err)
			assert.Equal(t, tt.want, brief(findings))
			for _, f := range others(findings) {
				assert.Equal(t, flux, f.Engine)
				assert.Equal(t, tt.hint, f.Hint)
			}
		})
	}
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
			a := artifact(t, tt.tree.collect(t), none)
			a.Engines, a.Paths = tt.engines, tt.paths
			findings, err := preflight.Check(t.Context(), a, preflight.Options{DirectoryRecurse: tt.recurse})
			require.NoError(t, err)
			findings = others(findings)
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
	findings, err := preflight.Check(t.Context(), artifact(t, new(manifests.Set), flux), preflight.Options{})
	require.NoError(t, err)
	findings = others(findings)
	assert.Equal(t, []string{"error: the artifact has no files [no-files]"}, brief(findings))
}

// A caller can set the paths that the engines are given.
func TestOtherPaths(t *testing.T) {
	tr := tree{"app.yaml": app, "a/b.yaml": object("ConfigMap", "b"), "values.yaml": "a: 1\n"}
	for _, tt := range []struct {
		name   string
		engine packager.GitOpsEngine
		paths  packager.EnginePaths
		want   []string
	}{
		{"a subdirectory", flux, packager.EnginePaths{Flux: "a", ArgoCD: "a"}, []string{}},
		{"a subdirectory, written otherwise", flux, packager.EnginePaths{Flux: "./a/", ArgoCD: "a"}, []string{}},
		{"no directory", flux, packager.EnginePaths{Flux: "./b"}, []string{`error: Flux finds no directory "./b" [path-missing]`}},
		{"no directory for either", none, packager.EnginePaths{Flux: "./b", ArgoCD: "b"}, []string{`error: Flux and Argo CD find no directory "./b" and "b" [path-missing]`}},
		{"above the prefix, Argo CD", argocd, packager.EnginePaths{ArgoCD: "."}, []string{`error: all manifests at the path "." are in subdirectories, which Argo CD does not read by default, so that it renders nothing [subfolders-only]`}},
		{"both copies", none, packager.EnginePaths{Flux: "./", ArgoCD: "shop/a"}, []string{
			`warning: Flux finds both copies of the tree at the path "./", and refuses the duplicate objects [two-copies]`,
			"values.yaml:1:1: warning: Flux refuses a document that is not a Kubernetes object [not-an-object]",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := artifact(t, tr.collect(t), tt.engine)
			a.Paths = tt.paths
			findings, err := preflight.Check(t.Context(), a, preflight.Options{})
			require.NoError(t, err)
			findings = others(findings)
			assert.Equal(t, tt.want, brief(findings))
		})
	}
}

// A finding for which Flux refuses the artifact is an error if Flux was named, and a
// warning if it is one of two engines.
func TestEngines(t *testing.T) {
	for _, tt := range []struct {
		name    string
		layout  packager.Layout
		engines []packager.GitOpsEngine
		want    preflight.Severity
		engine  packager.GitOpsEngine
	}{
		{"nobody is named", packager.LayoutBoth, nil, preflight.Warning, flux},
		{"nobody is named, at the root", packager.LayoutRoot, nil, preflight.Warning, flux},
		{"nobody is named, under the prefix", packager.LayoutPrefix, nil, preflight.Warning, flux},
		{"None names nobody", packager.LayoutBoth, []packager.GitOpsEngine{none}, preflight.Warning, flux},
		{"Flux", packager.LayoutRoot, []packager.GitOpsEngine{"flux"}, preflight.Error, flux},
		{"Flux, under the prefix", packager.LayoutPrefix, []packager.GitOpsEngine{flux}, preflight.Error, flux},
		{"both", packager.LayoutBoth, []packager.GitOpsEngine{flux, argocd}, preflight.Error, flux},
		{"Argo CD", packager.LayoutPrefix, []packager.GitOpsEngine{argocd}, 0, ""},
		{"Argo CD, at the root", packager.LayoutRoot, []packager.GitOpsEngine{argocd}, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := tree{"app.yaml": app, "b.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: a-\n"}.collect(t)
			plan, err := packager.NewPlan(set, tt.layout, packager.Options{Prefix: "shop"})
			require.NoError(t, err)
			findings, err := preflight.Check(t.Context(), preflight.Artifact{Plan: plan, Engines: tt.engines}, preflight.Options{})
			require.NoError(t, err)
			findings = others(findings)
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
