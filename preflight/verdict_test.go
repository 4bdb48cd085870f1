package preflight_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// packed returns the artifact of a Set, with the Contents that packing finds.
func packed(t testing.TB, set *manifests.Set, engine packager.GitOpsEngine, cache *preflight.Cache) preflight.Artifact {
	t.Helper()
	a := artifact(t, set, engine)
	a.Cache = cache
	store := new(packager.Store)
	result, err := a.Plan.Pack(t.Context(), store, new(packager.Cache), nil)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	a.Contents = result.Contents
	return a
}

// verdicts returns the paths of the files in the directory of a Cache.
func verdicts(t testing.TB, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	return paths
}

func collectFS(t testing.TB, fsys fs.FS) *manifests.Set {
	t.Helper()
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{Include: []string{"*"}})
	require.NoError(t, err)
	return set
}

func mustCheck(t testing.TB, a preflight.Artifact, opts preflight.Options) preflight.Findings {
	t.Helper()
	findings, err := preflight.Check(t.Context(), a, opts)
	require.NoError(t, err)
	return findings
}

// Files that are known are not read again, for the same Cache and for another one of the
// same directory.
func TestCheckRemembersFindings(t *testing.T) {
	tr := various()
	tr["ns.yaml"], tr["secret.yaml"] = object("Namespace", "ns"), object("Secret", "s")+"stringData: {a: b}\n"
	fsys := &countingFS{MapFS: tr.fs()}
	collect := func() *manifests.Set { return collectFS(t, fsys) }
	want := mustCheck(t, artifact(t, collect(), none), preflight.Options{})
	wantSecrets, err := preflight.Secrets(t.Context(), artifact(t, collect(), none), preflight.Options{})
	require.NoError(t, err)
	require.NotEmpty(t, wantSecrets)
	dir := filepath.Join(t.TempDir(), "cache")
	cache := &preflight.Cache{Dir: dir}
	for i, tt := range []struct {
		name  string
		cache *preflight.Cache
		reads bool
	}{
		{"first", cache, true},
		{"again", cache, false},
		{"another process", &preflight.Cache{Dir: dir}, false},
		{"no directory", new(preflight.Cache), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, i == 1 || i == 2, tt.cache.HasFindings())
			a := packed(t, collect(), none, tt.cache)
			a.Observer = preflight.NewObserver(t.Context(), tt.cache, preflight.Options{})
			fsys.opened.Store(0)
			assert.Equal(t, want, mustCheck(t, a, preflight.Options{Policy: preflight.PolicyEnforce}))
			assert.True(t, a.Observer.HasNamespaces())
			assert.Equal(t, tt.reads, fsys.opened.Load() > 0)

			fsys.opened.Store(0)
			got, err := preflight.Secrets(t.Context(), a, preflight.Options{})
			require.NoError(t, err)
			assert.Equal(t, wantSecrets, got)
			assert.True(t, tt.cache.HasFindings())
			if !tt.reads {
				assert.Zero(t, fsys.opened.Load())
			}
		})
	}
	assert.Len(t, verdicts(t, dir), 2)
}

// requireEveryField fails for a field without a row.
func requireEveryField[T any](t *testing.T, rows map[string]T, of reflect.Type) {
	t.Helper()
	for i := range of.NumField() {
		require.Contains(t, rows, of.Field(i).Name, "%v: findings may depend on a field that was added", of)
	}
	require.Len(t, rows, of.NumField())
}

