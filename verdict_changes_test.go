package oci_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/preflight"
)

// A change is one of the files or of the directory of the cache.
type change struct {
	name string
	do   func(t *testing.T, source, cache string, n int)
}

func write(name, text string) func(*testing.T, string, string, int) {
	return func(t *testing.T, source, _ string, n int) {
		path := filepath.Join(source, filepath.FromSlash(name))
		require.NoError(t, os.RemoveAll(path))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(text, "%n", fmt.Sprint(n%4))), 0o644))
	}
}

func link(name, target string) func(*testing.T, string, string, int) {
	return func(t *testing.T, source, _ string, _ int) {
		path := filepath.Join(source, name)
		require.NoError(t, os.RemoveAll(path))
		require.NoError(t, os.Symlink(target, path))
	}
}

func remove(name string) func(*testing.T, string, string, int) {
	return func(t *testing.T, source, _ string, _ int) {
		require.NoError(t, os.RemoveAll(filepath.Join(source, name)))
	}
}

// spoil changes a record.
func spoil(f func(path string) error) func(*testing.T, string, string, int) {
	return func(t *testing.T, _, cache string, n int) {
		if paths := records(t, cache); len(paths) > 0 {
			require.NoError(t, f(paths[n%len(paths)]))
		}
	}
}

var changes = []change{
	{"nothing", func(*testing.T, string, string, int) {}},
	{"nothing", func(*testing.T, string, string, int) {}},
	{"content", write("cm.yaml", configMap+"data: {n: \"%n\"}\n")},
	{"an object twice", write("again.yaml", configMap)},
	{"not twice", remove("again.yaml")},
	{"no object", write("apps/a.yaml", "a: [%n\n")},
	{"an object", write("apps/a.yaml", strings.Replace(configMap, "settings", "a%n", 1))},
	{"renamed", func(t *testing.T, source, _ string, n int) {
		_ = os.Rename(filepath.Join(source, "cm.yaml"), filepath.Join(source, fmt.Sprintf("cm%d.yaml", n%2)))
	}},
	{"ignore rules", write(".sourceignore", "/apps/a%n.yaml\n/again.yaml\n")},
	{"other ignore rules", write(".sourceignore", "*.json\n!/again.yaml\n")},
	{"no ignore rules", remove(".sourceignore")},
	{"a kustomization", write("apps/kustomization.yaml", "resources: [a.yaml]\n")},
	{"a reference outside of the tree", write("apps/kustomization.yaml", "resources: [a.yaml, ../../outside/out.yaml]\n")},
	{"a reference to a link", write("apps/kustomization.yaml", "resources: [a.yaml, ../link.yaml]\n")},
	{"no kustomization", remove("apps/kustomization.yaml")},
	{"the file outside", write("../outside/out.yaml", strings.Replace(configMap, "settings", "out%n", 1))},
	{"no file outside", remove("../outside/out.yaml")},
	{"a link to a file", link("link.yaml", "apps/a.yaml")},
	{"a link to another", link("link.yaml", "cm.yaml")},
	{"a dangling link", link("link.yaml", "gone.yaml")},
	{"a link to the outside", link("link.yaml", "../outside/out.yaml")},
	{"a file in place of a link", write("link.yaml", strings.Replace(configMap, "settings", "link", 1))},
	{"a Namespace", write("ns.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns}\n")},
	{"a record is cut", spoil(func(path string) error { return os.Truncate(path, 100) })},
	{"a record is too large", spoil(func(path string) error { return os.Truncate(path, 2<<20) })},
	{"a record is another's", spoil(func(path string) error { return os.Chmod(path, 0o666) })},
	{"a record is lost", spoil(os.Remove)},
	{"a bit of a record changes", spoil(func(path string) error {
		data, err := os.ReadFile(path)
		if err == nil && len(data) > 0 {
			data[len(data)/3] ^= 1
			err = os.WriteFile(path, data, 0o600)
		}
		return err
	})},
}

// Options that differ from one build to the next.
var variations = []func(*oci.BuildOptions){
	func(*oci.BuildOptions) {},
	func(*oci.BuildOptions) {},
	func(o *oci.BuildOptions) { o.GitOpsEngine = oci.GitOpsEngineFlux },
	func(o *oci.BuildOptions) { o.GitOpsEngine = oci.GitOpsEngineArgoCD },
	func(o *oci.BuildOptions) { o.Layout = oci.LayoutRoot },
	func(o *oci.BuildOptions) { o.Layout, o.Pack.Prefix = oci.LayoutPrefix, "deploy" },
	func(o *oci.BuildOptions) { o.Preflight.Path = "apps" },
	func(o *oci.BuildOptions) { o.Preflight.Paths = []string{".", "apps"} },
	func(o *oci.BuildOptions) { o.Preflight.Policy = oci.PreflightEnforce },
	func(o *oci.BuildOptions) { o.Preflight.Policy = oci.PreflightOff },
	func(o *oci.BuildOptions) { o.Preflight.MaxFindings = 1 },
	func(o *oci.BuildOptions) { o.Preflight.DirectoryRecurse = true },
	func(o *oci.BuildOptions) { o.Preflight.TargetNamespace = "shop" },
	func(o *oci.BuildOptions) { o.Tags = []string{"1.2.3_4"} },
	func(o *oci.BuildOptions) { o.Repository = "a" },
	func(o *oci.BuildOptions) { o.Collect.SkipReferences = true },
	func(o *oci.BuildOptions) { o.Collect.Symlinks = manifests.SymlinksSkip },
	func(o *oci.BuildOptions) { o.Collect.IgnoreFluxDefaults = true },
	func(o *oci.BuildOptions) {
		o.Preflight.Checkers = []preflight.Checker{&owners{calls: map[string]int{}}}
	},
}

// Whatever changes between builds, a cache in memory and one in a directory change neither the
// digest nor the findings.
func TestCachesChangeNothing(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			source := tree(t, map[string]string{"cm.yaml": configMap, "apps/a.yaml": strings.Replace(configMap, "settings", "a", 1)})
			dir := filepath.Join(t.TempDir(), "cache")
			require.NoError(t, os.Mkdir(dir, 0o700))
			memory, both := new(oci.Cache), cacheIn(dir)
			var history []string
			for n := range 60 {
				c := changes[random.IntN(len(changes))]
				c.do(t, source, dir, n)
				variation := random.IntN(len(variations))
				history = append(history, fmt.Sprintf("%s, options %d", c.name, variation))
				var want oci.BuildPlan
				var wantErr string
				for _, cache := range []*oci.Cache{nil, cacheIn(dir), memory, both, cacheIn(dir)} {
					opts := oci.BuildOptions{SourcePath: source, Repository: "acme/shop", Version: "v1", Cache: cache}
					variations[variation](&opts)
					got, err := new(oci.Builder).Plan(t.Context(), opts)
					if cache == nil {
						want, wantErr = got, fmt.Sprint(err)
						continue
					}
					require.Equal(t, wantErr, fmt.Sprint(err), history)
					require.Equal(t, want, got, history)
				}
			}
		})
	}
}
