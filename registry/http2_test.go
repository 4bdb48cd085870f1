package registry_test

import (
	"crypto/x509"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// Errors of HTTP/2 streams have no exported type, and are transient like those of
// connections.
func TestStreamsOfHTTP2ThatAreCut(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, step := range []string{"GET manifests/", "POST blobs/", "PUT blobs/", "PUT manifests/", "GET blobs/"} {
		t.Run(step, func(t *testing.T) {
			srv := newServer(memregistry.Options{})
			srv.EnableHTTP2 = true
			srv.StartTLS()
			t.Cleanup(srv.Close)
			var streams atomic.Bool
			cut := srv.once(abort)
			srv.fail(fault{step, func(w http.ResponseWriter, r *http.Request) {
				streams.Store(r.ProtoMajor == 2)
				cut(w, r)
			}})
			roots := x509.NewCertPool()
			roots.AddCert(srv.Certificate())
			client := newClient(t, srv.Listener.Addr().String(), registry.Options{Scheme: registry.SchemeHTTPS, RootCAs: roots})
			_, err := a.push(t, client, registry.PushOptions{}, "v1")
			require.NoError(t, err)
			_, err = client.Pull(t.Context(), repository, "v1", new(packager.Store), registry.PullOptions{})
			require.NoError(t, err)
			assert.True(t, streams.Load())
		})
	}
}