// Findings are remembered for everything on which they depend. A field of Options needs a row
// here, and is part of the key unless verdictKey omits it.
func TestFindingsDependOnOptions(t *testing.T) {
	type row struct {
		change func(*preflight.Options)
		same   bool // the findings
	}
	rows := map[string]row{
		"Policy":             {func(o *preflight.Options) { o.Policy = preflight.PolicyEnforce }, true},
		"Severity":           {func(o *preflight.Options) { o.Severity = preflight.Error }, true},
		"Path":               {func(o *preflight.Options) { o.Path = "a" }, false},
		"Paths":              {func(o *preflight.Options) { o.Paths = []string{".", "a"} }, false},
		"DirectoryRecurse":   {func(o *preflight.Options) { o.DirectoryRecurse = true }, false},
		"TargetNamespace":    {func(o *preflight.Options) { o.TargetNamespace = "shop" }, false},
		"Checkers":           {func(o *preflight.Options) { o.Checkers = []preflight.Checker{new(recorder)} }, true}, // not remembered
		"MaxArchiveSize":     {func(o *preflight.Options) { o.MaxArchiveSize = 1 }, false},
		"MaxManifestSize":    {func(o *preflight.Options) { o.MaxManifestSize = 1 }, false},
		"MaxMemory":          {func(o *preflight.Options) { o.MaxMemory = 1 << 20 }, false},
		"MaxFindings":        {func(o *preflight.Options) { o.MaxFindings = 1 }, false},
		"MaxFileFindings":    {func(o *preflight.Options) { o.MaxFileFindings = 1 }, false},
		"MaxCheckerFileSize": {func(o *preflight.Options) { o.MaxCheckerFileSize = 1 }, true},
	}
	requireEveryField(t, rows, reflect.TypeFor[preflight.Options]())
	set := various().collect(t)
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			cache := &preflight.Cache{Dir: filepath.Join(t.TempDir(), "cache")}
			mustCheck(t, packed(t, set, none, cache), preflight.Options{})
			var opts preflight.Options
			row.change(&opts)
			got := mustCheck(t, packed(t, set, none, cache), opts)
			assert.Equal(t, mustCheck(t, artifact(t, set, none), opts), got)
			assert.Len(t, verdicts(t, cache.Dir), map[bool]int{true: 1, false: 2}[row.same])
		})
	}
}

func TestFindingsDependOnTheArtifact(t *testing.T) {
	type row struct {
		change func(t *testing.T, a *preflight.Artifact)
		same   bool // the findings
	}
	set := various().collect(t)
	replan := func(layout packager.Layout, opts packager.Options) func(*testing.T, *preflight.Artifact) {
		return func(t *testing.T, a *preflight.Artifact) {
			plan, err := packager.NewPlan(set, layout, opts)
			require.NoError(t, err)
			a.Plan = plan
		}
	}
	rows := map[string]row{
		"Plan": {replan(packager.LayoutRoot, packager.Options{}), false},
		"Contents": {func(t *testing.T, a *preflight.Artifact) {
			tr := various()
			tr["app.yaml"] += "# another"
			*a = packed(t, tr.collect(t), none, a.Cache)
		}, false},
		"Engines":    {func(_ *testing.T, a *preflight.Artifact) { a.Engines = []packager.GitOpsEngine{flux} }, false},
		"Tags":       {func(_ *testing.T, a *preflight.Artifact) { a.Tags = []string{"latest", "1.0.0_1"} }, false},
		"Repository": {func(_ *testing.T, a *preflight.Artifact) { a.Repository = "a" }, false},
		"Registry":   {func(_ *testing.T, a *preflight.Artifact) { a.Registry, a.Repository = "registry", "shop" }, false},
		"Paths":      {func(_ *testing.T, a *preflight.Artifact) { a.Paths.ArgoCD = "shop/a" }, false},
		"Cache":      {func(_ *testing.T, a *preflight.Artifact) { a.Cache = &preflight.Cache{Dir: a.Cache.Dir} }, true},
		"Observer": {func(t *testing.T, a *preflight.Artifact) {
			a.Observer = preflight.NewObserver(t.Context(), a.Cache, preflight.Options{})
		}, true},
	}
	requireEveryField(t, rows, reflect.TypeFor[preflight.Artifact]())
	rows["prefix"] = row{replan(packager.LayoutBoth, packager.Options{Prefix: "other"}), false}
	rows["layout"] = row{replan(packager.LayoutPrefix, packager.Options{Prefix: "shop"}), false}
	rows["level"] = row{replan(packager.LayoutBoth, packager.Options{Prefix: "shop", Level: 9}), true}
	rows["ordinary names"] = row{func(_ *testing.T, a *preflight.Artifact) {
		a.Tags, a.Repository, a.Registry = []string{"1.2.3", "latest"}, "acme/shop", "registry.example.com"
	}, true}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			cache := &preflight.Cache{Dir: filepath.Join(t.TempDir(), "cache")}
			a := packed(t, set, none, cache)
			mustCheck(t, a, preflight.Options{})
			row.change(t, &a)
			got := mustCheck(t, a, preflight.Options{})
			a.Cache, a.Observer, a.Contents = nil, nil, nil
			assert.Equal(t, mustCheck(t, a, preflight.Options{}), got)
			assert.Len(t, verdicts(t, cache.Dir), map[bool]int{true: 1, false: 2}[row.same])
		})
	}
}

