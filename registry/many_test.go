package registry_test

import (
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// One client for hundreds of repositories asks for one token for each, and does not open a
// connection for each.
func TestManyRepositories(t *testing.T) {
	const repositories = 260
	srv := newServer(memregistry.Options{Users: users, Bearer: true})
	var opened atomic.Int32
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	client := newClient(t, srv.Listener.Addr().String(), registry.Options{Credential: ci})
	for range 2 {
		for n := range repositories {
			_, err := client.Lookup(t.Context(), fmt.Sprintf("apps/%d", n), []string{"v1"}, registry.PushOptions{})
			require.NoError(t, err)
		}
	}
	assert.LessOrEqual(t, opened.Load(), int32(2))
	assert.Equal(t, repositories, srv.count("GET /token"))
}
