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
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.yaml"), []byte("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n"), 0o600))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe.yaml"), 0o600))
	o := push(t, "", nil, "-prefix", "app", dir)
	assert.Equal(t, 1, o.status)
	assert.Contains(t, o.stderr, `not a regular file: "pipe.yaml"`)
	o = push(t, "", nil, "-prefix", "app", "-skip-special", dir)
	require.Zero(t, o.status, o.stderr)
	assert.Contains(t, o.stdout, `skipped   "pipe.yaml" (special)`)
}
