package registry_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// slowPacking is an artifact that is packed as the test wants.
type slowPacking struct {
	registry.Packing
	layer  *io.PipeWriter
	packed chan error // receives the end of packing
}

func (a artifact) slowPacking() *slowPacking {
	follower, layer := io.Pipe()
	s := &slowPacking{layer: layer, packed: make(chan error, 1)}
	s.Layer = func(context.Context) (io.ReadCloser, error) { return follower, nil }
	s.Blobs = func(ctx context.Context) ([]ocispec.Descriptor, error) {
		select {
		case err := <-s.packed:
			return []ocispec.Descriptor{a.Config, a.Layer}, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return s
}

// pack writes the layer and ends packing.
func (s *slowPacking) pack(t testing.TB, a artifact) {
	layer, err := a.store.Fetch(context.Background(), a.Layer)
	if assert.NoError(t, err) {
		_, _ = io.Copy(s.layer, layer) // nobody may read it
	}
	_ = s.layer.Close() // never fails
	s.packed <- nil
}

// content returns the beginning of the layer.
func (a artifact) content(t testing.TB, n int64) []byte {
	t.Helper()
	layer, err := a.store.Fetch(t.Context(), a.Layer)
	require.NoError(t, err)
	data, err := io.ReadAll(io.LimitReader(layer, n))
	require.NoError(t, err)
	return data
}

// earlyRequests are those of a push that sends the layer early, before the manifest.
var earlyRequests = []string{
	"GET manifests/v1", plainUpload, plainUpload, stream, upload("config"), upload("layer"),
}

// The registry gets the layer before it is packed, and the blob after that.
func TestLayerIsSentWhileItIsPacked(t *testing.T) {
	a := newBigArtifact(t, "demo")
	srv := start(t, memregistry.Options{})
	packing, arrived := a.slowPacking(), make(chan struct{})
	content := a.content(t, a.Layer.Size)
	srv.fail(fault{stream, func(w http.ResponseWriter, r *http.Request) {
		begun := make([]byte, 300<<10)
		_, err := io.ReadFull(r.Body, begun)
		assert.NoError(t, err)
		assert.True(t, bytes.HasPrefix(content, begun))
		close(arrived)
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(begun), r.Body))
		srv.registry.ServeHTTP(w, r)
	}})
	go func() {
		_, _ = packing.layer.Write(content[:400<<10]) // a failure is seen below
		<-arrived
		assert.Zero(t, srv.count("PUT "))
		_, _ = packing.layer.Write(content[400<<10:])
		_ = packing.layer.Close()
		packing.packed <- nil
	}()
	var told []string
	result, err := a.pushWhilePacking(t, srv.client(t, registry.Options{}), packing.Packing, registry.PushOptions{OnEvent: events(a, &told)}, "v1")
	require.NoError(t, err)
	assert.False(t, result.Unchanged)
	assert.Equal(t, []string{"config", "layer", "v1"}, told)
	requireRequests(t, srv.requests(a), append(earlyRequests, "PUT manifests/v1"), "HEAD blobs/layer")
	srv.requireStored(t, a, "v1")
}

