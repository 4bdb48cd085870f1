package manifests_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// Capabilities to read what permissions do not allow (linux/capability.h).
const (
	capDACOverride   = 1 << 1
	capDACReadSearch = 1 << 2
)

// capabilities are those of a thread, in version 3 of the system call.
type capabilities [2]struct{ effective, permitted, inheritable uint32 }

func (c *capabilities) call(t *testing.T, trap uintptr) {
	t.Helper()
	header := struct {
		version uint32
		pid     int32 // 0 for the calling thread
	}{version: 0x20080522}
	_, _, errno := syscall.RawSyscall(trap, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(c)), 0)
	require.Zero(t, errno)
}

// unprivileged runs f as a user whom permissions bind. Tests in containers
// often run as root, who may read everything.
func unprivileged(t *testing.T, f func()) {
	t.Helper()
	runtime.LockOSThread() // capabilities are those of a thread
	defer runtime.UnlockOSThread()
	var before capabilities
	before.call(t, syscall.SYS_CAPGET)
	defer before.call(t, syscall.SYS_CAPSET)
	less := before
	less[0].effective &^= capDACOverride | capDACReadSearch
	less.call(t, syscall.SYS_CAPSET)
	f()
}

func forbid(t *testing.T, name string) {
	t.Helper()
	require.NoError(t, os.Chmod(name, 0))
	t.Cleanup(func() { require.NoError(t, os.Chmod(name, 0o700)) }) // for TempDir to remove it
}

func TestUnreadableFolder(t *testing.T) {
	dir := tree{"a.yaml": "a", "sub/private/b.yaml": "b"}.dir(t)
	forbid(t, filepath.Join(dir, "sub", "private"))
	unprivileged(t, func() {
		set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		assert.Nil(t, set)
		pathErr := requirePathError(t, err, fs.ErrPermission, "sub/private")
		assert.NotEmpty(t, pathErr.Hint())
	})
}

func TestUnreadableSource(t *testing.T) {
	dir := tree{"a.yaml": "a"}.dir(t)
	forbid(t, dir)
	unprivileged(t, func() {
		_, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		requirePathError(t, err, fs.ErrPermission, dir)
	})
}

// TestUnreadableFile is found when the content is read.
func TestUnreadableFile(t *testing.T) {
	dir := tree{"a.yaml": "a"}.dir(t)
	forbid(t, filepath.Join(dir, "a.yaml"))
	unprivileged(t, func() {
		set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		require.NoError(t, err)
		reader, err := set.Open()
		require.NoError(t, err)
		defer func() { assert.NoError(t, reader.Close()) }()
		_, err = reader.Open(set.Files()[0])
		requirePathError(t, err, fs.ErrPermission, "a.yaml")
		assert.NotErrorIs(t, err, manifests.ErrFileChanged)
	})
}

// TestUnreadableSkipped leaves alone what it does not need to read.
func TestUnreadableSkipped(t *testing.T) {
	dir := tree{"a.yaml": "a", ".git/config": "", "key.pem": ""}.dir(t)
	forbid(t, filepath.Join(dir, ".git"))
	forbid(t, filepath.Join(dir, "key.pem"))
	unprivileged(t, func() {
		set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"a.yaml": "a"}, contents(t, set))
	})
}

// TestReadOnlySource writes nothing beside the source.
func TestReadOnlySource(t *testing.T) {
	dir := tree{"sub/a.yaml": "a"}.dir(t)
	require.NoError(t, os.Chmod(filepath.Join(dir, "sub"), 0o555))
	require.NoError(t, os.Chmod(dir, 0o555))
	t.Cleanup(func() {
		require.NoError(t, os.Chmod(dir, 0o755))
		require.NoError(t, os.Chmod(filepath.Join(dir, "sub"), 0o755))
	})
	unprivileged(t, func() {
		set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"sub/a.yaml": "a"}, contents(t, set))
	})
}
