package unpacker_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUnpackMountPoint(t *testing.T) {
	for name, mount := range map[string]func(dir string) error{
		"tmpfs": func(dir string) error { return syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m") },
		"bind mount": func(dir string) error {
			source := filepath.Join(filepath.Dir(dir), "source")
			if err := os.Mkdir(source, 0o700); err != nil {
				return err
			}
			return syscall.Mount(source, dir, "", syscall.MS_BIND, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			require.NoError(t, os.Mkdir(dir, 0o700))
			if err := mount(dir); err != nil {
				t.Skip("this user or system cannot mount:", err)
			}
			t.Cleanup(func() { assert.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
			requireMountPoint(t, dir)
		})
	}
}