// Two Sets of the same files may differ by their links, and by the files that are missing.
func TestFindingsDependOnTheSet(t *testing.T) {
	link := func(target string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
	}
	kustomization := tree{"app.yaml": app, "kustomization.yaml": "resources: [app.yaml, gone.yaml]\n"}
	for _, tt := range []struct {
		name   string
		tree   tree
		change func(fstest.MapFS)
		opts   manifests.Options
	}{
		{"a link in place of a file", tree{"app.yaml": app, "b.yaml": app}, func(fsys fstest.MapFS) { fsys["b.yaml"] = link("app.yaml") }, manifests.Options{}},
		{"a directory in place of a missing file", kustomization, func(fsys fstest.MapFS) { fsys["gone.yaml/x.txt"] = &fstest.MapFile{} }, manifests.Options{}},
		{"references are not followed", tree{"app.yaml": app, "kustomization.yaml": "resources: [app.yaml]\n"}, func(fstest.MapFS) {}, manifests.Options{SkipReferences: true}},
		{"references to missing files are not followed", kustomization, func(fstest.MapFS) {}, manifests.Options{SkipReferences: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cache := &preflight.Cache{Dir: filepath.Join(t.TempDir(), "cache")}
			fsys := tt.tree.fs()
			before, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
			require.NoError(t, err)
			first := packed(t, before, flux, cache)
			mustCheck(t, first, preflight.Options{})
			tt.change(fsys)
			after, err := manifests.CollectFS(t.Context(), fsys, tt.opts)
			require.NoError(t, err)
			second := packed(t, after, flux, cache)
			require.Equal(t, first.Contents.Digest(), second.Contents.Digest())
			got := mustCheck(t, second, preflight.Options{})
			assert.Equal(t, mustCheck(t, artifact(t, after, flux), preflight.Options{}), got)
			assert.Len(t, verdicts(t, cache.Dir), 2)
		})
	}
}

// Of names in a registry, only those with findings matter: another tag of the same files
// needs no other check. No other rule may read them.
func TestOnlyTheRulesOfNamesReadNames(t *testing.T) {
	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		if path == "tag.go" || path == "verdict.go" || strings.HasSuffix(path, "_test.go") {
			continue
		}
		for _, field := range []string{".Tags", ".Repository", ".Registry"} {
			assert.NotContains(t, string(text), field, path)
		}
	}
}

// changingFS has other content of the same size once a number of files were opened.
type changingFS struct {
	fstest.MapFS
	opened, from int
}

func (c *changingFS) Open(name string) (fs.File, error) {
	if c.opened++; c.opened > c.from && name == "app.yaml" {
		return fstest.MapFS{name: {Data: []byte(strings.Replace(app, "app", "xyz", 1))}}.Open(name)
	}
	return c.MapFS.Open(name)
}

// No findings are remembered of other content, or with Checkers, whose code is not known.
func TestFindingsThatAreNotRemembered(t *testing.T) {
	tr := various()
	for _, tt := range []struct {
		name  string
		check func(t *testing.T, set *manifests.Set, a preflight.Artifact) error
		fails error
	}{
		{"other content", func(t *testing.T, _ *manifests.Set, a preflight.Artifact) error {
			fsys := &changingFS{MapFS: tree{"app.yaml": app}.fs(), from: 1 << 30}
			set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
			require.NoError(t, err)
			a = packed(t, set, flux, a.Cache)
			fsys.from = 0
			_, err = preflight.Check(t.Context(), a, preflight.Options{})
			return err
		}, manifests.ErrFileChanged},
		{"checkers", func(t *testing.T, _ *manifests.Set, a preflight.Artifact) error {
			_, err := checkWith(t, a, new(recorder))
			return err
		}, nil},
		{"contents of another Set", func(t *testing.T, _ *manifests.Set, a preflight.Artifact) error {
			a.Contents = packed(t, tr.collect(t), flux, a.Cache).Contents
			mustCheck(t, a, preflight.Options{})
			return nil
		}, nil},
		{"no contents", func(t *testing.T, _ *manifests.Set, a preflight.Artifact) error {
			a.Contents = nil
			mustCheck(t, a, preflight.Options{})
			return nil
		}, nil},
		{"more than 4 MiB", func(t *testing.T, _ *manifests.Set, a preflight.Artifact) error {
			a = packed(t, longNames("", 2000).collect(t), flux, a.Cache)
			assert.Equal(t, mustCheck(t, artifact(t, a.Plan.Set(), flux), preflight.Options{}), mustCheck(t, a, preflight.Options{}))
			return nil
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cache := &preflight.Cache{Dir: filepath.Join(t.TempDir(), "cache")}
			set := tr.collect(t)
			require.ErrorIs(t, tt.check(t, set, packed(t, set, flux, cache)), tt.fails)
			assert.False(t, cache.HasFindings())
			assert.Empty(t, verdicts(t, cache.Dir))
		})
	}
}

