//go:build unix

package oci_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
)

// The workloads are those of the directory in which they were found, although links lead
// there.
func TestWorkloadsAboveALink(t *testing.T) {
	top := tree(t, map[string]string{"data/fleet/web/cm.yaml": configMap, "data/sub/x": ""})
	link := filepath.Join(top, "link")
	require.NoError(t, os.Symlink("data/sub", link))
	base := oci.BuildOptions{SourcePath: link + "/../fleet/", Layout: oci.LayoutRoot, RegistryEndpoint: "localhost:1", Version: "v1"}
	builds, err := oci.Workloads(t.Context(), base, "*")
	require.NoError(t, err)
	require.Len(t, builds, 1)
	valid, err := builds[0].Validate()
	require.NoError(t, err)
	want, err := filepath.EvalSymlinks(filepath.Join(top, "data", "fleet", "web"))
	require.NoError(t, err)
	assert.Equal(t, want, valid.SourcePath)
}