// Nothing is sent early if the artifact may be there, if its layer is small, and if it is
// packed before that begins.
func TestLayerIsNotSentEarly(t *testing.T) {
	a, small := newBigArtifact(t, "demo"), newArtifact(t, "small")
	for _, tt := range []struct {
		name   string
		of     artifact
		tags   []string
		fault  fault
		change func(*registry.Packing)
	}{
		{"unchanged", a, []string{"v1"}, fault{}, nil},
		{"one of the tags exists", a, []string{"new", "v1"}, fault{}, nil},
		{"tags cannot be read", a, []string{"v2"}, fault{"GET manifests/", refusal(http.StatusForbidden, "DENIED", "")}, nil},
		{"small layer", small, []string{"v2"}, fault{}, nil},
		{"no layer", a, []string{"v2"}, fault{}, func(p *registry.Packing) { p.Layer = nil }},
		{"recalled layer", a, []string{"v2"}, fault{}, func(p *registry.Packing) {
			p.Layer = func(context.Context) (io.ReadCloser, error) { return nil, nil }
		}},
		{"error of the layer", a, []string{"v2"}, fault{}, func(p *registry.Packing) {
			p.Layer = func(context.Context) (io.ReadCloser, error) { return nil, io.ErrUnexpectedEOF }
		}},
		{"layer that breaks at once", a, []string{"v2"}, fault{}, func(p *registry.Packing) {
			p.Layer = func(context.Context) (io.ReadCloser, error) {
				return io.NopCloser(io.MultiReader(strings.NewReader("begin"), badReader{})), nil
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := stored(t, a)
			if tt.fault.step != "" {
				srv.fail(tt.fault)
			}
			packing := tt.of.slowPacking()
			go packing.pack(t, tt.of)
			if tt.change != nil {
				tt.change(&packing.Packing)
			}
			destination, err := srv.client(t, registry.Options{}).LookupWhilePacking(t.Context(), repository, tt.tags, registry.PushOptions{}, packing.Packing)
			require.NoError(t, err)
			assert.Zero(t, srv.count(stream)+srv.count("POST "))
			_, err = destination.Push(t.Context(), tt.of.store, tt.of.Manifest)
			require.NoError(t, err)
			_ = packing.layer.CloseWithError(io.ErrClosedPipe) // ends pack
		})
	}
}

// badReader fails.
type badReader struct{}

func (badReader) Read([]byte) (int, error) { return 0, errSource }

// A registry that has the layer under another tag gets no more of it than was packed when
// its digest was known.
func TestEarlyUploadOfALayerThatExists(t *testing.T) {
	a := newBigArtifact(t, "demo")
	srv := stored(t, a)
	srv.fail(fault{stream, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // until the client gives up
	}})
	client := srv.client(t, registry.Options{})
	for _, tag := range []string{"v2", "v3"} {
		packing := a.slowPacking()
		go func() {
			_, _ = packing.layer.Write(a.content(t, 300<<10))
			packing.packed <- nil
		}()
		var told []string
		_, err := a.pushWhilePacking(t, client, packing.Packing, registry.PushOptions{OnEvent: events(a, &told)}, tag)
		require.NoError(t, err)
		assert.Equal(t, []string{"config", "(layer)", tag}, told)
		srv.requireStored(t, a, tag)
	}
	assert.Equal(t, 2, srv.count(stream), "the registry has not refused it")
	assert.Equal(t, 3, srv.count(cancellation), "two of the layer, and one of the config")
	assert.Zero(t, srv.count(upload(a.Layer.Digest)))
}

