//go:build unix && !aix && !solaris

package oci_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/manifests"
)

func TestBuildWithAFIFO(t *testing.T) {
	opts := oci.BuildOptions{
		SourcePath:       tree(t, map[string]string{"cm.yaml": configMap}),
		RegistryEndpoint: startRegistry(t, memregistry.Options{}).Host, Version: "v1",
	}
	require.NoError(t, syscall.Mkfifo(filepath.Join(opts.SourcePath, "pipe.yaml"), 0o600))
	_, err := oci.Build(t.Context(), opts)
	require.ErrorIs(t, err, manifests.ErrSpecialFile)
	opts.Collect.SkipSpecial = true
	assert.Equal(t, []oci.Skipped{{Path: "pipe.yaml", Reason: manifests.ReasonSpecial}}, build(t, opts).Skipped)
}
