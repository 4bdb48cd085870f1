//go:build unix && !aix && !solaris

package manifests

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A directory may be replaced by a FIFO between its listing and the opening of an entry,
// which no test can do in time through exported names.
func TestRootFSDoesNotBlockOnAFIFO(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "a"), 0o755))
	for _, name := range []string{"fifo", "a/fifo"} {
		require.NoError(t, syscall.Mkfifo(filepath.Join(dir, name), 0o644))
		root, err := os.OpenRoot(dir)
		require.NoError(t, err)
		opened := make(chan error, 1)
		go func() {
			_, err := newRootFS(root).Open(name + "/b.yaml")
			opened <- err
		}()
		select {
		case err := <-opened:
			require.ErrorIs(t, accessError(err), ErrFileChanged)
		case <-time.After(10 * time.Second):
			t.Fatal("blocked by a FIFO")
		}
		require.NoError(t, root.Close())
	}
}
