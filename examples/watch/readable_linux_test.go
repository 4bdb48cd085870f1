package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/unprivileged"
)

// A file that becomes readable has the size and time that it had before.
func TestFileBecomesReadable(t *testing.T) {
	s := start(t, nil, map[string]string{"app.yaml": configMap}, "-engine", "flux")
	s.next(t)
	unprivileged.Run(t, s.dir, func() {
		require.NoError(t, os.Chmod(s.path("app.yaml"), 0))
		assert.Contains(t, s.next(t).Error, "permission denied")
		require.NoError(t, os.Chmod(s.path("app.yaml"), 0o600))
		assert.True(t, s.next(t).Unchanged)
	})
}