// A registry that breaks an early upload gets the layer in the usual way, and no early
// upload from then on.
func TestEarlyUploadFaults(t *testing.T) {
	a, next := newBigArtifact(t, "demo"), newBigArtifact(t, "next")
	accepted := func(change func(http.Header)) func(*server) http.HandlerFunc {
		return func(srv *server) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				response, err := inProcess{srv.registry}.RoundTrip(r)
				if assert.NoError(t, err) {
					change(response.Header)
					for name, values := range response.Header {
						w.Header()[name] = values
					}
					w.WriteHeader(response.StatusCode)
				}
			}
		}
	}
	is := func(h http.HandlerFunc) func(*server) http.HandlerFunc {
		return func(*server) http.HandlerFunc { return h }
	}
	commit := upload(a.Layer.Digest)
	for _, tt := range []struct {
		name   string
		step   string
		answer func(*server) http.HandlerFunc
		again  int // early uploads of another push
	}{
		{"no range", stream, accepted(func(h http.Header) { h.Del("Range") }), 1},
		{"range in bytes", stream, accepted(func(h http.Header) { h.Set("Range", "bytes="+h.Get("Range")) }), 1},
		{"short range", stream, accepted(func(h http.Header) { h.Set("Range", "0-100") }), 0},
		{"odd range", stream, accepted(func(h http.Header) { h.Set("Range", "all") }), 0},
		{"no location", stream, accepted(func(h http.Header) { h.Del("Location") }), 0},
		{"location elsewhere", stream, accepted(func(h http.Header) { h.Set("Location", "https://storage.example.com/") }), 0},
		{"success without reading", stream, is(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/v2/"+repository+"/blobs/uploads/none")
			w.WriteHeader(http.StatusAccepted)
		}), 0},
		{"redirect", stream, is(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://storage.example.com/", http.StatusTemporaryRedirect)
		}), 0},
		{"page", stream, is(page(http.StatusOK)), 0},
		{"400", stream, is(status(http.StatusBadRequest, "UNSUPPORTED")), 0},
		{"401", stream, is(status(http.StatusUnauthorized, "UNAUTHORIZED")), 0},
		{"404", stream, is(status(http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN")), 0},
		{"405", stream, is(status(http.StatusMethodNotAllowed, "UNSUPPORTED")), 0},
		{"411", stream, is(status(http.StatusLengthRequired, "")), 0},
		{"413", stream, is(status(http.StatusRequestEntityTooLarge, "")), 0},
		{"416", stream, is(status(http.StatusRequestedRangeNotSatisfiable, "BLOB_UPLOAD_INVALID")), 0},
		{"500", stream, is(status(http.StatusInternalServerError, "UNKNOWN")), 0},
		{"cut", stream, is(abort), 0},
		{"cut in the body", stream, is(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.CopyN(io.Discard, r.Body, 300<<10)
			panic(http.ErrAbortHandler)
		}), 0},
		{"no upload", "POST blobs/uploads/", func(srv *server) http.HandlerFunc { return srv.once(status(http.StatusInternalServerError, "UNKNOWN")) }, 1},
		{"completion refused", commit, func(srv *server) http.HandlerFunc { return srv.once(status(http.StatusBadRequest, "DIGEST_INVALID")) }, 0},
		{"completion lost", commit, func(srv *server) http.HandlerFunc {
			return srv.once(status(http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN"))
		}, 0},
		{"completion fails", commit, func(srv *server) http.HandlerFunc { return srv.once(status(http.StatusInternalServerError, "UNKNOWN")) }, 0},
		{"completion cut", commit, func(srv *server) http.HandlerFunc { return srv.once(abort) }, 0},
		{"completed, and cut", commit, func(srv *server) http.HandlerFunc {
			return srv.once(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = inProcess{srv.registry}.RoundTrip(r)
				panic(http.ErrAbortHandler)
			})
		}, 0},
		{"completed without the blob", commit, func(srv *server) http.HandlerFunc {
			return srv.once(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
		}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, memregistry.Options{NoSinglePost: true})
			srv.fail(fault{tt.step, tt.answer(srv)})
			client := srv.client(t, registry.Options{})
			push := func(a artifact, tag string) {
				packing := a.slowPacking()
				go packing.pack(t, a)
				_, err := a.pushWhilePacking(t, client, packing.Packing, registry.PushOptions{}, tag)
				require.NoError(t, err)
				_ = packing.layer.CloseWithError(io.ErrClosedPipe) // ends pack
				srv.requireStored(t, a, tag)
			}
			push(a, "v1")
			before := srv.count(stream)
			push(next, "v2")
			assert.Equal(t, tt.again, srv.count(stream)-before)
		})
	}
}

