package registry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// firstTimes answers the first n requests with h, and leaves the others to the
// registry.
func (s *server) firstTimes(n int32, h http.HandlerFunc) http.HandlerFunc {
	var count atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if count.Add(1) <= n {
			h(w, r)
			return
		}
		s.registry.ServeHTTP(w, r)
	}
}

// The token service of GHCR denies good credentials at times, and redirects to
// itself.
func TestTransientFailuresOfTheTokenService(t *testing.T) {
	loop := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }
	for _, tt := range []struct {
		name      string
		answer    http.HandlerFunc
		requests  int // of one attempt
		retries   int // that are enough
		kind      error
		retryable bool // if it does not end
	}{
		{"denied", status(http.StatusForbidden, "DENIED"), 1, 2, registry.ErrPermissionDenied, false},
		{"unauthorized", status(http.StatusUnauthorized, ""), 1, 2, registry.ErrPermissionDenied, false},
		{"redirect loop", loop, 10, 4, registry.ErrServer, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newArtifact(t, "demo")
			srv := start(t, memregistry.Options{Users: users, Bearer: true})
			srv.fail(fault{"GET /token", srv.firstTimes(int32(tt.requests*tt.retries), tt.answer)})
			var retries []registry.Retry
			client := srv.client(t, registry.Options{Credential: ci})
			_, err := a.push(t, client, registry.PushOptions{OnEvent: func(e registry.Event) {
				if e.Retry != nil {
					retries = append(retries, *e.Retry)
				}
			}}, "v1")
			require.NoError(t, err)
			require.Len(t, retries, tt.retries)
			for _, retry := range retries {
				require.ErrorIs(t, retry.Err, tt.kind)
			}

			srv.fail(fault{"GET /token", tt.answer})
			err = srv.client(t, registry.Options{Credential: ci}).VerifyAccess(t.Context(), repository)
			assert.Equal(t, tt.retryable, requireKind(t, err, tt.kind).Retryable())

			// Without a credential, a denial is final.
			srv.requests(a)
			srv.fail(fault{"GET /token", status(http.StatusForbidden, "DENIED")})
			err = srv.client(t, registry.Options{}).VerifyAccess(t.Context(), repository)
			assert.False(t, requireKind(t, err, registry.ErrAuthRequired).Retryable())
			assert.Equal(t, 1, srv.count("GET /token"))
		})
	}
}

// A denial by the token service is waited out, but a wrong password is not sent again
// and again.
func TestDenialOfTheTokenServiceIsWaitedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, asked := time.Now(), 0
		client := newClient(t, "registry.example.com", registry.Options{
			Credential: ci,
			Retry:      registry.RetryPolicy{MinWait: time.Second, MaxWait: time.Second, MaxAttempts: 20},
			Transport: hosts{
				"registry.example.com": challenge("https://198.51.100.7/token"),
				"198.51.100.7": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					asked++
					refusal(http.StatusForbidden, "DENIED", "")(w, r)
				}),
			},
		})
		requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrPermissionDenied)
		assert.Equal(t, 2*time.Second, time.Since(began), "the waits are not random")
		assert.Equal(t, 3, asked)
	})
}

// That of GHCR also denies tokens for everybody at times.
func TestAnonymousDenialOfGHCR(t *testing.T) {
	for _, tt := range []struct {
		host            string
		status, denials int
		requests        int
		kind            error
	}{
		{"ghcr.io", 403, 2, 3, nil},
		{"ghcr.io", 403, 100, 3, registry.ErrAuthRequired},
		{"ghcr.io", 401, 100, 1, registry.ErrAuthRequired},
		{"registry.example.com", 403, 100, 1, registry.ErrAuthRequired},
	} {
		t.Run(fmt.Sprint(tt.host, tt.status, tt.denials), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, asked := time.Now(), 0
				client := newClient(t, tt.host, registry.Options{AllowLocalServices: true, Transport: hosts{tt.host: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch {
					case r.URL.Path == "/token":
						if asked++; asked <= tt.denials {
							refusal(tt.status, "DENIED", "denied")(w, r)
							return
						}
						_, _ = io.WriteString(w, `{"token":"anonymous"}`)
					case r.Header.Get("Authorization") == "":
						challenge("https://"+tt.host+"/token").ServeHTTP(w, r)
					default:
						opened("/upload")(w, r)
					}
				})}, Retry: registry.RetryPolicy{MinWait: time.Second, MaxWait: time.Second}})
				err := client.VerifyAccess(t.Context(), repository)
				if tt.kind == nil {
					require.NoError(t, err)
				} else {
					assert.False(t, requireKind(t, err, tt.kind).Retryable())
				}
				assert.Equal(t, tt.requests, asked)
				assert.Equal(t, time.Duration(tt.requests-1)*time.Second, time.Since(began))
			})
		})
	}
}

