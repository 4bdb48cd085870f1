package manifests_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/unprivileged"
	"github.com/kubeoci/oci/manifests"
)

func forbid(t *testing.T, name string) {
	t.Helper()
	require.NoError(t, os.Chmod(name, 0))
	t.Cleanup(func() { require.NoError(t, os.Chmod(name, 0o700)) }) // for TempDir to remove it
}

func TestUnreadableDirectory(t *testing.T) {
	dir := tree{"a.yaml": "a", "sub/private/b.yaml": "b"}.dir(t)
	forbid(t, filepath.Join(dir, "sub", "private"))
	unprivileged.Run(t, dir, func() {
		set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		assert.Nil(t, set)
		pathErr := requirePathError(t, err, fs.ErrPermission, "sub/private")
		assert.NotEmpty(t, pathErr.Hint())
	})
}

func TestUnreadableSource(t *testing.T) {
	dir := tree{"a.yaml": "a"}.dir(t)
	forbid(t, dir)
	unprivileged.Run(t, dir, func() {
		_, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		requirePathError(t, err, fs.ErrPermission, dir)
	})
}

// An unreadable file is reported when its content is read.
func TestUnreadableFile(t *testing.T) {
	dir := tree{"a.yaml": "a"}.dir(t)
	forbid(t, filepath.Join(dir, "a.yaml"))
	unprivileged.Run(t, dir, func() {
		set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		require.NoError(t, err)
		reader, err := set.Open()
		require.NoError(t, err)
		defer func() { assert.NoError(t, reader.Close()) }()
		_, err = reader.Open(t.Context(), set.Files()[0])
		requirePathError(t, err, fs.ErrPermission, "a.yaml")
		assert.NotErrorIs(t, err, manifests.ErrFileChanged)
		err = reader.ReadFile(t.Context(), set.Files()[0], make([]byte, 1))
		requirePathError(t, err, fs.ErrPermission, "a.yaml")
		assert.NotErrorIs(t, err, manifests.ErrFileChanged)
	})
}

// Skipped entries need not be readable.
func TestUnreadableSkipped(t *testing.T) {
	dir := tree{"a.yaml": "a", ".git/config": "", "key.pem": ""}.dir(t)
	forbid(t, filepath.Join(dir, ".git"))
	forbid(t, filepath.Join(dir, "key.pem"))
	unprivileged.Run(t, dir, func() {
		set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"a.yaml": "a"}, contents(t, set))
	})
}

// Nothing is written beside the source.
func TestReadOnlySource(t *testing.T) {
	dir := tree{"sub/a.yaml": "a"}.dir(t)
	require.NoError(t, os.Chmod(filepath.Join(dir, "sub"), 0o555))
	require.NoError(t, os.Chmod(dir, 0o555))
	t.Cleanup(func() {
		require.NoError(t, os.Chmod(dir, 0o755))
		require.NoError(t, os.Chmod(filepath.Join(dir, "sub"), 0o755))
	})
	unprivileged.Run(t, dir, func() {
		set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"sub/a.yaml": "a"}, contents(t, set))
	})
}
