package registry_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

func wantNoCredential(t *testing.T) registry.CredentialFunc {
	return func(context.Context, string) (registry.Credential, error) {
		t.Error("asked for a credential")
		return registry.Credential{}, nil
	}
}

// closedPort returns a loopback address at which nothing listens.
func closedPort(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// startRaw starts a server that waits for the first bytes of every connection, sends text
// and closes.
func startRaw(t *testing.T, text string) (host string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	t.Cleanup(func() { _ = listener.Close() })
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 64<<10))
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	})
	return listener.Addr().String()
}

// everything runs all operations of a client and passes their errors to check.
func everything(t *testing.T, client *registry.Client, check func(*testing.T, error)) {
	t.Helper()
	t.Run("Lookup", func(t *testing.T) {
		destination, err := client.Lookup(t.Context(), repository, []string{"v1", "v2"}, registry.PushOptions{})
		assert.Nil(t, destination)
		check(t, err)
	})
	everythingButLookup(t, client, check)
}

// everythingButLookup omits the operation that a refusal does not stop.
func everythingButLookup(t *testing.T, client *registry.Client, check func(*testing.T, error)) {
	t.Helper()
	a := newArtifact(t, "demo")
	t.Run("Push", func(t *testing.T) {
		result, err := a.push(t, client, registry.PushOptions{}, "v1")
		assert.Zero(t, result)
		check(t, err)
	})
	t.Run("VerifyAccess", func(t *testing.T) {
		check(t, client.VerifyAccess(t.Context(), repository))
	})
	t.Run("Resolve", func(t *testing.T) {
		_, err := client.Resolve(t.Context(), repository, "v1")
		check(t, err)
	})
	t.Run("Exists", func(t *testing.T) {
		exists, err := client.Exists(t.Context(), repository, "v1")
		assert.False(t, exists)
		check(t, err)
	})
	t.Run("Pull", func(t *testing.T) {
		_, err := client.Pull(t.Context(), repository, "v1", a.store, registry.PullOptions{})
		check(t, err)
	})
}

func isKind(kind error) func(*testing.T, error) {
	return func(t *testing.T, err error) {
		t.Helper()
		assert.Zero(t, requireKind(t, err, kind).StatusCode)
	}
}

func TestUnreachable(t *testing.T) {
	for _, tt := range []struct{ name, answer string }{
		{"hangs up", ""},
		{"TLS alert", "\x15\x03\x01\x00\x02\x02\x16"},
		{"other protocol", "SSH-2.0-OpenSSH_9.9\r\n"},
		{"garbage", "\x00\xff\x1b[31m\r\n?key=" + password},
		{"half a header", "HTTP/1.1 200 OK\r\nContent-"},
		{"broken header", "HTTP/1.1 200 OK\r\nhello\r\n\r\n"},
		{"header of 2 MiB", "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 2<<20) + "\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			everything(t, newClient(t, startRaw(t, tt.answer), registry.Options{}), isKind(registry.ErrUnreachable))
		})
	}
	t.Run("closed port", func(t *testing.T) {
		everything(t, newClient(t, closedPort(t), registry.Options{Credential: ci}), isKind(registry.ErrUnreachable))
	})
}

func TestUnreachableUnknownHost(t *testing.T) {
	dial := func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "nowhere.example.com", IsNotFound: true}}
	}
	client := newClient(t, "nowhere.example.com", registry.Options{Transport: &http.Transport{DialContext: dial}})
	everything(t, client, func(t *testing.T, err error) {
		requireKind(t, err, registry.ErrUnreachable)
		assert.Contains(t, err.Error(), "no such host")
		var unknown *net.DNSError
		require.ErrorAs(t, err, &unknown)
	})
}

func TestTLSToAPlainPort(t *testing.T) {
	srv := start(t, memregistry.Options{})
	client := newClient(t, "https://"+srv.host, registry.Options{CredentialFunc: wantNoCredential(t)})
	everything(t, client, isKind(registry.ErrTLSMismatch))
	assert.Empty(t, srv.log)
}

func TestPlainHTTPToATLSPort(t *testing.T) {
	srv := startTLS(t, nil)
	client := srv.client(t, registry.Options{CredentialFunc: wantNoCredential(t)})
	everythingButLookup(t, client, func(t *testing.T, err error) {
		requireKind(t, err, registry.ErrNotRegistry)
	})
	assert.Empty(t, srv.log)
}

func TestConnectionCut(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, step := range []string{
		"GET manifests/", "POST blobs/uploads/", "PUT blobs/uploads/", "PUT manifests/", "GET /token",
	} {
		t.Run(step, func(t *testing.T) {
			srv := start(t, memregistry.Options{Users: users, Bearer: true}, fault{step, abort})
			_, err := a.push(t, srv.client(t, registry.Options{Credential: ci}), registry.PushOptions{}, "v1")
			requireKind(t, err, registry.ErrUnreachable)
			assert.Empty(t, srv.digestOf(t, "v1"))
		})
	}
}

// A server that accepts connections and never starts TLS does not block a call.
func TestStalledHandshake(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	opts := registry.Options{Scheme: registry.SchemeHTTPS, Timeout: 200 * time.Millisecond, VerifyTimeout: 200 * time.Millisecond}
	everything(t, newClient(t, listener.Addr().String(), opts), func(t *testing.T, err error) {
		requireKind(t, err, registry.ErrUnreachable)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Contains(t, err.Error(), "not done within 200ms")
	})
}

// A transport can return any error.
func TestTransportThatFails(t *testing.T) {
	errTransport := errors.New("out of order: https://ci:" + password + "@10.0.0.1/?key=" + password)
	client := newClient(t, "registry.example.com", registry.Options{
		Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, errTransport }),
	})
	everything(t, client, func(t *testing.T, err error) {
		requireKind(t, err, registry.ErrUnreachable)
		require.ErrorIs(t, err, errTransport)
		requireNothingSecretIn(t, err)
	})
}
