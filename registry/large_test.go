package registry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// zeros is a blob of that many zero bytes.
type zeros int64

func (z zeros) open() io.Reader { return io.LimitReader(zeroReader{}, int64(z)) }

func (z zeros) descriptor(t testing.TB) ocispec.Descriptor {
	t.Helper()
	sum, err := digest.FromReader(z.open())
	require.NoError(t, err)
	return ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayerGzip, Digest: sum, Size: int64(z)}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// lazyStore generates its large layer while it is read, and discards pushed content.
type lazyStore struct {
	layer    zeros
	desc     ocispec.Descriptor
	manifest []byte
}

func newLazyStore(t testing.TB, layer zeros) *lazyStore {
	t.Helper()
	s := &lazyStore{layer: layer, desc: layer.descriptor(t)}
	var err error
	s.manifest, err = json.Marshal(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageManifest,
		Config:    content.NewDescriptorFromBytes(ocispec.MediaTypeImageConfig, []byte("{}")),
		Layers:    []ocispec.Descriptor{s.desc},
	})
	require.NoError(t, err)
	return s
}

func (s *lazyStore) Exists(context.Context, ocispec.Descriptor) (bool, error) { return false, nil }

func (s *lazyStore) Push(_ context.Context, _ ocispec.Descriptor, r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

func (s *lazyStore) Fetch(_ context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	switch desc.Digest {
	case s.desc.Digest:
		return io.NopCloser(s.layer.open()), nil
	case digest.FromBytes(s.manifest):
		return io.NopCloser(bytes.NewReader(s.manifest)), nil
	}
	return io.NopCloser(strings.NewReader("{}")), nil
}

// ServeHTTP serves the content of the store like a registry, and discards uploads.
func (s *lazyStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve := func(mediaType string, desc ocispec.Descriptor) {
		blob, _ := s.Fetch(r.Context(), desc)
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Content-Length", strconv.FormatInt(desc.Size, 10))
		_, _ = io.Copy(w, blob)
	}
	manifest := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, s.manifest)
	switch path := r.URL.Path; {
	case r.Method == http.MethodPost:
		opened("/v2/"+repository+"/blobs/uploads/id")(w, r)
	case r.Method == http.MethodPut:
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Docker-Content-Digest", manifest.Digest.String())
		w.WriteHeader(http.StatusCreated)
	case strings.Contains(path, "/manifests/") && strings.HasSuffix(path, "/stored"):
		serve(manifest.MediaType, manifest)
	case strings.HasSuffix(path, s.desc.Digest.String()):
		serve("application/octet-stream", s.desc)
	case strings.Contains(path, "/blobs/"):
		serve("application/octet-stream", content.NewDescriptorFromBytes("", []byte("{}")))
	default:
		http.NotFound(w, r)
	}
}

// The memory for a layer does not depend on its size, which is several times the bound here.
func TestMemoryOfALargeLayer(t *testing.T) {
	size := zeros(256 << 20)
	if testing.Short() {
		size = 128 << 20
	}
	store := newLazyStore(t, size)
	srv := httptest.NewServer(store)
	t.Cleanup(srv.Close)
	client := newClient(t, srv.Listener.Addr().String(), registry.Options{})
	manifest := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, store.manifest)
	peak := peakMemory(t, func() {
		_, err := client.Push(t.Context(), store, manifest, repository, []string{"v1"}, registry.PushOptions{})
		require.NoError(t, err)
		_, err = client.Pull(t.Context(), repository, "stored", store, registry.PullOptions{})
		require.NoError(t, err)
	})
	assert.Less(t, peak>>20, uint64(64), "MiB")
}

// The response of a registry that refuses a large blob and closes the connection can be
// lost. The second attempt waits for permission before it sends the blob.
func TestRefusalThatIsLostWhileSending(t *testing.T) {
	a := newArtifact(t, "demo")
	blob := a.blob(t, strings.Repeat("x", 8<<20))
	srv := start(t, memregistry.Options{}, fault{upload(blob.Digest), func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Expect") == "" {
			abort(w, r)
		}
		status(http.StatusRequestEntityTooLarge, "")(w, r)
	}})
	_, err := a.with(t, "large", blob).push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
	requireKind(t, err, registry.ErrTooLarge)
	assert.Equal(t, 2, srv.count(upload(blob.Digest)))
}

