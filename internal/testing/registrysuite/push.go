package registrysuite

import (
	"os"
	"path/filepath"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/testing/registrytest"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
	"github.com/kubeoci/oci/unpacker"
)

// files returns the default tree, by path.
func files() map[string]string {
	return map[string]string{
		"kustomization.yaml":   "resources: [base, settings.yml]\n",
		"settings.yml":         configMap("settings"),
		"base/deployment.yaml": "apiVersion: apps/v1\r\nkind: Deployment\r\nmetadata: {name: shop}\r\n",
		"base/service.json":    `{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "größe"}}`,
	}
}

// tree writes files, by path, to a directory called app.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "app")
	for name, text := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	return root
}

// options returns options to push the default tree to a repository of the instance.
func options(t testing.TB, instance *registrytest.Instance, repository string) oci.BuildOptions {
	t.Helper()
	return oci.BuildOptions{
		SourcePath:       tree(t, files()),
		RegistryEndpoint: instance.Host,
		Repository:       instance.Repository(repository),
		Version:          "1.0.0",
		GitOpsEngine:     oci.GitOpsEngineFlux,
		Preflight:        oci.PreflightOptions{Policy: oci.PreflightOff},
		Registry:         instance.Options(),
	}
}

// build builds and pushes, and fails the test on an error.
func build(t testing.TB, opts oci.BuildOptions) oci.BuildResult {
	t.Helper()
	result, err := oci.NewWorkloadArtifactBuilder().Build(t.Context(), opts)
	require.NoError(t, err)
	return result
}

// requireFiles requires that the artifact at ref unpacks to the files.
func requireFiles(t testing.TB, client *registry.Client, repository, ref string, want map[string]string) {
	t.Helper()
	store := new(packager.Store)
	defer func() { require.NoError(t, store.Close()) }()
	manifest, err := client.Pull(t.Context(), repository, ref, store, registry.PullOptions{})
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "unpacked")
	_, err = unpacker.Unpack(t.Context(), store, manifest, dir, unpacker.Options{})
	require.NoError(t, err)
	found := map[string]string{}
	for name := range want {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		require.NoError(t, err)
		found[name] = string(data)
	}
	assert.Equal(t, want, found)
}

func pushAndPull(t *testing.T, c trial) {
	opts := options(t, c.open, "push/deep/name")
	result := build(t, opts)
	assert.False(t, result.Unchanged)
	client := newClient(t, c.open, c.open.Options())
	for _, ref := range []string{"1.0.0", result.Artifact.Digest.String()} {
		requireFiles(t, client, opts.Repository, ref, files())
	}
}

func pushAgain(t *testing.T, c trial) {
	opts := options(t, c.open, "again")
	first := build(t, opts)
	again := build(t, opts)
	assert.True(t, again.Unchanged)
	assert.Equal(t, first.Artifact.Digest, again.Artifact.Digest)

	opts.Push.Force = true
	forced := build(t, opts)
	assert.False(t, forced.Unchanged)
	assert.Equal(t, first.Artifact.Digest, forced.Artifact.Digest)
}

// pushSameContent pushes the same layer with other annotations. Registries that do not
// mount a blob within a repository get it again.
func pushSameContent(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	repository := c.open.Repository("content")
	a := newArtifact(t, "demo")
	a.push(t, client, repository, "1.0.0")
	next := a.manifest(t, func(m *ocispec.Manifest) {
		m.Annotations = map[string]string{ocispec.AnnotationRevision: "main@sha1:5b1e"}
	})
	require.NotEqual(t, a.Manifest.Digest, next.Digest)
	sent := true
	result, err := client.Push(t.Context(), a.store, next, repository, []string{"1.0.0"}, registry.PushOptions{
		OnEvent: func(e registry.Event) {
			if e.Descriptor.Digest == a.Layer.Digest && e.Skipped {
				sent = false
			}
		},
	})
	require.NoError(t, err)
	assert.False(t, result.Unchanged)
	if sent {
		c.note("the layer is sent again")
	}
	requireWhole(t, client, repository, "1.0.0", next)
}

func pushEmpty(t *testing.T, c trial) {
	opts := oci.EmptyBuildOptions{
		RegistryEndpoint: c.open.Host,
		Repository:       c.open.Repository("empty"),
		Version:          "1.0.0",
		Registry:         c.open.Options(),
	}
	result, err := oci.BuildEmpty(t.Context(), opts)
	require.NoError(t, err)
	client := newClient(t, c.open, c.open.Options())
	desc, err := client.Resolve(t.Context(), opts.Repository, "1.0.0")
	require.NoError(t, err)
	assert.Equal(t, result.Artifact.Digest, desc.Digest)
	again, err := oci.BuildEmpty(t.Context(), opts)
	require.NoError(t, err)
	assert.True(t, again.Unchanged)
}
