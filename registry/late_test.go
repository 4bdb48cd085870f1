package registry_test

import (
	"context"
	"io"
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
