package oci_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
)

// A drive without a path is the working directory on it.
func TestWorkloadsOfADrive(t *testing.T) {
	top := t.TempDir()
	drive := filepath.VolumeName(top)
	require.NoError(t, os.MkdirAll(filepath.Join(top, "apps", "shop"), 0o700))
	t.Chdir(top)
	for _, tt := range []struct{ source, want string }{
		{drive, drive + `apps\shop`},
		{top, top + `\apps\shop`},
		{top + `\`, top + `\apps\shop`},
		{top + "/", top + `\apps\shop`},
	} {
		workloads, err := oci.Workloads(t.Context(), oci.BuildOptions{SourcePath: tt.source}, "apps/*")
		require.NoError(t, err, tt.source)
		require.Len(t, workloads, 1)
		assert.Equal(t, tt.want, workloads[0].SourcePath)
		assert.DirExists(t, workloads[0].SourcePath)
	}
}
