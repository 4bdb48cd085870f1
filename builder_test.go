package oci_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/gitops"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/conntest"
	"github.com/kubeoci/oci/manifests"
)

func TestBuildResult(t *testing.T) {
	registry := startRegistry(t, memregistry.Options{})
	source := tree(t, map[string]string{
		"cm.yaml":       configMap,
		"sub/other.yml": configMap,
		"README.md":     "read me",
		".git/config":   "",
	})
	result := build(t, oci.BuildOptions{
		SourcePath:       source,
		RegistryEndpoint: registry.Host,
		Repository:       "acme/Shop",
		Version:          "1.0.0",
		Tags:             []string{"1.0", "latest"},
		GitOpsEngine:     oci.GitOpsEngineArgoCD,
	})

	a := result.Artifact
	assert.Equal(t, "shop", a.Name)
	assert.Equal(t, "1.0.0", a.Version)
	assert.Equal(t, "1.0.0", a.Tag)
	assert.Equal(t, registry.Host, a.RegistryEndpoint)
	assert.Equal(t, "acme/shop", a.Repository)
	assert.Equal(t, "acme/Shop", result.RequestedRepository)
	assert.Equal(t, source, a.SourcePath)
	assert.Equal(t, time.Unix(0, 0).UTC(), a.CreatedAt)
	assert.Equal(t, "oci://"+registry.Host+"/acme/shop:1.0.0", a.Reference)
	assert.Equal(t, ocispec.MediaTypeImageManifest, a.MediaType)
	assert.Equal(t, ocispec.MediaTypeImageLayerGzip, a.LayerMediaType)
	assert.Equal(t, oci.EnginePaths{Flux: "./app", ArgoCD: "app"}, a.Paths)
	assert.Equal(t, []string{"1.0.0", "1.0", "latest"}, result.Tags)
	assert.Equal(t, []string{"app/cm.yaml", "app/sub/other.yml"}, result.Files)
	assert.Equal(t, []manifests.Skipped{
		{Path: ".git/", Reason: manifests.ReasonVersionControl},
		{Path: "README.md", Reason: manifests.ReasonExtension},
	}, result.Skipped)
	assert.False(t, result.Unchanged)

	for _, tag := range append(result.Tags, a.Digest.String()) {
		store, err := pull(t, registry.Host, "acme/shop", tag)
		require.NoError(t, err, tag)
		desc := ocispec.Descriptor{MediaType: a.MediaType, Digest: a.Digest, Size: a.ManifestSize}
		data, err := content.FetchAll(t.Context(), store, desc)
		require.NoError(t, err, tag)
		var manifest ocispec.Manifest
		require.NoError(t, json.Unmarshal(data, &manifest))
		assert.Equal(t, map[string]string{
			ocispec.AnnotationCreated: "1970-01-01T00:00:00Z",
		}, manifest.Annotations)
		require.Len(t, manifest.Layers, 1)
		assert.Equal(t, a.LayerDigest, manifest.Layers[0].Digest)
		assert.Equal(t, a.LayerSize, manifest.Layers[0].Size)
		exists, err := store.Exists(t.Context(), manifest.Layers[0])
		require.NoError(t, err)
		assert.True(t, exists)
	}
}

func TestBuildResultIsJSON(t *testing.T) {
	registry := startRegistry(t, memregistry.Options{})
	result := build(t, oci.BuildOptions{
		SourcePath:       tree(t, map[string]string{"cm.yaml": configMap}),
		RegistryEndpoint: registry.Host,
		Version:          "v1",
		Pack:             oci.PackOptions{Created: time.Date(2026, 1, 2, 3, 4, 5, 600, time.FixedZone("", 3600))},
	})
	data, err := json.Marshal(result)
	require.NoError(t, err)
	var back oci.BuildResult
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Equal(t, result, back)
	assert.Contains(t, string(data), `"createdAt":"2026-01-02T02:04:05Z"`)
	assert.Contains(t, string(data), `"paths":{"flux":"./app","argocd":"app"}`)
}

func TestBuildOfTheSameSendsNothing(t *testing.T) {
	registry := startRegistry(t, memregistry.Options{})
	opts := oci.BuildOptions{
		SourcePath:       tree(t, map[string]string{"cm.yaml": configMap}),
		RegistryEndpoint: registry.Host,
		Version:          "v1",
		Tags:             []string{"latest"},
	}
	first := build(t, opts)
	registry.takeRequests()

	second := build(t, opts)
	assert.True(t, second.Unchanged)
	assert.Equal(t, first.Artifact, second.Artifact)
	assert.Equal(t, []string{"GET /v2/app/manifests/v1", "GET /v2/app/manifests/latest", "HEAD blob", "HEAD blob"}, shortened(registry.takeRequests()))

	opts.Push.Force = true
	assert.False(t, build(t, opts).Unchanged)
	assert.Contains(t, registry.takeRequests(), "PUT /v2/app/manifests/v1")
}

