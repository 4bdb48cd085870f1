package oci_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/reference"
)

// monorepo is a tree with workloads at two depths.
func monorepo(t *testing.T) string {
	return tree(t, map[string]string{
		"apps/web/cm.yaml": configMap, "apps/db/cm.yaml": configMap, "apps/README.md": "text",
		"clusters/eu/apps/dns/cm.yaml": configMap, "clusters/us/apps/dns/cm.yaml": configMap,
	})
}

func TestWorkloads(t *testing.T) {
	for _, tt := range []struct {
		name, repository string
		patterns         []string
		directories      []string
		repositories     []string
	}{
		{"one level", "acme", []string{"apps/*"}, []string{"apps/db", "apps/web"}, []string{"acme/apps/db", "acme/apps/web"}},
		{"blanks around the repository", " acme/shop\t", []string{"apps/w*"}, []string{"apps/web"}, []string{"acme/shop/apps/web"}},
		{
			"two patterns, one directory twice, no repository", "", []string{"clusters/*/apps/*", "apps/web", "apps/*"},
			[]string{"apps/db", "apps/web", "clusters/eu/apps/dns", "clusters/us/apps/dns"},
			[]string{"apps/db", "apps/web", "clusters/eu/apps/dns", "clusters/us/apps/dns"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base := oci.BuildOptions{
				SourcePath: monorepo(t), RegistryEndpoint: startRegistry(t, memregistry.Options{}).Host, Repository: tt.repository, Version: "v1",
				Layout: oci.LayoutRoot, Tags: []string{"latest"}, GitOpsEngine: oci.GitOpsEngineFlux,
			}
			builds, err := oci.Workloads(t.Context(), base, tt.patterns...)
			require.NoError(t, err)
			require.Len(t, builds, len(tt.directories))
			for i, o := range builds {
				want := base
				want.SourcePath, want.Repository = filepath.Join(base.SourcePath, filepath.FromSlash(tt.directories[i])), tt.repositories[i]
				assert.Equal(t, want, o)
			}
			result, err := oci.BuildAll(t.Context(), builds, oci.BuildAllOptions{})
			require.NoError(t, err)
			assert.Equal(t, len(builds), result.Built)
		})
	}
}

// A tree in memory gives the same artifacts as the directory.
func TestWorkloadsOfASource(t *testing.T) {
	base := oci.BuildOptions{
		SourcePath: monorepo(t), RegistryEndpoint: startRegistry(t, memregistry.Options{}).Host, Repository: "acme", Version: "v1", Layout: oci.LayoutRoot,
	}
	builds, err := oci.Workloads(t.Context(), base, "apps/*")
	require.NoError(t, err)
	_, err = oci.BuildAll(t.Context(), builds, oci.BuildAllOptions{})
	require.NoError(t, err)
	base.SourcePath, base.Source = "", os.DirFS(base.SourcePath)
	builds, err = oci.Workloads(t.Context(), base, "apps/*")
	require.NoError(t, err)
	result, err := oci.BuildAll(t.Context(), builds, oci.BuildAllOptions{})
	require.NoError(t, err)
	assert.Equal(t, 2, result.Unchanged)
}

// A Cache serves one tree, so each workload gets its own.
func TestWorkloadsHaveACacheEach(t *testing.T) {
	cache := cacheIn(filepath.Join(t.TempDir(), "cache"))
	cache.Layer.Limit = 1 << 20
	builds, err := oci.Workloads(t.Context(), oci.BuildOptions{
		SourcePath: monorepo(t), RegistryEndpoint: startRegistry(t, memregistry.Options{}).Host, Version: "v1", Cache: cache,
	}, "apps/*")
	require.NoError(t, err)
	for _, o := range builds {
		assert.Equal(t, cache.Layer.Limit, o.Cache.Layer.Limit)
		assert.Equal(t, cache.Layer.Dir, o.Cache.Layer.Dir)
		assert.Equal(t, cache.Preflight.Dir, o.Cache.Preflight.Dir)
	}
	_, err = oci.BuildAll(t.Context(), builds, oci.BuildAllOptions{})
	require.NoError(t, err)
	for _, o := range builds {
		assert.Positive(t, o.Cache.Layer.Size())
	}
	assert.Zero(t, cache.Layer.Size())
}

