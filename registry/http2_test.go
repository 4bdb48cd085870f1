package registry_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// A registry with TLS is spoken to over HTTP/2, whatever the options, and so is one behind
// a transport of the caller that allows it.
func TestHTTP2IsUsed(t *testing.T) {
	a := newBigArtifact(t, "demo")
	for _, tt := range []struct {
		name    string
		options func(roots *x509.CertPool, own tls.Certificate) registry.Options
	}{
		{"own roots", func(roots *x509.CertPool, _ tls.Certificate) registry.Options {
			return registry.Options{RootCAs: roots}
		}},
		{"no verification", func(*x509.CertPool, tls.Certificate) registry.Options {
			return registry.Options{InsecureSkipVerify: true}
		}},
		{"client certificate", func(roots *x509.CertPool, own tls.Certificate) registry.Options {
			return registry.Options{RootCAs: roots, ClientCertificates: []tls.Certificate{own}}
		}},
		{"own transport", func(roots *x509.CertPool, _ tls.Certificate) registry.Options {
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
			t.Cleanup(transport.CloseIdleConnections)
			return registry.Options{Transport: transport}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := newServer(memregistry.Options{})
			srv.EnableHTTP2 = true
			srv.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
			srv.StartTLS()
			t.Cleanup(srv.Close)
			roots := x509.NewCertPool()
			roots.AddCert(srv.Certificate())
			opts := tt.options(roots, srv.TLS.Certificates[0])
			opts.Scheme = registry.SchemeHTTPS
			var older atomic.Int64
			srv.fail(fault{"", func(w http.ResponseWriter, r *http.Request) {
				if r.ProtoMajor != 2 || tt.name == "client certificate" && len(r.TLS.PeerCertificates) == 0 {
					older.Add(1)
				}
				srv.registry.ServeHTTP(w, r)
			}})
			client := newClient(t, srv.Listener.Addr().String(), opts)
			defer client.Close()
			packing := a.slowPacking()
			go packing.pack(t, a)
			_, err := a.pushWhilePacking(t, client, packing.Packing, registry.PushOptions{}, "v1")
			require.NoError(t, err)
			assert.Equal(t, 1, srv.count(stream))
			assert.Zero(t, older.Load())
			srv.requireStored(t, a, "v1")
		})
	}
}

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

// flaky is a listener whose connections can lose or damage what the server sends.
type flaky struct {
	net.Listener
	mu    sync.Mutex
	conns []*flakyConn
}

func (l *flaky) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	made := &flakyConn{Conn: conn}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = append(l.conns, made)
	return made, nil
}

// each calls change for the connections there are.
func (l *flaky) each(change func(*flakyConn)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.conns {
		change(conn)
	}
}

type flakyConn struct {
	net.Conn
	mute, damage atomic.Bool
}

func (c *flakyConn) Write(p []byte) (int, error) {
	if c.mute.Load() {
		return len(p), nil
	}
	if c.damage.Swap(false) {
		p = slices.Clone(p)
		p[len(p)-1] ^= 1
	}
	return c.Conn.Write(p)
}

// startFlaky starts a registry with TLS that a client has a connection to.
func startFlaky(t *testing.T, http2 bool) (*server, *flaky, *registry.Client) {
	t.Helper()
	srv := newServer(memregistry.Options{})
	listener := &flaky{Listener: srv.Listener}
	srv.Listener, srv.EnableHTTP2 = listener, http2
	srv.StartTLS()
	t.Cleanup(srv.Close)
	client := newClient(t, srv.Listener.Addr().String(), registry.Options{Scheme: registry.SchemeHTTPS, RootCAs: srv.trust()})
	t.Cleanup(client.Close)
	require.NoError(t, client.VerifyAccess(t.Context(), repository))
	return srv, listener, client
}

// A stalled request over HTTP/2 leaves its connection open. If that is dead, the next
// attempt uses another one.
func TestDeadConnectionOfHTTP2(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes 25 seconds to find out that a connection is dead")
	}
	t.Parallel()
	_, listener, client := startFlaky(t, true)
	a := newArtifact(t, "demo")
	listener.each(func(c *flakyConn) { c.mute.Store(true) })
	require.NoError(t, client.VerifyAccess(t.Context(), repository), "within 30 seconds")
	_, err := a.push(t, client, registry.PushOptions{}, "v1")
	require.NoError(t, err)
}

// A record that was damaged on the way ends its connection, and is no refusal.
func TestDamagedRecordOfTLS(t *testing.T) {
	for _, http2 := range []bool{true, false} {
		t.Run(fmt.Sprint("HTTP/2 ", http2), func(t *testing.T) {
			srv, listener, client := startFlaky(t, http2)
			a := newArtifact(t, "demo")
			listener.each(func(c *flakyConn) { c.damage.Store(true) })
			_, err := a.push(t, client, registry.PushOptions{}, "v1")
			require.NoError(t, err)
			srv.requireStored(t, a, "v1")
		})
	}
}

// A server over HTTP/2 that refuses a request on each connection is not asked without end.
func TestHTTP2ThatIsRefused(t *testing.T) {
	const refusal = "\x00\x00\x00\x04\x00\x00\x00\x00\x00" + // SETTINGS
		"\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" // GOAWAY, no request is accepted
	var conns atomic.Int32
	srv := newServer(memregistry.Options{})
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	srv.TLS = &tls.Config{NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12}
	srv.Config.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){
		"h2": func(_ *http.Server, conn *tls.Conn, _ http.Handler) {
			_, _ = conn.Read(make([]byte, 1<<10))
			_, _ = io.WriteString(conn, refusal)
			_, _ = io.Copy(io.Discard, conn) // until the client closes it
		},
	}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	client := newClient(t, srv.Listener.Addr().String(), registry.Options{
		Scheme: registry.SchemeHTTPS, RootCAs: srv.trust(), Retry: registry.RetryPolicy{MaxAttempts: 2, MinWait: 1, MaxWait: 1},
	})
	t.Cleanup(client.Close)
	failed := requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrUnreachable)
	assert.True(t, failed.Retryable())
	assert.Contains(t, failed.Error(), "the server refused the request on 3 new connections")
	assert.Less(t, conns.Load(), int32(20)) // some of them are dialed and not used
}
