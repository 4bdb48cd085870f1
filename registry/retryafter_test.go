package registry_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// refuseOnce responds with a status and Retry-After to the first request that matches, and
// lets the registry answer all others.
func refuseOnce(next http.Handler, matches func(*http.Request) bool, code int, after string) http.RoundTripper {
	var done atomic.Bool
	return inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if matches(r) && done.CompareAndSwap(false, true) {
			w.Header().Set("Retry-After", after)
			status(code, "")(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})}
}

func anyRequest(*http.Request) bool { return true }

// A wait of more than an hour is an error of the server, and concerns one call only.
func TestRetryAfterOfMoreThanAnHour(t *testing.T) {
	const most = time.Duration(1<<63 - 1)
	for _, tt := range []struct {
		name, after string
		code        int
		kind        error
		want        time.Duration // 0 for about 8,000 years
		hint        string
	}{
		{"a second more", "3601", 429, registry.ErrRateLimited, time.Hour + time.Second, "try again in 1h0m1s, as the registry asks"},
		{"six hours", "21600", 403, registry.ErrRateLimited, 6 * time.Hour, "try again in 6h0m0s, as the registry asks"},
		{"2^31", "2147483648", 503, registry.ErrServer, 1 << 31 * time.Second, "check the registry, or the proxy in front of it: it asks clients to wait for 596523h14m8s"},
		{"68 years and more", "99999999999999", 429, registry.ErrRateLimited, most, "check the registry, or the proxy in front of it: it asks clients to wait for 2562047h47m16s"},
		{"2^63", "9223372036854775808", 429, registry.ErrRateLimited, most, ""},
		{"2^64 and more", "99999999999999999999999999", 500, registry.ErrServer, most, ""},
		{"year 9999", "Fri, 31 Dec 9999 23:59:59 GMT", 429, registry.ErrRateLimited, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := newClient(t, "localhost", registry.Options{
					Transport: refuseOnce(memregistry.Handler(memregistry.Options{}), anyRequest, tt.code, tt.after),
					Timeout:   24 * time.Hour, VerifyTimeout: 24 * time.Hour,
				})
				began := time.Now()
				failed := requireKind(t, client.VerifyAccess(t.Context(), repository), tt.kind)
				assert.False(t, failed.Retryable())
				if tt.want == 0 {
					assert.Greater(t, failed.RetryAfter, 200*365*24*time.Hour)
				} else {
					assert.Equal(t, tt.want, failed.RetryAfter)
				}
				assert.Contains(t, failed.Hint(), tt.hint)
				require.NoError(t, client.VerifyAccess(t.Context(), "other/app"))
				require.NoError(t, client.VerifyAccess(t.Context(), repository))
				assert.Zero(t, time.Since(began), "nobody waits")
			})
		})
	}
}

// Up to an hour is obeyed, by all calls, and ends as a deadline demands.
func TestRetryAfterOfAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, "localhost", registry.Options{
			Transport: refuseOnce(memregistry.Handler(memregistry.Options{}), anyRequest, 429, "3600"),
			Retry:     registry.RetryPolicy{MinWait: 20 * time.Hour, MaxWait: 24 * time.Hour}, VerifyTimeout: 24 * time.Hour,
		})
		short, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		failed := requireKind(t, client.VerifyAccess(short, repository), registry.ErrRateLimited)
		assert.Equal(t, time.Hour, failed.RetryAfter)
		assert.True(t, failed.Retryable())
		assert.Zero(t, time.Since(began))

		client.Close() // so that somebody who knows better does not need another client
		require.NoError(t, client.VerifyAccess(short, repository))
	})
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, "localhost", registry.Options{
			Transport:     refuseOnce(memregistry.Handler(memregistry.Options{}), anyRequest, 429, "3600"),
			VerifyTimeout: 24 * time.Hour,
		})
		began := time.Now()
		require.NoError(t, client.VerifyAccess(t.Context(), repository))
		assert.Equal(t, time.Hour, time.Since(began))
	})
}

// What a token service or a storage asks for does not concern requests to the registry.
func TestRetryAfterOfAnotherHost(t *testing.T) {
	isToken := func(r *http.Request) bool { return r.URL.Path == "/token" }
	for _, tt := range []struct {
		name, realm string
		waits       time.Duration
	}{
		{"token service", "http://127.0.0.1/token", 0},
		{"token service of the registry", "http://localhost/token", 30 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch {
					case isToken(r):
						_, _ = w.Write([]byte(`{"token":"t"}`))
					case r.URL.Path == "/v2/"+repository+"/blobs/uploads/" && r.Header.Get("Authorization") == "":
						challenge(tt.realm).ServeHTTP(w, r)
					default:
						opened("/upload")(w, r)
					}
				})
				client := newClient(t, "localhost", registry.Options{
					Transport: refuseOnce(handler, isToken, 429, "30"), AllowLocalServices: true, Credential: ci, VerifyTimeout: time.Hour,
				})
				began := time.Now()
				first := make(chan time.Duration)
				go func() {
					assert.NoError(t, client.VerifyAccess(t.Context(), repository))
					first <- time.Since(began)
				}()
				synctest.Wait()
				require.NoError(t, client.VerifyAccess(t.Context(), "other/app"))
				assert.Equal(t, tt.waits, time.Since(began))
				assert.Equal(t, 30*time.Second, <-first)
			})
		})
	}
	t.Run("storage", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client := newClient(t, "localhost", registry.Options{
				AllowLocalServices: true, Timeout: time.Minute,
				Transport: refuseOnce(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodGet {
						http.Redirect(w, r, "http://storage.localhost/x", http.StatusTemporaryRedirect)
						return
					}
					opened("/upload")(w, r)
				}), func(r *http.Request) bool { return r.URL.Host == "storage.localhost" }, 503, "90"),
			})
			began := time.Now()
			failed := requireKind(t, client.VerifyReadAccess(t.Context(), repository), registry.ErrServer)
			assert.Equal(t, 90*time.Second, failed.RetryAfter)
			require.NoError(t, client.VerifyAccess(t.Context(), repository))
			assert.Zero(t, time.Since(began))
		})
	})
}