// An upload whose layer is not pushed is cancelled, and never completed.
func TestEarlyUploadIsCancelled(t *testing.T) {
	a, other := newBigArtifact(t, "demo"), newArtifact(t, "other")
	for _, tt := range []struct {
		name string
		end  func(*slowPacking)
	}{
		{"refused", func(s *slowPacking) {
			_ = s.layer.Close()
			s.packed <- errSource
		}},
		{"packing fails", func(s *slowPacking) {
			_ = s.layer.CloseWithError(errSource)
			s.packed <- errSource
		}},
		{"another layer", func(s *slowPacking) {
			_, _ = s.layer.Write([]byte("more"))
			_ = s.layer.Close()
			s.packed <- nil
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, memregistry.Options{NoSinglePost: true})
			client := srv.client(t, registry.Options{})
			packing := a.slowPacking()
			go func() {
				_, _ = packing.layer.Write(a.content(t, a.Layer.Size))
				assert.Eventually(t, func() bool { return srv.count(stream) == 1 }, time.Minute, time.Millisecond)
				tt.end(packing)
			}()
			destination, err := client.LookupWhilePacking(t.Context(), repository, []string{"v1"}, registry.PushOptions{}, packing.Packing)
			require.NoError(t, err)
			_, err = destination.Push(t.Context(), other.store, other.Manifest)
			require.NoError(t, err)
			assert.Equal(t, 1, srv.count(stream))
			assert.NotZero(t, srv.count(cancellation))
			assert.Zero(t, srv.count(upload(a.Layer.Digest)))
			srv.requireStored(t, other, "v1")

			packing = a.slowPacking() // that was no refusal of the registry
			go packing.pack(t, a)
			_, err = a.pushWhilePacking(t, client, packing.Packing, registry.PushOptions{}, "v2")
			require.NoError(t, err)
			assert.Equal(t, 2, srv.count(stream))
		})
	}
}

// The end of the context ends an early upload at once, and leaves nothing running.
func TestEarlyUploadEndsWithTheContext(t *testing.T) {
	a := newBigArtifact(t, "demo")
	inBubbleOf(t, func(t *testing.T, srv *server, transport http.RoundTripper) {
		client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport})
		ctx, cancel := context.WithCancel(t.Context())
		packing := a.slowPacking()
		go func() {
			_, _ = packing.layer.Write(a.content(t, 300<<10))
			synctest.Wait()
			cancel()
		}()
		began := time.Now()
		_, err := client.LookupWhilePacking(ctx, repository, []string{"v1"}, registry.PushOptions{}, packing.Packing)
		require.ErrorIs(t, err, context.Canceled)
		assert.Less(t, time.Since(began), time.Second)
		assert.Equal(t, 1, srv.count(stream))
		assert.NotZero(t, srv.count(cancellation))
	})
}

// The time for which a push waits for the packer does not count for its time limit, nor as
// silence of the registry.
func TestEarlyUploadOfASlowPacker(t *testing.T) {
	a := newBigArtifact(t, "demo")
	inBubbleOf(t, func(t *testing.T, srv *server, transport http.RoundTripper) {
		client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport, Timeout: 10 * time.Second})
		packing, content := a.slowPacking(), a.content(t, a.Layer.Size)
		go func() {
			for len(content) > 0 {
				time.Sleep(time.Minute)
				n, _ := packing.layer.Write(content[:min(len(content), 256<<10)])
				content = content[n:]
			}
			_ = packing.layer.Close()
			time.Sleep(time.Minute)
			packing.packed <- nil
		}()
		_, err := a.pushWhilePacking(t, client, packing.Packing, registry.PushOptions{}, "v1")
		require.NoError(t, err)
		assert.Equal(t, 1, srv.count(stream))
		assert.Equal(t, 1, srv.count(upload(a.Layer.Digest)))
	})
}

// A registry that takes an early upload and falls silent costs the time of its silence, and
// no more than the time limit.
func TestEarlyUploadMeetsSilence(t *testing.T) {
	a := newBigArtifact(t, "demo")
	for _, tt := range []struct {
		name           string
		timeout, limit time.Duration
	}{{"time is left", time.Hour, 31 * time.Second}, {"no time is left", 10 * time.Second, 13 * time.Second}} {
		t.Run(tt.name, func(t *testing.T) {
			inBubbleOf(t, func(t *testing.T, srv *server, transport http.RoundTripper) {
				client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport, Timeout: tt.timeout})
				packing := a.slowPacking()
				go packing.pack(t, a)
				srv.fail(fault{stream, silence(func() {})})
				began := time.Now()
				_, err := a.pushWhilePacking(t, client, packing.Packing, registry.PushOptions{}, "v1")
				assert.LessOrEqual(t, time.Since(began), tt.limit)
				if err != nil { // not at once: this clock stands still during a push
					requireKind(t, err, registry.ErrUnreachable)
				}
			})
		})
	}
}
