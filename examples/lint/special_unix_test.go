//go:build unix && !aix && !solaris

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSkipSpecial(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.yaml"), []byte(object), 0o600))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe.yaml"), 0o600))
	status, _, stderr := lint(t, "-engine", "flux", dir)
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, `not a regular file: "pipe.yaml"`)
	status, stdout, stderr := lint(t, "-engine", "flux", "-skip-special", dir)
	assert.Zero(t, status, stderr)
	assert.Contains(t, stdout, "files: 1, errors: 0")
}
