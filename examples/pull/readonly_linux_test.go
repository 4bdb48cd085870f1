package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/unprivileged"
)

// A directory that this user cannot write costs no request.
func TestPullIntoAReadOnlyDirectory(t *testing.T) {
	host, _, requests := start(t)
	for name, flags := range map[string][]string{"a directory in it": nil, "the directory itself": {"-in-place"}} {
		t.Run(name, func(t *testing.T) {
			readOnly := filepath.Join(t.TempDir(), "read-only")
			require.NoError(t, os.Mkdir(readOnly, 0o500))
			dir := readOnly
			if flags == nil {
				dir = filepath.Join(readOnly, "a")
			}
			unprivileged.Run(t, readOnly, func() {
				status, _, stderr := runPull(t, nil, "", append(flags, "-ref", "oci://"+host+"/acme/shop:1.0.0", dir)...)
				assert.Equal(t, 1, status)
				assert.Contains(t, stderr, "permission denied")
			})
			assert.Zero(t, requests.Load())
		})
	}
}