// The progress of a large blob is reported while it is sent or received.
func TestEventsOfALargeLayer(t *testing.T) {
	store := newLazyStore(t, 8<<20)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = struct {
			io.Reader
			io.Closer
		}{slowReader{r.Body}, r.Body}
		store.ServeHTTP(slowWriter{w}, r)
	}))
	t.Cleanup(srv.Close)
	client := newClient(t, srv.Listener.Addr().String(), registry.Options{})
	manifest := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, store.manifest)
	requireProgress := func(transfer func(tell func(registry.Event)) error) {
		var told []int64
		require.NoError(t, transfer(func(e registry.Event) {
			if e.Descriptor.Digest == store.desc.Digest {
				told = append(told, e.Bytes)
			}
		}))
		require.Greater(t, len(told), 1)
		assert.IsNonDecreasing(t, told)
		assert.Less(t, told[0], int64(8<<20))
		assert.EqualValues(t, 8<<20, told[len(told)-1])
	}
	requireProgress(func(tell func(registry.Event)) error {
		_, err := client.Push(t.Context(), store, manifest, repository, []string{"v1"}, registry.PushOptions{OnEvent: tell})
		return err
	})
	requireProgress(func(tell func(registry.Event)) error {
		_, err := client.Pull(t.Context(), repository, "stored", store, registry.PullOptions{OnEvent: tell})
		return err
	})
}

// slowReader and slowWriter take half a second for a few MiB.
type slowReader struct{ io.Reader }

func (s slowReader) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	time.Sleep(time.Duration(n) * time.Second / (16 << 20))
	return n, err
}

type slowWriter struct{ http.ResponseWriter }

func (s slowWriter) Write(p []byte) (int, error) {
	time.Sleep(time.Duration(len(p)) * time.Second / (16 << 20))
	return s.ResponseWriter.Write(p)
}

// An empty blob can be pushed.
func TestPushOfAnEmptyBlob(t *testing.T) {
	a := newArtifact(t, "demo")
	srv := start(t, memregistry.Options{})
	empty := a.with(t, "empty", a.blob(t, ""))
	_, err := empty.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
	require.NoError(t, err)
	_, err = srv.client(t, registry.Options{}).Pull(t.Context(), repository, "v1", new(packager.Store), registry.PullOptions{})
	require.NoError(t, err)
}

// A caller's transport may return a nil body, as net/http allows.
func TestTransportWithoutABody(t *testing.T) {
	client := newClient(t, "localhost", registry.Options{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := inProcess{opened("/upload")}.RoundTrip(r)
		resp.Body = nil
		return resp, err
	})})
	require.NoError(t, client.VerifyAccess(t.Context(), repository))
}

// peakMemory returns by how much the memory of the program grew while f ran, at its
// peak.
func peakMemory(t testing.TB, f func()) uint64 {
	t.Helper()
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse + m.StackInuse
	}
	runtime.GC()
	before := inUse()
	var peak atomic.Uint64
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			peak.Store(max(peak.Load(), inUse()))
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	<-stopped
	require.NotZero(t, peak.Load())
	return peak.Load() - min(before, peak.Load())
}

// A proxy that does not know Expect refuses an attempt that has it, which is the one after
// a connection that broke.
func TestExpectationThatFails(t *testing.T) {
	a := newArtifact(t, "demo")
	large := a.blob(t, strings.Repeat("large", 20<<10))
	a = a.with(t, "large", large)
	srv := start(t, memregistry.Options{})
	srv.fail(fault{upload(large.Digest), srv.once(abort)})
	registered := srv.registry
	srv.registry = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Expect") != "" {
			w.WriteHeader(http.StatusExpectationFailed)
			return
		}
		registered.ServeHTTP(w, r)
	})
	_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
	require.NoError(t, err)
	assert.Equal(t, 3, srv.count(upload(large.Digest)))
}
