package oci_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// rememberedIn returns a new Cache, as that of another process, with records in dir.
func rememberedIn(dir string) *oci.Cache {
	return &oci.Cache{Layer: packager.Cache{Dir: dir}}
}

// records returns the paths of the files in a directory of a Cache.
func records(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	return paths
}

// The next process with the same directory compresses nothing, and returns the same.
func TestBuildRecallsTheLayer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	b := buildFirst(t, func(o *oci.BuildOptions) { o.Cache, o.GitOpsEngine = rememberedIn(dir), oci.GitOpsEngineFlux })
	require.Len(t, records(t, dir), 1)
	for _, tt := range []struct {
		name      string
		change    func(*oci.BuildOptions)
		unchanged bool
		reads     int // of each file
	}{
		{"nothing", func(*oci.BuildOptions) {}, true, 1},
		{"without a cache", func(o *oci.BuildOptions) { o.Cache = nil }, true, 1},
		{"new tag", func(o *oci.BuildOptions) { o.Tags = []string{"latest"} }, false, 1},
		{"annotation", func(o *oci.BuildOptions) { o.Pack.Annotations = map[string]string{"key": "value"} }, false, 1},
		{"another repository", func(o *oci.BuildOptions) { o.Repository = "other" }, false, 2},
		{"force", func(o *oci.BuildOptions) { o.Push.Force = true }, false, 1},
		{"another level", func(o *oci.BuildOptions) { o.Pack.Level = 1 }, false, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts, tree := b.opts, &countingFS{FS: os.DirFS(b.opts.SourcePath), opened: map[string]int{}}
			opts.Cache, opts.Repository = rememberedIn(dir), "app"
			opts.SourcePath, opts.Source, opts.Pack.Prefix = "", tree, "app"
			tt.change(&opts)
			got := build(t, opts)
			assert.Equal(t, tt.unchanged, got.Unchanged)
			assert.Equal(t, b.first.Artifact.ContentDigest, got.Artifact.ContentDigest)
			assert.Equal(t, tt.reads, tree.opened["cm.yaml"])
			_, err := pull(t, b.Host, opts.Repository, "v1")
			require.NoError(t, err)

			// It is what a build without a cache returns.
			opts.Cache, opts.Push.Force = nil, false
			again := build(t, opts)
			assert.Equal(t, again.Artifact, got.Artifact)
			assert.True(t, again.Unchanged)
		})
	}
}

// A record that is corrupt, or that names another layer, changes no result.
func TestBuildWithABadRecord(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, path string, data []byte)
	}{
		{"empty", func(t *testing.T, path string, _ []byte) { require.NoError(t, os.WriteFile(path, nil, 0o600)) }},
		{"cut", func(t *testing.T, path string, data []byte) {
			require.NoError(t, os.WriteFile(path, data[:len(data)/2], 0o600))
		}},
		{"changed", func(t *testing.T, path string, data []byte) {
			changed := append([]byte(nil), data...)
			changed[len(changed)/3] ^= 1
			require.NoError(t, os.WriteFile(path, changed, 0o600))
		}},
		{"large", func(t *testing.T, path string, data []byte) {
			require.NoError(t, os.WriteFile(path, make([]byte, 1<<20), 0o600))
		}},
		{"a directory", func(t *testing.T, path string, data []byte) {
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.Mkdir(path, 0o700))
		}},
		{"a link", func(t *testing.T, path string, data []byte) {
			require.NoError(t, os.Remove(path))
			target := filepath.Join(t.TempDir(), "record")
			require.NoError(t, os.WriteFile(target, data, 0o600))
			require.NoError(t, os.Symlink(target, path))
		}},
		{"another layer, well-formed", func(t *testing.T, path string, data []byte) {
			other := buildFirst(t, func(o *oci.BuildOptions) {
				o.Source, o.SourcePath, o.Pack.Prefix, o.Repository = otherTree, "", "app", "app"
			})
			text, _, _ := strings.Cut(string(data), "\n")
			own := regexp.MustCompile(`"digest":"([^"]*)"`).FindStringSubmatch(text)
			require.Len(t, own, 2)
			writeRecord(t, path, strings.Replace(text, own[1], other.first.Artifact.LayerDigest.String(), 1))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.Chmod(dir, 0o700))
			b := buildFirst(t, func(o *oci.BuildOptions) { o.Cache = rememberedIn(dir) })
			path := records(t, dir)[0]
			good, err := os.ReadFile(path)
			require.NoError(t, err)
			tt.spoil(t, path, good)

			b.opts.RegistryEndpoint = startRegistry(t, memregistry.Options{}).Host // nothing is there
			for range 2 {
				b.opts.Cache = rememberedIn(dir)
				second := build(t, b.opts)
				assert.Equal(t, b.first.Artifact.Digest, second.Artifact.Digest)
				assert.Equal(t, b.first.Artifact.LayerDigest, second.Artifact.LayerDigest)
			}
			if tt.name != "a directory" { // which a file cannot replace
				repaired, err := os.ReadFile(path)
				require.NoError(t, err)
				assert.Equal(t, string(good), string(repaired))
			}
		})
	}
}

