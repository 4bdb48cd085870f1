//go:build unix && !aix && !solaris

package registry_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// A client is made without a context, and must not wait for the other side of a pipe. Nor
// may a call that reads the file again.
func TestDockerConfigThatIsAFIFO(t *testing.T) {
	requireRefused := func(err error, path string) {
		t.Helper()
		require.ErrorIs(t, err, registry.ErrInvalidCredential)
		require.ErrorContains(t, err, fmt.Sprintf("Docker configuration %q is a named pipe", path))
	}
	path := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	_, err := registry.NewClient("localhost", registry.Options{DockerConfig: path})
	requireRefused(err, path)

	require.NoError(t, os.Remove(path))
	client := start(t, memregistry.Options{Users: users}).client(t, registry.Options{DockerConfig: path})
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	requireRefused(client.VerifyAccess(t.Context(), repository), path)
}
