package oci_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/unprivileged"
)

func TestBuildOfAnUnreadableFile(t *testing.T) {
	server := startRegistry(t, memregistry.Options{})
	source := tree(t, map[string]string{"cm.yaml": configMap, "sub/secret.yaml": configMap})
	require.NoError(t, os.Chmod(filepath.Join(source, "sub", "secret.yaml"), 0))
	unprivileged.Run(t, source, func() {
		result, err := oci.Build(t.Context(), oci.BuildOptions{
			SourcePath: source, RegistryEndpoint: server.Host, Version: "v1",
		})
		require.ErrorIs(t, err, fs.ErrPermission)
		assert.EqualError(t, err, `permission denied: "sub/secret.yaml"`)
		assert.NotEmpty(t, oci.Hint(err))
		assert.Zero(t, result)
	})
	for _, request := range server.takeRequests() { // the tag may have been asked for
		assert.Equal(t, "GET /v2/app/manifests/v1", request)
	}
}

func TestBuildOfAFileThatBecomesUnreadable(t *testing.T) {
	server := startRegistry(t, memregistry.Options{})
	source := tree(t, map[string]string{"cm.yaml": configMap})
	unprivileged.Run(t, source, func() {
		_, err := oci.Build(t.Context(), oci.BuildOptions{
			SourcePath: source, RegistryEndpoint: server.Host, Version: "v1", Preflight: oci.PreflightOptions{Policy: oci.PreflightOff},
			OnEvent: func(e oci.Event) {
				if e.Phase == oci.PhaseCollect {
					assert.NoError(t, os.Chmod(filepath.Join(source, "cm.yaml"), 0))
				}
			},
		})
		require.ErrorIs(t, err, fs.ErrPermission)
		assert.EqualError(t, err, `permission denied: "cm.yaml"`)
	})
	for _, request := range server.takeRequests() { // the tag may have been asked for
		assert.Equal(t, "GET /v2/app/manifests/v1", request)
	}
}