// A workload without manifests fails alone.
func TestWorkloadsWithoutManifests(t *testing.T) {
	source := monorepo(t)
	require.NoError(t, os.Mkdir(filepath.Join(source, "apps", "empty"), 0o700))
	builds, err := oci.Workloads(t.Context(), oci.BuildOptions{
		SourcePath: source, RegistryEndpoint: startRegistry(t, memregistry.Options{}).Host, Version: "v1", Layout: oci.LayoutRoot,
	}, "apps/*")
	require.NoError(t, err)
	result, err := oci.BuildAll(t.Context(), builds, oci.BuildAllOptions{})
	require.ErrorIs(t, err, oci.ErrNoManifestFiles)
	assert.Equal(t, 2, result.Built)
	require.ErrorIs(t, result.Outcomes[1].Err, oci.ErrNoManifestFiles)
	assert.Equal(t, "apps/empty", result.Outcomes[1].Repository)
}

func TestWorkloadsRefuse(t *testing.T) {
	source, odd := monorepo(t), fstest.MapFS{"apps/we-b/cm.yaml": {}, "apps/WE-B/cm.yaml": {}, "odd/a:b/cm.yaml": {}}
	for _, tt := range []struct {
		name     string
		base     oci.BuildOptions
		patterns []string
		want     error
		text     string
		hint     string
	}{
		{"no source", oci.BuildOptions{}, []string{"*"}, oci.ErrSourcePathRequired, "source path is required", "set SourcePath to the directory above the workloads, or Source to a tree"},
		{"two sources", oci.BuildOptions{SourcePath: source, Source: fstest.MapFS{}}, []string{"*"}, oci.ErrTwoSources, "source is both a directory and a file system", "set one of SourcePath and Source"},
		{"missing source", oci.BuildOptions{SourcePath: "no/such/place"}, []string{"*"}, oci.ErrSourcePathNotFound, "no/such/place", "check the path"},
		{"no match", oci.BuildOptions{SourcePath: source}, []string{"apps/*", "tools/*"}, manifests.ErrNoMatch, `no directory matches the pattern: "tools/*"`, "check the pattern"},
		{"no pattern", oci.BuildOptions{SourcePath: source}, nil, manifests.ErrInvalidPattern, "a pattern for directories is required", "give a pattern such as apps/*"},
		{
			"collision", oci.BuildOptions{Source: odd, Repository: "acme"}, []string{"apps/*"}, oci.ErrWorkloadCollision,
			`two workloads have the same repository: "apps/WE-B" and "apps/we-b" are both acme/apps/we-b`, "rename one of the directories",
		},
		{"illegal repository", oci.BuildOptions{Source: odd, Repository: "acme"}, []string{"odd/*"}, reference.ErrInvalidRepository, "acme/odd/a:b", ""},
		{"symlink policy", oci.BuildOptions{SourcePath: source, Collect: oci.CollectOptions{Symlinks: "x"}}, []string{"*"}, manifests.ErrUnknownSymlinkPolicy, "x", "set Collect.Symlinks"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			builds, err := oci.Workloads(t.Context(), tt.base, tt.patterns...)
			assert.Nil(t, builds)
			require.ErrorIs(t, err, tt.want)
			require.ErrorContains(t, err, tt.text)
			assert.Contains(t, oci.Hint(err), tt.hint)
		})
	}
	//lint:ignore SA1012 the test is about a nil context
	_, err := oci.Workloads(nil, oci.BuildOptions{SourcePath: source}, "*")
	require.EqualError(t, err, nilContext)
}
