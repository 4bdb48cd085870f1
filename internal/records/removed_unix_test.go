//go:build unix

package records_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The directory is removed while it is used, at most once during a call.
func TestDirectoryThatIsRemoved(t *testing.T) {
	dir := dirIn(filepath.Join(t.TempDir(), "cache"))
	for range 300 {
		require.NoError(t, os.MkdirAll(dir.Path, 0o700))
		removed := make(chan error)
		go func() { removed <- os.RemoveAll(dir.Path) }()
		empty, err := dir.IsEmpty()
		require.NoError(t, <-removed)
		require.NoError(t, err)
		require.True(t, empty)

		go func() { removed <- os.RemoveAll(dir.Path) }()
		_, err = dir.Read([]byte("key"))
		require.NoError(t, <-removed)
		require.NoError(t, err)
	}
}
