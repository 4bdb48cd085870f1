package registry_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// An identity token is sent in the body of a request, which is readable over plain HTTP
// like a header.
func TestIdentityTokenOverPlainHTTP(t *testing.T) {
	for _, realm := range []string{"http://registry.example.com/token", "http://auth.example.com/token"} {
		t.Run(realm, func(t *testing.T) {
			var asked atomic.Int32
			client := newClient(t, "http://registry.example.com", registry.Options{
				CredentialFunc: func(context.Context, string) (registry.Credential, error) {
					return registry.Credential{IdentityToken: password}, nil
				},
				Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					if r.URL.Path == "/token" {
						asked.Add(1)
					}
					return inProcess{challenge(realm)}.RoundTrip(r)
				}),
			})
			err := client.VerifyAccess(t.Context(), repository)
			require.ErrorIs(t, err, registry.ErrInvalidCredential)
			requireNothingSecretIn(t, err)
			assert.Zero(t, asked.Load())
		})
	}
}

// The cancellation of a call that fetches a token does not affect other calls.
func TestTokenOfACancelledCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := memregistry.Handler(memregistry.Options{Users: users, Bearer: true})
		first := make(chan struct{})
		var asked atomic.Int32
		client := newClient(t, "localhost", registry.Options{
			Credential: ci,
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				if r.URL.Path == "/token" && asked.Add(1) == 1 {
					close(first)
					<-r.Context().Done()
					return nil, r.Context().Err()
				}
				return inProcess{inner}.RoundTrip(r)
			}),
		})
		hasty, cancel := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		calls.Go(func() { assert.ErrorIs(t, client.VerifyAccess(hasty, repository), context.Canceled) })
		<-first
		for range 3 {
			calls.Go(func() { assert.NoError(t, client.VerifyAccess(t.Context(), repository)) })
		}
		synctest.Wait()
		cancel()
		calls.Wait()
		assert.EqualValues(t, 2, asked.Load(), "and one of the others fetches it for all")
	})
}

// A pause for other calls applies before a tag is set, too.
func TestTagDuringAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newArtifact(t, "demo")
		inner := memregistry.Handler(memregistry.Options{})
		var client *registry.Client
		var others sync.WaitGroup
		var sent atomic.Int32
		client = newClient(t, "localhost", registry.Options{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			switch step := describe(r); {
			case r.URL.Path == "/v2/other/app/blobs/uploads/":
				return inProcess{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Retry-After", "60")
					status(http.StatusTooManyRequests, "")(w, nil)
				})}.RoundTrip(r)
			case strings.HasPrefix(step, "PUT blobs/"):
				if sent.Add(1) == 2 { // the last one
					others.Go(func() { assert.Error(t, client.VerifyAccess(t.Context(), "other/app")) })
					synctestSleep()
				}
			case strings.HasPrefix(step, "PUT manifests/"):
				assert.Fail(t, "it is asked")
			}
			return inProcess{inner}.RoundTrip(r)
		})})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := client.Push(ctx, a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
		failed := requireKind(t, err, registry.ErrRateLimited)
		assert.Greater(t, failed.RetryAfter, 50*time.Second)
		others.Wait()
	})
}

// synctestSleep lets the other goroutines run for a moment of simulated time.
func synctestSleep() { time.Sleep(time.Millisecond) }

// A response that stalls is abandoned, although the registry still reads the request.
func TestAnswerThatStallsWhileTheBodyIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newArtifact(t, "demo")
		inner := memregistry.Handler(memregistry.Options{})
		client := newClient(t, "localhost", registry.Options{Retry: once, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if !strings.HasPrefix(describe(r), "PUT blobs/") {
				return inProcess{inner}.RoundTrip(r)
			}
			body, ctx := r.Body, r.Context()
			go func() {
				time.Sleep(time.Second)
				_, _ = io.Copy(io.Discard, body)
				_ = body.Close()
			}()
			return &http.Response{
				StatusCode: http.StatusBadRequest, Header: http.Header{}, Request: r, ContentLength: 100,
				Body: io.NopCloser(readerFunc(func([]byte) (int, error) { <-ctx.Done(); return 0, ctx.Err() })),
			}, nil
		})})
		began := time.Now()
		_, err := a.push(t, client, registry.PushOptions{}, "v1")
		requireError(t, err)
		assert.LessOrEqual(t, time.Since(began), 40*time.Second)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// No event is sent, and nothing is read, after the return.
func TestNothingHappensAfterTheReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newArtifact(t, "demo")
		inner := memregistry.Handler(memregistry.Options{})
		var returned, late atomic.Bool
		client := newClient(t, "localhost", registry.Options{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if !strings.HasPrefix(describe(r), "PUT blobs/") {
				return inProcess{inner}.RoundTrip(r)
			}
			body := r.Body
			go func() { // as net/http does, until its connection is closed
				time.Sleep(300 * time.Millisecond)
				_, _ = io.Copy(io.Discard, body)
				late.Store(late.Load() || returned.Load())
				_ = body.Close()
			}()
			answer := *r
			answer.Body = http.NoBody
			return inProcess{http.HandlerFunc(status(http.StatusRequestEntityTooLarge, ""))}.RoundTrip(&answer)
		})})
		_, err := a.push(t, client, registry.PushOptions{OnEvent: func(registry.Event) { late.Store(late.Load() || returned.Load()) }}, "v1")
		returned.Store(true)
		requireKind(t, err, registry.ErrTooLarge)
		time.Sleep(time.Minute)
		assert.False(t, late.Load())
	})
}
