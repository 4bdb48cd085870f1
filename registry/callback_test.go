package registry_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// slowSource takes so long for each blob that its progress is reported.
type slowSource struct{ registry.Fetcher }

func (s slowSource) Fetch(ctx context.Context, target ocispec.Descriptor) (io.ReadCloser, error) {
	blob, err := s.Fetcher.Fetch(ctx, target)
	return &slowBlob{ReadCloser: blob}, err
}

type slowBlob struct{ io.ReadCloser }

func (s *slowBlob) Read(p []byte) (int, error) {
	time.Sleep(120 * time.Millisecond)
	return s.ReadCloser.Read(p[:min(len(p), 1+len(p)/2, 100)])
}

// A callback may use the Client while its own call has requests under way, however many
// calls do so at once.
func TestCallbacksThatUseTheClient(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "demo")
	client := srv.client(t, registry.Options{Timeout: 20 * time.Second})
	var running sync.WaitGroup
	var mu sync.Mutex
	progress := 0
	for range 24 { // more than a Client makes requests at once
		running.Go(func() {
			_, err := client.Push(t.Context(), slowSource{a.store}, a.Manifest, repository, []string{"v1"}, registry.PushOptions{
				Force: true,
				OnEvent: func(e registry.Event) {
					mu.Lock()
					if e.Bytes < e.Descriptor.Size {
						progress++
					}
					mu.Unlock()
					_, err := client.Exists(t.Context(), repository, "none")
					assert.NoError(t, err)
				},
			})
			assert.NoError(t, err)
		})
	}
	running.Wait()
	assert.Positive(t, progress)
}

var errSource = errors.New("source failed")

// badSource panics where it is told to.
type badSource struct {
	registry.Fetcher
	inRead bool
}

func (s badSource) Fetch(context.Context, ocispec.Descriptor) (io.ReadCloser, error) {
	if !s.inRead {
		panic(errSource)
	}
	return io.NopCloser(s), nil
}

func (s badSource) Read([]byte) (int, error) { panic(errSource) }

// A panic of a content store reaches the caller, also from a goroutine of net/http, and
// the Client still works.
func TestSourcesThatPanic(t *testing.T) {
	a := newArtifact(t, "demo")
	for name, inRead := range map[string]bool{"Fetch": false, "Read": true} {
		t.Run(name, func(t *testing.T) {
			srv := start(t, memregistry.Options{})
			client := srv.client(t, registry.Options{})
			source := onlyManifest{a, badSource{inRead: inRead}}
			for range 20 { // more than a Client makes requests at once
				value := func() (value any) {
					defer func() { value = recover() }()
					_, err := client.Push(t.Context(), source, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
					return err
				}()
				err, ok := value.(error)
				require.True(t, ok)
				require.ErrorIs(t, err, errSource)
				assert.Contains(t, err.Error(), "callback_test.go", "the stack")
			}
			_, err := a.push(t, client, registry.PushOptions{}, "v1")
			require.NoError(t, err)
		})
	}
}

// onlyManifest has the manifest of an artifact and leaves its blobs to another source.
type onlyManifest struct {
	artifact
	blobs registry.Fetcher
}

func (o onlyManifest) Fetch(ctx context.Context, target ocispec.Descriptor) (io.ReadCloser, error) {
	if target.Digest == o.Manifest.Digest {
		return o.store.Fetch(ctx, target)
	}
	return o.blobs.Fetch(ctx, target)
}