// Neither the tags that are looked up nor the blobs are tried with a password that was
// denied.
func TestDenialOfTheTokenServiceEndsAPush(t *testing.T) {
	for _, tt := range []struct{ attempts, requests int }{{0, 3}, {2, 2}, {1, 1}} {
		srv, a := start(t, memregistry.Options{Users: users, Bearer: true}), newArtifact(t, "demo")
		client := srv.client(t, registry.Options{
			Credential: registry.Credential{Username: "ci", Password: "wrong"},
			Retry:      registry.RetryPolicy{MaxAttempts: tt.attempts, MinWait: time.Millisecond, MaxWait: time.Millisecond},
		})
		_, err := a.push(t, client, registry.PushOptions{}, "v1", "v2", "v3")
		assert.False(t, requireKind(t, err, registry.ErrPermissionDenied).Retryable())
		assert.Equal(t, tt.requests, srv.count("GET /token"))
		assert.Zero(t, srv.count("POST blobs/"))
	}
}

func TestDenialOfTheRegistryIsFinal(t *testing.T) {
	loop := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	}
	for name, answer := range map[string]http.HandlerFunc{
		"denied": status(http.StatusForbidden, "DENIED"), "unauthorized": status(http.StatusUnauthorized, "UNAUTHORIZED"), "loop": loop,
	} {
		t.Run(name, func(t *testing.T) {
			srv := start(t, memregistry.Options{Users: users}, fault{"GET manifests/", answer})
			_, err := srv.client(t, registry.Options{Credential: ci}).Resolve(t.Context(), repository, "v1")
			assert.False(t, requireError(t, err).Retryable())
			assert.LessOrEqual(t, srv.count("GET manifests/"), 10, "it is asked once")
		})
	}
}

// GHCR answers 403 to a client that exceeds its secondary rate limit.
func TestForbiddenWithRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, first := time.Now(), true
		client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: inProcess{http.HandlerFunc(
			func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost && first {
					first = false
					w.Header().Set("Retry-After", "7")
					status(http.StatusForbidden, "DENIED")(w, r)
					return
				}
				opened("/upload")(w, r)
			})}})
		require.NoError(t, client.VerifyAccess(t.Context(), repository))
		assert.Equal(t, 7*time.Second, time.Since(began).Truncate(time.Second))
	})
	client := newClient(t, "localhost", registry.Options{Retry: once, Transport: inProcess{http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "7")
			page(http.StatusForbidden)(w, r)
		})}})
	failed := requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrRateLimited)
	assert.Equal(t, 7*time.Second, failed.RetryAfter)
	assert.True(t, failed.Retryable())
}

// A TLS port answers 400 to plain HTTP. A host that has responded as a registry is
// none.
func TestBareBadRequest(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, tt := range []struct {
		name, step string
		kind       error
	}{
		{"everything", "", registry.ErrNotRegistry},
		{"after a tag that does not exist", "POST", registry.ErrInvalid},
		{"after an upload", "PUT blobs/", registry.ErrInvalid},
		{"after all blobs", "PUT manifests/", registry.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, memregistry.Options{}, fault{tt.step, page(http.StatusBadRequest)})
			_, err := a.push(t, srv.client(t, registry.Options{Retry: once}), registry.PushOptions{}, "v1")
			failed := requireKind(t, err, tt.kind)
			assert.Equal(t, http.StatusBadRequest, failed.StatusCode)
			assert.Equal(t, tt.kind == registry.ErrNotRegistry, strings.HasSuffix(err.Error(), "status 400, Bad Request: text/html: the port may expect TLS"), err)
			assert.Equal(t, tt.kind == registry.ErrNotRegistry, failed.Hint() == hintNotRegistry)
		})
	}
}

func TestRetryable(t *testing.T) {
	fails := func(err error) http.RoundTripper {
		return roundTripper(func(*http.Request) (*http.Response, error) { return nil, err })
	}
	for _, tt := range []struct {
		name      string
		transport http.RoundTripper
		want      bool
	}{
		{"connection refused", fails(errors.New("connection refused")), true},
		{"scheme mismatch", fails(http.ErrSchemeMismatch), false},
		{"web page", inProcess{page(http.StatusOK)}, false},
		{"408", inProcess{page(408)}, true},
		{"425", inProcess{page(425)}, true},
		{"429", inProcess{page(429)}, true},
		{"500", inProcess{page(500)}, true},
		{"503", inProcess{page(503)}, true},
		{"507", inProcess{page(507)}, false},
		{"401", inProcess{page(401)}, false},
		{"403", inProcess{page(403)}, false},
		{"404", inProcess{refusal(404, "NAME_UNKNOWN", "")}, false},
		{"413", inProcess{page(413)}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := newClient(t, "localhost", registry.Options{Transport: tt.transport, Retry: once})
			err := fmt.Errorf("wrapped: %w", client.VerifyAccess(t.Context(), repository))
			var failed interface{ Retryable() bool }
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, tt.want, failed.Retryable(), "%v", err)
		})
	}
}

// A Timeout may end earlier than the failure. The caller's context is the caller's.
func TestRetryableAfterATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		client := newClient(t, "localhost", registry.Options{Transport: silent, VerifyTimeout: time.Second})
		failed := requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrUnreachable)
		assert.True(t, failed.Retryable())

		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		err := client.VerifyAccess(ctx, repository)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.False(t, requireError(t, err).Retryable())
	})
	assert.False(t, new(registry.Error).Retryable())
}
