package registry_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// stuckStore blocks in one method, for one blob, until it is released.
type stuckStore struct {
	packager.Store
	method  string
	blob    digest.Digest
	release chan struct{}
}

func (s *stuckStore) wait(method string, blob digest.Digest) {
	if s.method == method && s.blob == blob {
		<-s.release
	}
}

func (s *stuckStore) Fetch(ctx context.Context, target ocispec.Descriptor) (io.ReadCloser, error) {
	s.wait("Fetch", target.Digest)
	content, err := s.Store.Fetch(ctx, target)
	return &stuckReader{content, s, target.Digest}, err
}

func (s *stuckStore) Exists(ctx context.Context, target ocispec.Descriptor) (bool, error) {
	s.wait("Exists", target.Digest)
	return s.Store.Exists(ctx, target)
}

func (s *stuckStore) Push(ctx context.Context, expected ocispec.Descriptor, content io.Reader) error {
	s.wait("Push", expected.Digest)
	return s.Store.Push(ctx, expected, content)
}

type stuckReader struct {
	io.ReadCloser
	store *stuckStore
	blob  digest.Digest
}

func (r *stuckReader) Read(p []byte) (int, error) {
	r.store.wait("Read", r.blob)
	return r.ReadCloser.Read(p)
}

func (r *stuckReader) Close() error {
	r.store.wait("Close", r.blob)
	return r.ReadCloser.Close()
}

// A push and a pull end with their context, whatever a store of the caller does.
func TestStoresThatBlock(t *testing.T) {
	pushed, stored := newArtifact(t, "demo"), newArtifact(t, "stored")
	for _, blob := range []string{"manifest", "config", "layer"} {
		for method, pulls := range map[string]bool{"Fetch": false, "Read": false, "Close": false, "Exists": true, "Push": true} {
			a := pushed
			if pulls {
				a = stored
			}
			desc := map[string]ocispec.Descriptor{"manifest": a.Manifest, "config": a.Config, "layer": a.Layer}[blob]
			if method == "Exists" && blob == "manifest" {
				continue // it is always pushed
			}
			t.Run(method+" of the "+blob, func(t *testing.T) {
				inBubble(t, func(t *testing.T, transport http.RoundTripper) {
					client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport})
					store := &stuckStore{method: method, blob: desc.Digest, release: make(chan struct{})}
					defer synctest.Wait()
					defer close(store.release)
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					began := time.Now()
					var err error
					if pulls {
						_, err = client.Pull(ctx, repository, "stored", store, registry.PullOptions{})
					} else {
						fill(t, &store.Store, a)
						_, err = client.Push(ctx, store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
					}
					if method != "Close" { // which nobody needs
						require.ErrorIs(t, err, context.DeadlineExceeded)
					}
					assert.Less(t, time.Since(began), 4*time.Second)
				})
			})
		}
	}
}

// fill copies an artifact.
func fill(t *testing.T, store *packager.Store, a artifact) {
	t.Helper()
	for _, desc := range []ocispec.Descriptor{a.Layer, a.Config, a.Manifest} {
		content, err := a.store.Fetch(t.Context(), desc)
		require.NoError(t, err)
		data, err := io.ReadAll(content)
		require.NoError(t, err)
		require.NoError(t, content.Close())
		require.NoError(t, store.Push(t.Context(), desc, bytes.NewReader(data)))
	}
}
