// Package unprivileged lets tests be bound by file permissions, also where they
// run as root, as they often do in containers.
package unprivileged

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// nobody is a user who may do nothing in particular.
const nobody = 65534

// Run runs f without the right to read what permissions forbid. dir is below
// t.TempDir. It is given to the user as whom all goroutines run meanwhile, so no
// other test may run at the same time.
func Run(t testing.TB, dir string, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	for parent := filepath.Dir(dir); parent != filepath.Clean(os.TempDir()); parent = filepath.Dir(parent) {
		require.NoError(t, os.Chown(parent, nobody, -1))
	}
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		require.NoError(t, err)
		return os.Lchown(path, nobody, -1)
	}))
	require.NoError(t, syscall.Setresuid(-1, nobody, -1))
	defer func() { require.NoError(t, syscall.Setresuid(-1, 0, -1)) }()
	f()
}
