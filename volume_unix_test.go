//go:build unix && !aix && !solaris

package oci_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/volumetest"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

func mountVolume(t *testing.T) volumetest.Volume {
	t.Helper()
	volume := volumetest.Volume{Dir: filepath.Join(t.TempDir(), "app")}
	require.NoError(t, os.Mkdir(volume.Dir, 0o755))
	return volume
}

func TestBuildOfAMountedVolume(t *testing.T) {
	server := startRegistry(t, memregistry.Options{})
	volume := mountVolume(t)
	files := map[string]string{"cm.yaml": namespaced("a"), "sub/cm.yaml": namespaced("b")}
	require.NoError(t, volume.Publish(files))
	opts := oci.BuildOptions{
		SourcePath: volume.Dir, RegistryEndpoint: server.Host, Version: "v1", GitOpsEngine: oci.GitOpsEngineFlux,
		Preflight: oci.PreflightOptions{Policy: oci.PreflightEnforce},
	}
	first := build(t, opts)
	assert.Equal(t, []string{"cm.yaml", "sub/cm.yaml"}, first.Files)
	assert.Empty(t, first.Findings)
	assert.Len(t, first.Skipped, 2)

	require.NoError(t, volume.Publish(files))
	again := build(t, opts)
	assert.True(t, again.Unchanged)
	assert.Equal(t, first.Artifact.Digest, again.Artifact.Digest)

	files["cm.yaml"] = namespaced("c")
	require.NoError(t, volume.Publish(files))
	changed := build(t, opts)
	assert.False(t, changed.Unchanged)
	assert.NotEqual(t, first.Artifact.ContentDigest, changed.Artifact.ContentDigest)

	copied := opts
	copied.SourcePath = tree(t, files)
	assert.Equal(t, changed.Artifact.Digest, build(t, copied).Artifact.Digest, "the files alone make the digest")
}

// The volume is updated all the time while it is pushed.
func TestBuildOfAVolumeThatIsUpdated(t *testing.T) {
	server := startRegistry(t, memregistry.Options{})
	volume := mountVolume(t)
	payloads := []map[string]string{
		{"cm.yaml": namespaced("a"), "gone.yaml": namespaced("b"), "sub/cm.yaml": namespaced("c")},
		{"cm.yaml": namespaced("d"), "new.yaml": namespaced("e"), "sub/cm.yaml": namespaced("f")},
	}
	opts := oci.BuildOptions{
		SourcePath: volume.Dir, RegistryEndpoint: server.Host, Version: "v1",
		Layout: packager.LayoutRoot,
	}
	published := map[string][]string{}
	for _, files := range payloads {
		require.NoError(t, volume.Publish(files))
		result := build(t, opts)
		published[result.Artifact.Digest.String()] = result.Files
	}
	require.Len(t, published, 2)

	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			if err := volume.Publish(payloads[n%len(payloads)]); !assert.NoError(t, err) {
				return
			}
		}
	})
	for range 100 {
		result, err := oci.Build(t.Context(), opts)
		if err != nil {
			require.ErrorIs(t, err, manifests.ErrFileChanged)
			require.True(t, oci.Retryable(err))
			continue
		}
		require.Equal(t, published[result.Artifact.Digest.String()], result.Files)
		require.NotEmpty(t, result.Files)
	}
}
