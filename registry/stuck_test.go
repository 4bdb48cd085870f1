package registry_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// slots is more than the requests that a Client makes concurrently.
const slots = 20

// switching responds with 101, and is silent until the client closes the connection.
// net/http leaves such a connection to its caller.
func switching(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
	_, _ = io.Copy(io.Discard, conn)
}

func TestSwitchingProtocolsIsRefused(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, operation := range operations {
		for _, step := range operation.steps {
			t.Run(operation.name+" "+step, func(t *testing.T) {
				inBubble(t, func(t *testing.T, transport http.RoundTripper) {
					client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport, Timeout: time.Minute})
					began := time.Now()
					for range slots {
						failed := requireKind(t, operation.run(t.Context(), client, a), registry.ErrNotRegistry)
						assert.Equal(t, http.StatusSwitchingProtocols, failed.StatusCode)
						assert.False(t, failed.Retryable())
					}
					assert.Less(t, time.Since(began), time.Second)
				}, fault{step, switching})
			})
		}
	}
}

func TestSwitchingProtocolsAfterARedirect(t *testing.T) {
	inBubble(t, func(t *testing.T, transport http.RoundTripper) {
		client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport})
		_, err := client.Resolve(t.Context(), repository, "stored")
		requireKind(t, err, registry.ErrNotRegistry)
	}, fault{"HEAD /elsewhere", switching}, fault{"HEAD", http.RedirectHandler("/elsewhere", http.StatusFound).ServeHTTP})
}

// A transport of the caller may return anything.
func TestStatusThatNoResponseHas(t *testing.T) {
	for _, code := range []int{-1, 0, 99, 100, 101, 103, 199} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			opened, closed := 0, 0
			client := newClient(t, "localhost", registry.Options{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
				opened++
				return &http.Response{StatusCode: code, Body: &foreignBody{close: func() { closed++ }}}, nil
			})})
			for range slots {
				_, err := client.Resolve(t.Context(), repository, "v1")
				failed := requireKind(t, err, registry.ErrNotRegistry)
				assert.Equal(t, code, failed.StatusCode)
			}
			assert.Equal(t, slots, opened)
			assert.Equal(t, slots, closed)
		})
	}
}

func TestTransportWithoutAResponse(t *testing.T) {
	client := newClient(t, "localhost", registry.Options{
		Retry:     once,
		Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, nil }),
	})
	_, err := client.Resolve(t.Context(), repository, "v1")
	requireKind(t, err, registry.ErrUnreachable)
}

// foreignBody is the body of a response with functions of the test.
type foreignBody struct{ read, close func() }

func (b *foreignBody) Read([]byte) (int, error) {
	if b.read != nil {
		b.read()
	}
	return 0, io.EOF
}

func (b *foreignBody) Close() error {
	if b.close != nil {
		b.close()
	}
	return nil
}

// A call ends with its context, even if a transport of the caller ignores that.
func TestTransportThatIgnoresTheContext(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, tt := range []struct {
		name    string
		respond func(hang func()) (*http.Response, error)
	}{
		{"no response", func(hang func()) (*http.Response, error) { hang(); return nil, io.EOF }},
		{"read", func(hang func()) (*http.Response, error) {
			return answerWith(&foreignBody{read: hang}), nil
		}},
		{"read that Close does not end", func(hang func()) (*http.Response, error) {
			return answerWith(&foreignBody{read: hang, close: func() {}}), nil
		}},
		{"read and close", func(hang func()) (*http.Response, error) {
			return answerWith(&foreignBody{read: hang, close: hang}), nil
		}},
	} {
		for _, operation := range operations {
			t.Run(operation.name+" "+tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					end := make(chan struct{})
					defer close(end)
					client := newClient(t, "localhost", registry.Options{
						Credential: ci,
						Transport:  roundTripper(func(*http.Request) (*http.Response, error) { return tt.respond(func() { <-end }) }),
					})
					for range slots {
						ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
						began := time.Now()
						err := operation.run(ctx, client, a)
						cancel()
						require.ErrorIs(t, err, context.DeadlineExceeded)
						assert.InDelta(t, 5*time.Second, time.Since(began), float64(3*time.Second))
					}
				})
			})
		}
	}
}

