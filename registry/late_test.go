package registry_test

import (
	"context"
	"io"
	"net/http"
	"strings"
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

// lateStore ignores its context, and reads on when it is released.
type lateStore struct{ release chan struct{} }

func (s lateStore) Push(_ context.Context, _ ocispec.Descriptor, content io.Reader) error {
	_, _ = io.ReadFull(content, make([]byte, 4))
	<-s.release
	_, err := io.Copy(io.Discard, content)
	return err
}

// A store that reads on after a pull was given up causes no event.
func TestNoEventAfterAPull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := inProcess{memregistry.Handler(memregistry.Options{})}
		client := newClient(t, "localhost", registry.Options{Transport: transport})
		_, err := newArtifact(t, "demo").push(t, client, registry.PushOptions{}, "v1")
		require.NoError(t, err)
		var returned, late atomic.Bool
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		dst := lateStore{make(chan struct{})}
		_, err = client.Pull(ctx, repository, "v1", dst, registry.PullOptions{OnEvent: func(registry.Event) {
			late.Store(late.Load() || returned.Load())
		}})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		returned.Store(true)
		time.Sleep(time.Second)
		close(dst.release)
		synctest.Wait()
		assert.False(t, late.Load())
	})
}

// fetched counts how often content is fetched.
type fetched struct {
	registry.Fetcher
	n *atomic.Int32
}

func (f fetched) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	f.n.Add(1)
	return f.Fetcher.Fetch(ctx, desc)
}

// A transport that sends a request again after the push was given up gets no content.
func TestAbandonedRequestOpensNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newArtifact(t, "demo")
		healthy := inProcess{memregistry.Handler(memregistry.Options{})}
		end := make(chan struct{})
		var opened atomic.Int32
		client := newClient(t, "localhost", registry.Options{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if !strings.HasPrefix(describe(r), "PUT blobs/") {
				return healthy.RoundTrip(r)
			}
			<-end
			_ = r.Body.Close()
			body, err := r.GetBody()
			if err == nil {
				_, err = readAllTo(io.Discard, body)
			}
			return nil, err
		})})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := client.Push(ctx, fetched{a.store, &opened}, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		before := opened.Load()
		close(end)
		synctest.Wait()
		assert.Equal(t, before, opened.Load())
	})
}
