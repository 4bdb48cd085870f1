package kustomize_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
	"github.com/kubeoci/oci/test/consumers/internal/fixture"
	"github.com/kubeoci/oci/unpacker"
)

// `kustomize build` renders an unpacked tree to the same objects as its source.
func TestUnpackedTreesBuildTheSame(t *testing.T) {
	instance := fixture.Embedded(t)
	source := fixture.Trees(t)["kustomize"]
	client, err := registry.NewClient(instance.Host, instance.Options())
	require.NoError(t, err)
	for _, engine := range fixture.Engines() {
		pushed := fixture.Push(t, instance, source, engine)
		store := new(packager.Store)
		t.Cleanup(func() { require.NoError(t, store.Close()) })
		manifest, err := client.Pull(t.Context(), pushed.Artifact.Repository, pushed.Artifact.Tag, store, registry.PullOptions{})
		require.NoError(t, err)
		dir := filepath.Join(t.TempDir(), "unpacked")
		_, err = unpacker.Unpack(t.Context(), store, manifest, dir, unpacker.Options{})
		require.NoError(t, err)
		for _, directory := range []string{".", "base", "overlays/staging", "overlays/production"} {
			t.Run(directory+", "+string(engine), func(t *testing.T) {
				path := pushed.Artifact.Paths.Below(directory).ArgoCD
				assert.Equal(t, build(t, filepath.Join(source, directory)), build(t, filepath.Join(dir, path)))
			})
		}
	}
}

func build(t *testing.T, dir string) string {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	require.NoError(t, err)
	text, err := resources.AsYaml()
	require.NoError(t, err)
	require.NotEmpty(t, text)
	return string(text)
}