func answerWith(body io.ReadCloser) *http.Response {
	return &http.Response{
		StatusCode: http.StatusUnauthorized, ContentLength: -1, Body: body,
		Header: http.Header{"Content-Type": {ocispec.MediaTypeImageManifest}},
	}
}

// The body of a response that arrives late, or is not read to its end, is closed.
func TestForeignBodiesAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var opened, closed atomic.Int32
		client := newClient(t, "localhost", registry.Options{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			time.Sleep(10 * time.Second)
			opened.Add(1)
			return answerWith(&foreignBody{close: func() { closed.Add(1) }}), nil
		})})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := client.Resolve(ctx, repository, "v1")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, int32(1), opened.Load())
		assert.Equal(t, int32(1), closed.Load())
	})
}

// A panic of the caller's functions is one of the caller's goroutine, and the Client can
// be used afterwards.
func TestPanicOfTheTransport(t *testing.T) {
	healthy := inProcess{memregistry.Handler(memregistry.Options{})}
	pan := func() { panic("canary panic") }
	for _, tt := range []struct {
		name    string
		respond func(*http.Request) (*http.Response, error)
	}{
		{"RoundTrip", func(*http.Request) (*http.Response, error) { panic("canary panic") }},
		{"Read", func(*http.Request) (*http.Response, error) { return answerWith(&foreignBody{read: pan}), nil }},
		{"Close", func(*http.Request) (*http.Response, error) { return answerWith(&foreignBody{close: pan}), nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var fails atomic.Bool
			client := newClient(t, "localhost", registry.Options{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				if fails.Load() && !strings.HasSuffix(r.URL.Path, "v0") {
					return tt.respond(r)
				}
				return healthy.RoundTrip(r)
			})})
			a := newArtifact(t, tt.name)
			for range slots {
				fails.Store(true)
				require.Panics(t, func() { _, _ = a.push(t, client, registry.PushOptions{}, "v0", "v1") })
				require.Panics(t, func() { _, _ = client.Resolve(t.Context(), repository, "v1") })
			}
			fails.Store(false)
			_, err := a.push(t, client, registry.PushOptions{}, "v1")
			require.NoError(t, err)
		})
	}
}

func TestProxyThatPanicsOrHangs(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "demo")
	var wrong func(*http.Request)
	client := srv.client(t, registry.Options{Proxy: func(r *http.Request) (*url.URL, error) {
		if wrong != nil {
			wrong(r)
		}
		return nil, nil
	}})
	wrong = func(*http.Request) { panic("canary panic") }
	for range slots {
		require.Panics(t, func() { _, _ = a.push(t, client, registry.PushOptions{}, "v1", "v2") })
	}
	end := make(chan struct{})
	var stuck sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	wrong = func(*http.Request) {
		stuck.Add(1)
		defer stuck.Done()
		cancel()
		<-end
	}
	require.ErrorIs(t, client.VerifyAccess(ctx, repository), context.Canceled)
	close(end)
	stuck.Wait()
	wrong = nil
	_, err := a.push(t, client, registry.PushOptions{}, "v1")
	require.NoError(t, err)
	client.Close()
}

// A push that is given up reads nothing more from its source.
func TestAbandonedRequestReadsNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newArtifact(t, "demo")
		healthy := inProcess{memregistry.Handler(memregistry.Options{})}
		end := make(chan struct{})
		var late error
		var read int
		client := newClient(t, "localhost", registry.Options{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodPut {
				return healthy.RoundTrip(r)
			}
			<-end
			read, late = r.Body.Read(make([]byte, 10))
			return nil, late
		})})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := client.Push(ctx, a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Less(t, time.Since(began), 2*time.Second)
		close(end)
		synctest.Wait()
		assert.Zero(t, read)
		require.Error(t, late)
	})
}
