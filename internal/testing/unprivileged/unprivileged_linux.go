// Package unprivileged runs code that is subject to file permissions even if the tests
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

// nobody is a user without special rights.
const nobody = 65534

// Run runs f as a user subject to file permissions, the owner of dir, which must be in
// t.TempDir. Meanwhile all goroutines run as this user, so no other test may run
// concurrently.
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
