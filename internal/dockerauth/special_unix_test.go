//go:build unix && !aix && !solaris

package dockerauth_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/dockerauth"
)

// Reading some of these would wait, or never end.
func TestReadRefusesSpecialFiles(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(t *testing.T, path string) error
		text string
	}{
		{"FIFO", func(_ *testing.T, path string) error { return syscall.Mkfifo(path, 0o600) }, "is a named pipe"},
		{"link to a FIFO", func(_ *testing.T, path string) error {
			return errorOf(syscall.Mkfifo(path+"-", 0o600), os.Symlink(path+"-", path))
		}, "is a named pipe"},
		{"socket", func(t *testing.T, path string) error {
			listener, err := net.Listen("unix", path)
			if err == nil {
				t.Cleanup(func() { assert.NoError(t, listener.Close()) })
			}
			return err
		}, "is a socket"},
		{"device without an end", func(_ *testing.T, path string) error { return os.Symlink("/dev/zero", path) }, "is a device"},
		{"directory", func(_ *testing.T, path string) error { return os.Mkdir(path, 0o700) }, "is a directory"},
		{"sparse file", func(_ *testing.T, path string) error {
			return errorOf(os.WriteFile(path, nil, 0o600), os.Truncate(path, 1<<40))
		}, "is larger than 4194304 bytes"},
		{"loop", func(_ *testing.T, path string) error { return os.Symlink(path, path) }, "cannot be read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "c") // short: that of a socket is limited
			require.NoError(t, tt.make(t, path))
			_, err := dockerauth.Read(path)
			requireError(t, err, fmt.Sprintf("Docker configuration %q %s", path, tt.text))
		})
	}
}

// errorOf returns the first of the errors.
func errorOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
