package manifests_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// wide is a tree of many folders, some of them reached twice.
func wide(t *testing.T) string {
	t.Helper()
	files := tree{}
	for i := range 300 {
		files[fmt.Sprintf("team-%d/app-%02d/%03d.yaml", i%5, i%17, i)] = "kind: List\n"
		files[fmt.Sprintf("team-%d/app-%02d/%03d.txt", i%5, i%17, i)] = ""
	}
	for i := range 5 {
		files[fmt.Sprintf("a-link-%d", i)] = fmt.Sprintf(linkTo+"team-%d", i)
		files[fmt.Sprintf("z-link-%d", i)] = fmt.Sprintf(linkTo+"team-%d/app-00", i)
	}
	return files.dir(t)
}

// TestReadingAheadChangesNothing compares with one core, where little is read
// ahead, and with a file system of which nothing is.
func TestReadingAheadChangesNothing(t *testing.T) {
	dir := wide(t)
	fsys := os.DirFS(dir)
	want, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
	require.NoError(t, err)
	for _, cores := range []int{1, 2, 8} {
		before := runtime.GOMAXPROCS(cores)
		set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		runtime.GOMAXPROCS(before)
		require.NoError(t, err)
		assert.Equal(t, paths(want), paths(set))
		assert.Equal(t, want.Skipped(), set.Skipped())
	}
}

// TestFirstErrorIsTheSame whatever was read ahead: the first in the walk.
func TestFirstErrorIsTheSame(t *testing.T) {
	dir := wide(t)
	for _, broken := range []string{"team-4/app-00", "team-2/app-03", "team-1/app-16"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, broken, "empty.yaml"), nil, 0o600))
	}
	for _, i := range []int{0, 1, 2, 3, 4} {
		require.NoError(t, os.Remove(filepath.Join(dir, fmt.Sprint("a-link-", i))))
	}
	for range 20 {
		_, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		requirePathError(t, err, manifests.ErrEmptyFile, "team-1/app-16/empty.yaml")
	}
}

// TestCancelledWalkLeavesNothingBehind though folders are being read ahead.
func TestCancelledWalkLeavesNothingBehind(t *testing.T) {
	dir := wide(t)
	before := runtime.NumGoroutine()
	for step := 1; step < 200; step += 7 {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := manifests.Collect(&cancelAt{ctx, step, cancel}, dir, manifests.Options{})
		require.ErrorIs(t, err, context.Canceled)
		// The one more is that of Eventually.
		require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 10*time.Second, time.Millisecond)
	}
}

// cancelAt ends when it is looked at for the nth time.
type cancelAt struct {
	context.Context
	step   int
	cancel context.CancelFunc
}

func (c *cancelAt) Err() error {
	if c.step--; c.step == 0 {
		c.cancel()
	}
	return c.Context.Err()
}
