//go:build unix && !aix && !solaris

package manifests_test

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// timeout bounds operations that would block forever if they opened a FIFO without a
// writer.
const timeout = 10 * time.Second

// promptly fails the test if f does not return.
func promptly(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(timeout):
		t.Fatal("blocked by a FIFO")
	}
}

func makeFIFO(t *testing.T, name string) {
	t.Helper()
	require.NoError(t, syscall.Mkfifo(name, 0o644))
}

func TestFIFO(t *testing.T) {
	dir := tree{"a.yaml": "a", "link": linkTo + "pipe"}.dir(t)
	makeFIFO(t, filepath.Join(dir, "pipe"))
	promptly(t, func() {
		set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		if assert.NoError(t, err) {
			assert.Equal(t, []string{"a.yaml"}, paths(set))
			assert.Equal(t, []manifests.Skipped{{Path: "link", Reason: "special"}, {Path: "pipe", Reason: "special"}}, set.Skipped())
		}
	})

	makeFIFO(t, filepath.Join(dir, "pipe.yaml"))
	promptly(t, func() {
		_, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		assert.ErrorIs(t, err, manifests.ErrSpecialFile)
		set, err := manifests.Collect(t.Context(), dir, manifests.Options{SkipSpecial: true})
		if assert.NoError(t, err) {
			assert.Equal(t, []string{"a.yaml"}, paths(set))
			assert.Contains(t, set.Skipped(), manifests.Skipped{Path: "pipe.yaml", Reason: "special"})
		}
	})

	makeFIFO(t, filepath.Join(dir, ".sourceignore"))
	promptly(t, func() {
		_, err := manifests.Collect(t.Context(), dir, manifests.Options{SkipSpecial: true})
		assert.ErrorIs(t, err, manifests.ErrSpecialFile)
	})
}

func TestFIFOAsSource(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	makeFIFO(t, pipe)
	promptly(t, func() {
		_, err := manifests.Collect(t.Context(), pipe, manifests.Options{})
		assert.ErrorIs(t, err, manifests.ErrPathNotDirectory)
	})
	promptly(t, func() {
		_, err := manifests.Collect(t.Context(), filepath.Join(pipe, "below"), manifests.Options{})
		assert.ErrorIs(t, err, manifests.ErrPathNotFound)
	})
}

func TestSocket(t *testing.T) {
	// The address of a socket is short, hence relative.
	t.Chdir(tree{"a.yaml": "a"}.dir(t))
	for _, name := range []string{"socket", "socket.yaml"} {
		listener, err := net.Listen("unix", name)
		require.NoError(t, err)
		defer func() { assert.NoError(t, listener.Close()) }()
	}
	_, err := manifests.Collect(t.Context(), ".", manifests.Options{})
	requirePathError(t, err, manifests.ErrSpecialFile, "socket.yaml")
}

// A directory may be replaced by a FIFO after it was listed.
func TestDirectoryReplacedByFIFO(t *testing.T) {
	dir := tree{"a/b.yaml": "b", "a/c/d.yaml": "d"}.dir(t)
	set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
	require.NoError(t, err)
	for _, replaced := range []string{"a/c", "a"} {
		require.NoError(t, os.RemoveAll(filepath.Join(dir, replaced)))
		makeFIFO(t, filepath.Join(dir, replaced))
		promptly(t, func() {
			reader, err := set.Open()
			if assert.NoError(t, err) {
				_, err = reader.Open(t.Context(), set.Files()[1]) // a/c/d.yaml
				assert.ErrorIs(t, err, manifests.ErrFileChanged)
				assert.ErrorIs(t, reader.ReadFile(t.Context(), set.Files()[1], make([]byte, 1)), manifests.ErrFileChanged)
				assert.NoError(t, reader.Close())
			}
		})
	}
}