// A record that names another layer gives another manifest, which is none that a tag must
// not be moved to.
func TestBuildWithABadRecordAndImmutableTags(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	b := buildFirst(t, func(o *oci.BuildOptions) { o.Cache = rememberedIn(dir) })
	path := records(t, dir)[0]
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	text, _, _ := strings.Cut(string(data), "\n")
	writeRecord(t, path, strings.Replace(text, b.first.Artifact.LayerDigest.String(), digest.FromString("another").String(), 1))

	b.opts.Cache, b.opts.Push.ImmutableTags = rememberedIn(dir), true
	again := build(t, b.opts)
	assert.True(t, again.Unchanged)
	assert.Equal(t, b.first.Artifact, again.Artifact)
	repaired, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(data), string(repaired))

	// A tag that has other content is still a conflict, the second time of a recalled layer.
	b.opts.SourcePath, b.opts.Source, b.opts.Pack.Prefix, b.opts.Repository = "", otherTree, "app", "app"
	for range 2 {
		_, err = oci.Build(t.Context(), b.opts)
		require.ErrorIs(t, err, oci.ErrRegistryTagConflict)
	}
}

// writeRecord writes a record with a right sum.
func writeRecord(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, "%s\n%s\n", text, digest.FromString(text)), 0o600))
}

var otherTree = fstest.MapFS{"other.yaml": {Data: []byte(configMap + "# other\n")}}

// The directory decides which digest a build returns, so it must be the caller's alone.
func TestBuildRefusesACacheOfOthers(t *testing.T) {
	for _, tt := range []struct {
		name string
		dir  func(t *testing.T) string
	}{
		{"writable by all", func(t *testing.T) string { dir := t.TempDir(); require.NoError(t, os.Chmod(dir, 0o777)); return dir }},
		{"writable by the group", func(t *testing.T) string { dir := t.TempDir(); require.NoError(t, os.Chmod(dir, 0o770)); return dir }},
		{"a file", func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "file")
			require.NoError(t, os.WriteFile(path, nil, 0o600))
			return path
		}},
		{"below a file", func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "file")
			require.NoError(t, os.WriteFile(path, nil, 0o600))
			return filepath.Join(path, "cache")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			registry := startRegistry(t, memregistry.Options{})
			_, err := oci.Build(t.Context(), oci.BuildOptions{
				SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: registry.Host, Version: "v1",
				Cache: rememberedIn(tt.dir(t)),
			})
			require.ErrorIs(t, err, packager.ErrInvalidCache)
			assert.Contains(t, oci.Hint(err), "Cache.Layer.Dir")
			assert.NotContains(t, registry.takeRequests(), "PUT /v2/app/manifests/v1")
		})
	}
}

// Builds of several trees share a directory.
func TestBuildsWithOneCacheDirectory(t *testing.T) {
	dir, registry := filepath.Join(t.TempDir(), "cache"), startRegistry(t, memregistry.Options{})
	opts := oci.BuildOptions{RegistryEndpoint: registry.Host, Version: "v1"}
	var want [2]oci.BuildResult
	trees := [2]fs.FS{fstest.MapFS{"a.yaml": {Data: []byte(configMap)}}, otherTree}
	for i, source := range trees {
		opts.Source, opts.Repository = source, []string{"a", "b"}[i]
		want[i] = build(t, opts)
	}
	var running sync.WaitGroup
	for n := range 16 {
		running.Go(func() {
			opts := opts
			opts.Cache, opts.Source, opts.Repository = rememberedIn(dir), trees[n%2], []string{"a", "b"}[n%2]
			got, err := oci.Build(t.Context(), opts)
			if assert.NoError(t, err) {
				assert.Equal(t, want[n%2].Artifact, got.Artifact)
			}
		})
	}
	running.Wait()
	assert.Len(t, records(t, dir), 2, "and no temporary file")
}

// changingFS has other content once it was read.
type changingFS struct {
	fs.FS
	mu    sync.Mutex
	reads int
}

func (c *changingFS) Open(name string) (fs.File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if name != "cm.yaml" {
		return c.FS.Open(name)
	}
	if c.reads++; c.reads > 1 {
		return fstest.MapFS{"cm.yaml": {Data: []byte("x" + configMap[1:])}}.Open(name)
	}
	return c.FS.Open(name)
}

// Only the files that preflight has checked are pushed.
func TestBuildOfFilesThatChangeAfterTheRecall(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	source := fstest.MapFS{"cm.yaml": {Data: []byte(configMap)}}
	b := buildFirst(t, func(o *oci.BuildOptions) {
		o.Source, o.SourcePath, o.Pack.Prefix, o.Cache, o.Repository = source, "", "app", rememberedIn(dir), "app"
	})
	b.opts.Cache, b.opts.Source, b.opts.Repository = rememberedIn(dir), &changingFS{FS: source}, "elsewhere"
	_, err := oci.Build(t.Context(), b.opts)
	require.ErrorIs(t, err, manifests.ErrFileChanged)
	_, err = pull(t, b.Host, "elsewhere", "v1")
	require.True(t, errors.Is(err, oci.ErrRegistryNotFound), err)
}
