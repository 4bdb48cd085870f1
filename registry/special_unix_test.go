//go:build unix && !aix && !solaris

package registry_test

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// A call that reads the configuration does not wait for the other side of a pipe.
func TestDockerConfigThatIsAFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	client := start(t, memregistry.Options{Users: users}).client(t, registry.Options{DockerConfig: path})
	err := client.VerifyAccess(t.Context(), repository)
	require.ErrorIs(t, err, registry.ErrInvalidCredential)
	require.ErrorContains(t, err, fmt.Sprintf("Docker configuration %q is a named pipe", path))
}
