package registry_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/faults"
	"github.com/kubeoci/oci/registry"
)

// protocols are HTTP versions over real networks, each with its own failures.
var protocols = map[string]func(*httptest.Server) registry.Options{
	"TCP": func(srv *httptest.Server) registry.Options {
		srv.Start()
		return registry.Options{}
	},
	"HTTP/2": func(srv *httptest.Server) registry.Options {
		srv.EnableHTTP2 = true
		srv.StartTLS()
		return registry.Options{InsecureSkipVerify: true}
	},
}

// onNetwork runs a test over a protocol.
func onNetwork(t *testing.T, protocol string, opts memregistry.Options, rules []faults.Rule, test func(*testing.T, *faulty, *registry.Client)) {
	t.Helper()
	f := newFaulty(t, opts, 0, rules...)
	srv := httptest.NewUnstartedServer(f)
	srv.Config.ErrorLog = quiet
	defer srv.Close()
	client := protocols[protocol](srv)
	client.Credential, client.Timeout = ci, 20*time.Second
	c := newClient(t, srv.URL, client)
	defer c.Close()
	test(t, f, c)
}

// breaks are the ways in which connections break.
var breaks = []faults.Fault{
	faults.Cut(), faults.CutBody(0), faults.CutBody(50 << 10), faults.CutResponse(), faults.CutResponseBody(), faults.Reset(),
}

func TestPushOverConnectionsThatBreak(t *testing.T) {
	for protocol := range protocols {
		for _, kind := range steps {
			for _, fault := range breaks {
				t.Run(fmt.Sprint(protocol, " ", kind, " ", fault.Name), func(t *testing.T) {
					rules := []faults.Rule{{On: on(kind), First: 2, Do: fault}}
					onNetwork(t, protocol, private, rules, func(t *testing.T, f *faulty, client *registry.Client) {
						a := newLargeArtifact(t)
						_, err := a.push(t, client, registry.PushOptions{}, "v1")
						require.NoError(t, err)
						assert.True(t, f.happened(fault))
						assert.True(t, requireTag(t, f.past, a, "v1"))

						if fault.Name == faults.CutResponseBody().Name {
							return // the responses in question have none
						}
						f.Set(faults.Rule{Do: fault}) // and no end of it
						_, err = a.push(t, client, registry.PushOptions{Force: true}, "v2")
						requireKind(t, err, registry.ErrUnreachable)
						assert.False(t, requireTag(t, f.past, a, "v2"))
					})
				})
			}
		}
	}
}

func TestPullOverConnectionsThatBreak(t *testing.T) {
	for protocol := range protocols {
		for _, kind := range []faults.Kind{faults.Token, faults.ManifestGet, faults.BlobGet} {
			for _, fault := range breaks {
				t.Run(fmt.Sprint(protocol, " ", kind, " ", fault.Name), func(t *testing.T) {
					rules := []faults.Rule{{On: on(kind), First: 2, Do: fault}}
					onNetwork(t, protocol, private, rules, func(t *testing.T, f *faulty, client *registry.Client) {
						a := newLargeArtifact(t)
						_, err := a.push(t, f.past, registry.PushOptions{}, "v1")
						require.NoError(t, err)
						dst, err := pullTo(t, client)
						require.NoError(t, err)
						assert.True(t, f.happened(fault))
						requireBlobs(t, a, dst)

						f.Set(faults.Rule{Do: fault})
						_, err = pullTo(t, client)
						requireKind(t, err, registry.ErrUnreachable)
					})
				})
			}
		}
	}
}

// newLargeArtifact returns an artifact that is larger than the buffers of a connection.
func newLargeArtifact(t testing.TB) artifact {
	t.Helper()
	a := newArtifact(t, "large")
	return a.with(t, "large", a.Layer, a.blob(t, largeText))
}
