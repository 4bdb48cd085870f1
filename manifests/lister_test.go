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

// wide writes a tree of many directories, some of which links lead to as well.
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

// The result is the same with one core, which reads little ahead, and with a file
// system that is not read ahead.
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

// The error is the first of the walk, however much was read ahead.
func TestFirstErrorIsTheSame(t *testing.T) {
	dir := wide(t)
	for _, broken := range []string{"team-4/app-00", "team-2/app-03", "team-1/app-16"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, broken, "large.yaml"), make([]byte, 100), 0o600))
	}
	for _, i := range []int{0, 1, 2, 3, 4} {
		require.NoError(t, os.Remove(filepath.Join(dir, fmt.Sprint("a-link-", i))))
	}
	for range 20 {
		_, err := manifests.Collect(t.Context(), dir, manifests.Options{MaxFileSize: 99})
		requirePathError(t, err, manifests.ErrLimitExceeded, "team-1/app-16/large.yaml")
	}
}

// Directories are being read ahead when the walk is canceled.
func TestCancelledWalkLeavesNothingBehind(t *testing.T) {
	dir := wide(t)
	before := runtime.NumGoroutine()
	for step := 1; step < 200; step += 7 {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := manifests.Collect(&cancelAt{ctx, step, cancel}, dir, manifests.Options{})
		require.ErrorIs(t, err, context.Canceled)
		// Eventually has one more goroutine.
		require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 10*time.Second, time.Millisecond)
	}
}

// cancelAt ends when it is checked for the nth time.
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
