//go:build unix

package unpacker_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/unpacker"
)

// TestUnpackKeepsMode unpacks to directories that others may not read, and looks at what
// they can see meanwhile.
func TestUnpackKeepsMode(t *testing.T) {
	src, manifest := oneFile(t, "a")
	for _, mode := range []fs.FileMode{0o700, 0o755, 0o750, 0o500, 0o777 | fs.ModeSticky, 0o770 | fs.ModeSetgid, 0} {
		t.Run(mode.String(), func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "out")
			require.NoError(t, os.Mkdir(dir, 0o700))
			require.NoError(t, os.Chmod(dir, mode))
			if _, err := os.ReadDir(dir); errors.Is(err, fs.ErrPermission) {
				t.Skip("this user cannot read a directory of this mode")
			}
			watched := readerOf{src, layerType, func(r io.Reader) io.Reader {
				for _, name := range namesIn(t, parent) {
					info, err := os.Lstat(filepath.Join(parent, name))
					require.NoError(t, err)
					assert.Zero(t, info.Mode()&0o077&^mode, "others have more access to %s", name)
				}
				return r
			}}
			_, err := unpacker.Unpack(t.Context(), watched, manifest, dir, unpacker.Options{})
			require.NoError(t, err)
			info, err := os.Lstat(dir)
			require.NoError(t, err)
			assert.Equal(t, fs.ModeDir|mode, info.Mode())
			assert.Equal(t, []string{"out"}, namesIn(t, parent))
		})
	}
}

// TestUnpackKeepsOwner unpacks to a directory of another user.
func TestUnpackKeepsOwner(t *testing.T) {
	src, manifest := oneFile(t, "a")
	dir := filepath.Join(t.TempDir(), "out")
	require.NoError(t, os.Mkdir(dir, 0o700))
	if err := os.Chown(dir, 65534, 65533); err != nil {
		t.Skip("only root can change the owner:", err)
	}
	_, err := unpacker.Unpack(t.Context(), src, manifest, dir, unpacker.Options{})
	require.NoError(t, err)
	info, err := os.Lstat(dir)
	require.NoError(t, err)
	owner, ok := info.Sys().(*syscall.Stat_t)
	require.True(t, ok)
	assert.Equal(t, []uint32{65534, 65533}, []uint32{owner.Uid, owner.Gid})
}
