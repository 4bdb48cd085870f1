package oci_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// cacheIn returns a new Cache, as that of another process, that keeps everything in dir.
func cacheIn(dir string) *oci.Cache {
	return &oci.Cache{Layer: packager.Cache{Dir: dir}, Preflight: preflight.Cache{Dir: dir}}
}

// An unchanged build takes the findings from the cache: a message that was changed there is
// in the result.
func TestBuildRemembersFindings(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	files := map[string]string{"cm.yaml": configMap, "ns.yaml": strings.Replace(configMap, "ConfigMap", "Namespace", 1)}
	b := buildFirst(t, func(o *oci.BuildOptions) {
		o.SourcePath, o.Cache, o.GitOpsEngine = tree(t, files), cacheIn(dir), oci.GitOpsEngineFlux
	})
	require.True(t, b.first.HasNamespaces)
	paths, err := filepath.Glob(filepath.Join(dir, "*.preflight"))
	require.NoError(t, err)
	require.Len(t, paths, 1)
	data, err := os.ReadFile(paths[0])
	require.NoError(t, err)
	text, _, _ := strings.Cut(string(data), "\nsha256:")
	require.Contains(t, text, "refuses objects without")
	writeRecord(t, paths[0], strings.Replace(text, "refuses objects without", "REMEMBERS THE FINDINGS!", 1))
	inMemory := cacheIn(dir)
	for _, tt := range []struct {
		name       string
		change     func(*oci.BuildOptions)
		remembered bool
		reads      int // of each file
	}{
		{"nothing", func(*oci.BuildOptions) {}, true, 1},
		{"without a cache", func(o *oci.BuildOptions) { o.Cache = nil }, false, 1},
		{"in memory", func(o *oci.BuildOptions) { o.Cache = inMemory }, true, 1},
		{"in memory, again", func(o *oci.BuildOptions) { o.Cache = inMemory }, true, 1},
		{"of layers alone", func(o *oci.BuildOptions) { o.Cache = rememberedIn(dir) }, false, 1},
		{"new tag", func(o *oci.BuildOptions) { o.Tags = []string{"latest"} }, true, 1},
		{"another repository", func(o *oci.BuildOptions) { o.Repository = "another/one" }, true, 2},
		{"policy", func(o *oci.BuildOptions) {
			o.Preflight.Policy = oci.PreflightEnforce
			o.Preflight.Severity = preflight.Error
		}, true, 1},
		{"a checker", func(o *oci.BuildOptions) {
			o.Preflight.Checkers = []preflight.Checker{preflight.CheckerFunc(func(context.Context, preflight.File) (preflight.Findings, error) { return nil, nil })}
		}, false, 1},
		{"another path", func(o *oci.BuildOptions) { o.Preflight.Paths = []string{".", "."}; o.Preflight.MaxFindings = 7 }, false, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := &countingFS{FS: os.DirFS(b.opts.SourcePath), opened: map[string]int{}}
			opts := b.opts
			opts.Cache, opts.Repository = cacheIn(dir), "app"
			opts.SourcePath, opts.Source, opts.Pack.Prefix = "", fsys, "app"
			tt.change(&opts)
			got := build(t, opts)
			assert.Equal(t, tt.reads, fsys.opened["cm.yaml"])
			assert.True(t, got.HasNamespaces)
			require.Len(t, got.Findings, len(b.first.Findings))
			for i, f := range got.Findings {
				want := b.first.Findings[i]
				if tt.remembered {
					want.Message = strings.Replace(want.Message, "refuses objects without", "REMEMBERS THE FINDINGS!", 1)
				}
				assert.Equal(t, want, f)
			}
		})
	}
}

// A rule about Secrets gets the same, and no file is read again for it: only to pack a layer
// that was recalled, because the record may be the reason why the tag is refused.
func TestBuildRemembersSecrets(t *testing.T) {
	secret := strings.Replace(configMap, "ConfigMap", "Secret", 1) + "stringData: {a: b}\n"
	fsys := &countingFS{FS: fstest.MapFS{"secret.yaml": {Data: []byte(secret)}}}
	dir, registry := filepath.Join(t.TempDir(), "cache"), startRegistry(t, memregistry.Options{})
	opts := oci.BuildOptions{Source: fsys, RegistryEndpoint: registry.Host, Repository: "app", Version: "v1"}
	opts.Push.TagRules = []oci.TagRule{oci.RefuseSecrets}
	for _, reads := range []int{1, 2, 2} {
		fsys.opened, opts.Cache = map[string]int{}, cacheIn(dir)
		_, err := oci.Build(t.Context(), opts)
		require.ErrorIs(t, err, oci.ErrRegistryTagRefused)
		assert.ErrorContains(t, err, "secret.yaml")
		assert.Equal(t, reads, fsys.opened["secret.yaml"])
	}
}
