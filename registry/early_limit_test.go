package registry_test

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// packedAt is a layer that is complete, of an artifact that is packed when done is closed.
func (a artifact) packedAt(done <-chan struct{}) registry.Packing {
	return registry.Packing{
		Layer: func(ctx context.Context) (io.ReadCloser, error) { return a.store.Fetch(ctx, a.Layer) },
		Blobs: func(context.Context) ([]ocispec.Descriptor, error) {
			<-done
			return []ocispec.Descriptor{a.Config, a.Layer}, nil
		},
	}
}

// Options.Timeout limits an early upload once the artifact is packed, and the requests that
// open it.
func TestEarlyUploadHasTheTimeOfThePush(t *testing.T) {
	const limit = 20 * time.Second
	a := newBigArtifact(t, "demo")
	for _, tt := range []struct {
		name, request string
		respond       func(begun func()) http.HandlerFunc
	}{
		{"slow upload", stream, func(begun func()) http.HandlerFunc {
			return func(_ http.ResponseWriter, r *http.Request) {
				for begun(); ; time.Sleep(5 * time.Second) { // less than silence
					if _, err := io.CopyN(io.Discard, r.Body, 8<<10); err != nil {
						panic(http.ErrAbortHandler)
					}
				}
			}
		}},
		{"silence before it", plainUpload, silence},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubbleOf(t, func(t *testing.T, srv *server, transport http.RoundTripper) {
				packed := make(chan struct{})
				respond := tt.respond(sync.OnceFunc(func() { close(packed) }))
				srv.fail(fault{tt.request, respond})
				client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport, Timeout: limit})
				began := time.Now()
				_, _ = a.pushWhilePacking(t, client, a.packedAt(packed), registry.PushOptions{}, "v1") // the rest takes no time in a bubble
				assert.Equal(t, limit, time.Since(began).Truncate(time.Second))
				time.Sleep(time.Minute) // for responses that do not notice the end
			})
		})
	}
}

// body calls a function when it is closed.
type body struct {
	io.ReadCloser
	closed func()
}

func (b body) Close() error {
	b.closed()
	return b.ReadCloser.Close()
}

// An upload is cancelled if the context ends when all of the layer was sent.
func TestEarlyUploadIsCancelledAfterTheLastByte(t *testing.T) {
	a := newBigArtifact(t, "demo")
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(memregistry.Options{NoSinglePost: true})
		ctx, cancel := context.WithCancel(t.Context())
		packed := make(chan struct{})
		client := newClient(t, "localhost", registry.Options{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := inProcess{srv.Config.Handler}.RoundTrip(r)
			if r.Method == http.MethodPatch && err == nil {
				resp.Body = body{resp.Body, func() {
					close(packed)
					synctest.Wait() // until the client knows that
					cancel()
				}}
			}
			return resp, err
		})})
		_, err := client.LookupWhilePacking(ctx, repository, []string{"v1"}, registry.PushOptions{}, a.packedAt(packed))
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 2, srv.count(cancellation), "the uploads of the layer and of the config")
	})
}
