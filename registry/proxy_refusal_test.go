package registry_test

import (
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/registry"
)

// A proxy that refuses is not mistaken for the registry, is asked again only if that may
// help, and gets no password of it into an error.
func TestProxyThatRefuses(t *testing.T) {
	const unchecked = "check the proxy, which Registry.Proxy or the environment names, and what it allows; NO_PROXY exempts hosts"
	const credentials = "check the user and the password in the URL of the proxy, which Registry.Proxy or the environment names"
	for _, tt := range []struct {
		name, scheme string
		status       int
		hint         string
		attempts     int
	}{
		{"wrong password", "https", http.StatusProxyAuthRequired, credentials, 1},
		{"wrong password, plain HTTP", "http", http.StatusProxyAuthRequired, credentials, 1},
		{"not allowed", "https", http.StatusForbidden, unchecked, 1},
		{"a redirect", "https", http.StatusFound, unchecked, 1},
		{"another protocol", "https", http.StatusSwitchingProtocols, unchecked, 1},
		{"the registry is down", "https", http.StatusBadGateway, unchecked, 2},
		{"too many requests", "https", http.StatusTooManyRequests, unchecked, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked atomic.Int32
			proxy := startStranger(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				conn, _, err := w.(http.Hijacker).Hijack()
				if !assert.NoError(t, err) {
					return
				}
				defer func() { _ = conn.Close() }() // the client has the response
				secret := r.Header.Get("Proxy-Authorization")
				_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\nContent-Length: 0\r\nX: %s\r\n\r\n", tt.status, secret, secret)
			}))
			through, err := url.Parse(proxy.URL)
			require.NoError(t, err)
			address := through.Host
			through.User = url.UserPassword(ci.Username, password)
			client := newClient(t, tt.scheme+"://127.0.0.1:1", registry.Options{
				Proxy: http.ProxyURL(through),
				Retry: registry.RetryPolicy{MaxAttempts: 2, MinWait: 1, MaxWait: 1},
			})
			failed := requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrUnreachable)
			assert.Contains(t, failed.Error(), fmt.Sprintf("status %d", tt.status))
			if tt.scheme == "https" {
				assert.Contains(t, failed.Error(), "the proxy "+address)
			}
			assert.Zero(t, failed.StatusCode, "it is not that of the registry")
			assert.Equal(t, tt.attempts > 1, failed.Retryable())
			assert.Equal(t, tt.hint, failed.Hint())
			assert.EqualValues(t, tt.attempts, asked.Load())
			requirePresentable(t, failed.Error())
			requireNoSecret(t, printed(t, failed))
		})
	}
}

// A proxy that cannot be reached is not mistaken for the registry.
func TestProxyThatIsDown(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			through := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
			client := newClient(t, scheme+"://registry.example.com", registry.Options{Proxy: http.ProxyURL(through), Retry: once})
			failed := requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrUnreachable)
			assert.Contains(t, failed.Error(), "proxyconnect")
			assert.Equal(t, "check the proxy, which Registry.Proxy or the environment names, and that it is running; NO_PROXY exempts hosts", failed.Hint())
		})
	}
}

// A proxy sees plain HTTP, and may write anything into a response of the registry.
func TestProxyThatRepeatsItsPassword(t *testing.T) {
	proxy := startStranger(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, password, r.Header.Get("Proxy-Authorization"))
	}))
	through, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	through.User = url.UserPassword(ci.Username, password)
	client := newClient(t, "http://127.0.0.1:1", registry.Options{Proxy: http.ProxyURL(through)})
	failed := requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrInvalid)
	requireNoSecret(t, printed(t, failed))
}