// Whenever the context ends, no findings are remembered of a check that is not complete.
func TestFindingsOfACancelledCheck(t *testing.T) {
	a := packed(t, many().collect(t), none, nil)
	want, remembered := mustCheck(t, a, preflight.Options{}), 0
	for n := int64(1); remembered < 2; n += 1 + n/10 {
		ended, cancel := context.WithCancel(t.Context())
		ctx := &countedContext{Context: ended, cancel: cancel}
		ctx.left.Store(n)
		a.Cache = new(preflight.Cache)
		_, _ = preflight.Check(ctx, a, preflight.Options{})
		cancel()
		if a.Cache.HasFindings() {
			remembered++
			require.Equal(t, want, mustCheck(t, a, preflight.Options{}))
		}
	}
}

// longNames returns a tree with findings of some KiB for each file.
func longNames(dir string, files int) tree {
	tr := tree{}
	for i := range files {
		tr[fmt.Sprintf("%s%s%d.yaml", dir, strings.Repeat(strings.Repeat("long", 50)+"/", 11), i)] = "a: ["
	}
	return tr
}

// A Cache keeps 4 MiB of findings in memory, and more in a directory.
func TestFindingsOfManyTrees(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	for name, cache := range map[string]*preflight.Cache{"memory": {}, "directory": {Dir: dir}} {
		t.Run(name, func(t *testing.T) {
			for i, tt := range []struct {
				dir   string
				reads bool
			}{{"a/", true}, {"b/", true}, {"a/", false}, {"c/", true}, {"d/", true}, {"a/", name == "memory"}} {
				fsys := &countingFS{MapFS: longNames(tt.dir, 500).fs()}
				a := packed(t, collectFS(t, fsys), flux, cache)
				fsys.opened.Store(0)
				mustCheck(t, a, preflight.Options{})
				assert.Equal(t, tt.reads, fsys.opened.Load() > 0, i)
			}
		})
	}
	assert.Len(t, verdicts(t, dir), 4)
}

// The findings are those of the Contents, although the file had other content when it was
// observed before.
func TestFindingsOfAFileThatChanges(t *testing.T) {
	fsys := &changingFS{MapFS: tree{"app.yaml": app}.fs(), from: 1 << 30}
	a := artifact(t, collectFS(t, fsys), flux)
	a.Cache = new(preflight.Cache)
	readAll(t, a.Plan.Set(), a.Cache)
	fsys.from = 0
	store := new(packager.Store)
	result, err := a.Plan.Pack(t.Context(), store, new(packager.Cache), a.Cache.Observe)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	a.Contents = result.Contents
	for range 2 {
		assert.Contains(t, fmt.Sprint(mustCheck(t, a, preflight.Options{})), `ConfigMap "xyz"`)
	}
}

// The caller can change the findings that it got.
func TestRememberedFindingsAreNotShared(t *testing.T) {
	a := packed(t, tree{"a/app.yaml": app}.collect(t), argocd, new(preflight.Cache))
	want := mustCheck(t, artifact(t, a.Plan.Set(), argocd), preflight.Options{})
	for range 3 {
		got := mustCheck(t, a, preflight.Options{})
		require.Equal(t, want, got)
		require.NotEmpty(t, got)
		for i := range got {
			got[i].Message = "changed"
			clear(got[i].Paths)
		}
	}
}
