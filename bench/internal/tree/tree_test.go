package tree_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/bench/internal/tree"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

func write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, treegen.Write(dir, treegen.Few(), 1))
	return dir
}

func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := tree.Files(dir)
	require.NoError(t, err)
	content := map[string]string{}
	for _, file := range files {
		data, err := os.ReadFile(filepath.Join(dir, file))
		require.NoError(t, err)
		content[file] = string(data)
	}
	return content
}

func TestCopy(t *testing.T) {
	src, dst := write(t), filepath.Join(t.TempDir(), "a", "b")
	files, err := tree.Files(src)
	require.NoError(t, err)
	require.NoError(t, tree.Copy(t.Context(), dst, src, files))
	count, size, err := tree.Size(dst)
	require.NoError(t, err)
	assert.Equal(t, treegen.Few().Files, count)
	assert.InEpsilon(t, treegen.Few().Bytes, size, 0.05)
	assert.Equal(t, read(t, src), read(t, dst))
	for file := range read(t, src) {
		before, err := os.Stat(filepath.Join(src, file))
		require.NoError(t, err)
		after, err := os.Stat(filepath.Join(dst, file))
		require.NoError(t, err)
		assert.NotEqual(t, before.ModTime(), after.ModTime())
		assert.NotEqual(t, before.Mode(), after.Mode())
	}
	at := time.Unix(1e9, 0)
	require.NoError(t, tree.Touch(dst, at))
	for file := range read(t, dst) {
		info, err := os.Stat(filepath.Join(dst, file))
		require.NoError(t, err)
		assert.True(t, info.ModTime().Equal(at))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, tree.Copy(ctx, t.TempDir(), src, files), context.Canceled)
}

func TestChange(t *testing.T) {
	dir := write(t)
	changer, err := tree.NewChanger(dir)
	require.NoError(t, err)
	changed := map[string]bool{}
	for range 10 {
		before := read(t, dir)
		require.NoError(t, changer.Change())
		n := 0
		for file, content := range read(t, dir) {
			if content != before[file] {
				n++
				assert.Greater(t, len(content), len(before[file]))
				assert.False(t, changed[file], "the file changed before")
				changed[file] = true
			}
		}
		assert.Equal(t, 1, n)
	}
	_, err = tree.NewChanger(t.TempDir())
	assert.Error(t, err)
}