// The README promises it: differences between two checkouts do not reach the digest.
func TestBuildOfACopyGivesTheSameDigest(t *testing.T) {
	registry := startRegistry(t, memregistry.Options{})
	files := map[string]string{"b.yaml": configMap, "a/a.yaml": configMap, "a-b.json": "{}", "ü/é.yml": configMap}
	one, two := tree(t, files), tree(t, files)
	require.NoError(t, filepath.WalkDir(two, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() {
			require.NoError(t, os.Chmod(path, 0o700))
		}
		return os.Chtimes(path, time.Time{}, time.Date(1999, 12, 31, 23, 59, 59, 1, time.Local))
	}))
	opts := oci.BuildOptions{RegistryEndpoint: registry.Host, Version: "v1", Preflight: oci.PreflightOptions{Policy: oci.PreflightOff}}
	for _, engine := range []oci.GitOpsEngine{oci.GitOpsEngineNone, oci.GitOpsEngineFlux, oci.GitOpsEngineArgoCD} {
		opts.GitOpsEngine = engine
		opts.SourcePath = one
		first := build(t, opts)
		opts.SourcePath = two
		second := build(t, opts)
		assert.Equal(t, first.Artifact.Digest, second.Artifact.Digest, engine)
		assert.True(t, second.Unchanged, engine)
	}
}

func TestBuildEmpty(t *testing.T) {
	registry := startRegistry(t, memregistry.Options{})
	opts := oci.EmptyBuildOptions{
		RegistryEndpoint: registry.Host,
		Repository:       "acme/nothing",
		Version:          "v1",
		GitOpsEngine:     oci.GitOpsEngineFlux,
	}
	result, err := oci.BuildEmpty(t.Context(), opts)
	require.NoError(t, err)
	assert.Equal(t, []string{"kustomization.yaml"}, result.Files)
	assert.Empty(t, result.Artifact.SourcePath)
	assert.False(t, result.HasNamespaces, "preflight need not look")
	_, err = gitops.Flux(result.HandOver(), gitops.FluxOptions{TargetNamespace: "shop"})
	require.NoError(t, err)

	opts.GitOpsEngine = oci.GitOpsEngineNone
	result, err = oci.BuildEmpty(t.Context(), opts)
	require.NoError(t, err)
	assert.Equal(t, []string{"kustomization.yaml", "nothing/kustomization.yaml"}, result.Files)
	assert.Equal(t, oci.EnginePaths{Flux: "./nothing", ArgoCD: "nothing"}, result.Artifact.Paths)
}

func TestBuildReportsEvents(t *testing.T) {
	registry := startRegistry(t, memregistry.Options{})
	var events []string
	opts := oci.BuildOptions{
		SourcePath:       tree(t, map[string]string{"cm.yaml": configMap}),
		RegistryEndpoint: registry.Host,
		Version:          "v1",
		OnEvent: func(e oci.Event) {
			step := string(e.Phase)
			if e.Push != nil {
				step += " " + e.Push.Tag
				if e.Push.Skipped {
					step += " skipped"
				}
			}
			events = append(events, step)
		},
	}
	build(t, opts)
	assert.Equal(t, []string{"collect", "pack", "push ", "push ", "push v1"}, events)
	events = nil
	build(t, opts)
	assert.Equal(t, []string{"collect", "pack", "push v1 skipped"}, events)
}

// An idle connection is two goroutines, and none may outlive a call.
func TestNoConnectionOutlivesItsCall(t *testing.T) {
	server := conntest.Start(t, memregistry.Handler(memregistry.Options{}))
	build(t, oci.BuildOptions{
		SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: server.URL, Version: "v1",
	})
	server.RequireNoneOpen(t)
	err := oci.NewRegistryVerifier().VerifyAccess(t.Context(), oci.VerifyOptions{RegistryEndpoint: server.URL, Repository: "app"})
	require.NoError(t, err)
	server.RequireNoneOpen(t)
}

// A Builder that nobody can close any more must not keep connections either.
func TestConnectionsEndWithTheirBuilder(t *testing.T) {
	server := conntest.Start(t, memregistry.Handler(memregistry.Options{}))
	_, err := oci.NewWorkloadArtifactBuilder().Build(t.Context(), oci.BuildOptions{
		SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: server.URL, Version: "v1",
	})
	require.NoError(t, err)
	runtime.GC()
	server.RequireNoneOpen(t)
}
