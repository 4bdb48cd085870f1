package registry_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// newBigArtifact returns one whose layer is worth sending early.
func newBigArtifact(t testing.TB, name string) artifact {
	t.Helper()
	layer := make([]byte, 1<<20)
	_, _ = rand.NewChaCha8([32]byte([]byte(name + string(make([]byte, 32)))[:32])).Read(layer)
	a := newArtifact(t, name)
	a.Layer = a.blob(t, string(layer))
	return a.with(t, name, a.Layer)
}

// packing returns the artifact as one that has just been packed.
func (a artifact) packing() registry.Packing {
	return registry.Packing{
		Layer: func(ctx context.Context) (io.ReadCloser, error) { return a.store.Fetch(ctx, a.Layer) },
		Blobs: func(context.Context) ([]ocispec.Descriptor, error) {
			return []ocispec.Descriptor{a.Config, a.Layer}, nil
		},
	}
}

// pushWhilePacking pushes an artifact whose lookup knew it as packing.
func (a artifact) pushWhilePacking(t testing.TB, c *registry.Client, packing registry.Packing, opts registry.PushOptions, tags ...string) (registry.PushResult, error) {
	t.Helper()
	destination, err := c.LookupWhilePacking(t.Context(), repository, tags, opts, packing)
	if err != nil {
		return registry.PushResult{}, err
	}
	return destination.Push(t.Context(), a.store, a.Manifest)
}

// requireStored requires that a tag points to the artifact and that all of it can be read.
func (s *server) requireStored(t testing.TB, a artifact, tag string) {
	t.Helper()
	require.Equal(t, a.Manifest.Digest, s.digestOf(t, tag))
	client := newClient(t, "localhost", registry.Options{Transport: inProcess{s.registry}})
	_, err := client.Pull(t.Context(), repository, tag, new(packager.Store), registry.PullOptions{})
	require.NoError(t, err)
}

// A registry that accepts the config in one request is asked for blobs while the tags are
// looked up, and sent those that it lacks in one request.
func TestPushToARegistryThatTakesASinglePost(t *testing.T) {
	srv, first := start(t, memregistry.Options{}), newArtifact(t, "first")
	client := srv.client(t, registry.Options{})
	for _, tt := range []struct {
		name      string
		of        artifact
		tag       string
		unchanged bool
		events    []string
		want      []string
	}{
		{
			"unknown registry", first, "v1", false,
			[]string{"config", "layer", "v1"},
			[]string{post("config"), openUpload("layer"), upload("layer"), "PUT manifests/v1"},
		},
		{"unchanged", first, "v1", true, []string{"(v1)"}, []string{"HEAD blobs/config", "HEAD blobs/layer"}},
		{
			"another artifact", newArtifact(t, "second"), "v2", false,
			[]string{"config", "layer", "v2"},
			[]string{"HEAD blobs/config", "HEAD blobs/layer", post("config"), post("layer"), "PUT manifests/v2"},
		},
		{
			"another tag", first, "v3", false,
			[]string{"(config)", "(layer)", "v3"},
			[]string{"HEAD blobs/config", "HEAD blobs/layer", "PUT manifests/v3"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var told []string
			packing := tt.of.packing()
			looked := make(chan struct{})
			if tt.name != "unknown registry" { // the lookup waits for the questions
				srv.fail(fault{"GET manifests/", func(w http.ResponseWriter, r *http.Request) {
					<-looked
					srv.registry.ServeHTTP(w, r)
				}}, fault{"HEAD blobs/" + tt.of.Layer.Digest.String(), func(w http.ResponseWriter, r *http.Request) {
					close(looked)
					srv.registry.ServeHTTP(w, r)
				}})
			}
			result, err := tt.of.pushWhilePacking(t, client, packing, registry.PushOptions{OnEvent: events(tt.of, &told)}, tt.tag)
			require.NoError(t, err)
			srv.fail()
			assert.Equal(t, tt.unchanged, result.Unchanged)
			assert.Equal(t, tt.events, told)
			requireRequests(t, srv.requests(tt.of), append(tt.want, "GET manifests/"+tt.tag))
			srv.requireStored(t, tt.of, tt.tag)
		})
	}
}

// An artifact that is packed after the tags are looked up is pushed as usual.
func TestPushOfAnArtifactThatIsPackedLate(t *testing.T) {
	srv, a, next := start(t, memregistry.Options{}), newArtifact(t, "demo"), newArtifact(t, "next")
	client := srv.client(t, registry.Options{})
	_, err := a.pushWhilePacking(t, client, a.packing(), registry.PushOptions{}, "v1")
	require.NoError(t, err)
	srv.requests(a)
	late := next.packing()
	late.Blobs = func(ctx context.Context) ([]ocispec.Descriptor, error) {
		<-ctx.Done() // the lookup does not wait
		return nil, ctx.Err()
	}
	_, err = next.pushWhilePacking(t, client, late, registry.PushOptions{}, "v1")
	require.NoError(t, err)
	requireRequests(t, srv.requests(next), []string{
		"GET manifests/v1", post("config"), openUpload("layer"), upload("layer"), "PUT manifests/v1",
	})
	srv.requireStored(t, next, "v1")
}

// distant returns a registry to which each request takes a second.
func distant(registry http.Handler) roundTripper {
	return func(r *http.Request) (*http.Response, error) {
		time.Sleep(time.Second)
		return inProcess{registry}.RoundTrip(r)
	}
}

// The time of a push to a distant registry is that of the requests that wait for another.
func TestRoundTripsOfAPush(t *testing.T) {
	first, second, large := newArtifact(t, "first"), newArtifact(t, "second"), newBigArtifact(t, "large")
	larger := newBigArtifact(t, "larger")
	for _, tt := range []struct {
		name string
		opts memregistry.Options
		want []int // for the pushes below
	}{
		{"single post", memregistry.Options{}, []int{4, 3, 1, 4, 5}},
		{"no single post", memregistry.Options{NoSinglePost: true}, []int{4, 4, 2, 4, 5}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := newClient(t, "localhost", registry.Options{Transport: distant(memregistry.Handler(tt.opts))})
				for i, push := range []struct {
					of     artifact
					tag    string
					packed time.Duration // after the beginning of the push
				}{{first, "v1", 0}, {second, "v2", 0}, {second, "v2", 0}, {large, "v3", 1500 * time.Millisecond}, {larger, "v4", 2900 * time.Millisecond}} {
					packing := push.of.packing()
					packing.Blobs = func(ctx context.Context) ([]ocispec.Descriptor, error) {
						time.Sleep(push.packed)
						return push.of.packing().Blobs(ctx)
					}
					began := time.Now()
					_, err := push.of.pushWhilePacking(t, client, packing, registry.PushOptions{}, push.tag)
					require.NoError(t, err)
					assert.Equal(t, tt.want[i], int(time.Since(began).Seconds()), "push %d", i)
				}
			})
		})
	}
}

// Each response to the first blob that is sent in one request leads to a complete push, or
// to an error. The client does not repeat a request that was refused.
func TestSinglePostFaults(t *testing.T) {
	a, next := newArtifact(t, "demo"), newArtifact(t, "next")
	created := func(digest string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/v2/"+repository+"/blobs/"+digest)
			w.Header().Set("Docker-Content-Digest", digest)
			w.WriteHeader(http.StatusCreated)
		}
	}
	for _, tt := range []struct {
		name   string
		answer func(srv *server) http.HandlerFunc
		posts  int // of both pushes
	}{
		{"accepted", nil, 2},
		{"an upload without a location", func(*server) http.HandlerFunc { return status(http.StatusAccepted, "UNKNOWN") }, 1},
		{"an upload elsewhere", func(*server) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "https://storage.example.com/upload")
				w.WriteHeader(http.StatusAccepted)
			}
		}, 1},
		{"another digest", func(*server) http.HandlerFunc { return created(next.Layer.Digest.String()) }, 1},
		{"not stored", func(srv *server) http.HandlerFunc {
			srv.fail(fault{"PUT manifests/", lacking(t, srv, a.Config, status(http.StatusNotFound, "MANIFEST_BLOB_UNKNOWN"))})
			return created(a.Config.Digest.String())
		}, 1},
		{"not stored, with an odd code", func(srv *server) http.HandlerFunc {
			srv.fail(fault{"PUT manifests/", lacking(t, srv, a.Config, status(http.StatusBadRequest, "MANIFEST_INVALID"))})
			return created(a.Config.Digest.String())
		}, 1},
		{"an upload", func(srv *server) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				r.URL.RawQuery = ""
				srv.registry.ServeHTTP(w, r)
			}
		}, 1},
		{"cut", func(*server) http.HandlerFunc { return abort }, 1},
		{"cut in the body", func(*server) http.HandlerFunc {
			return func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.CopyN(io.Discard, r.Body, 10)
				panic(http.ErrAbortHandler)
			}
		}, 1},
		{"stored, and cut", func(srv *server) http.HandlerFunc {
			return func(_ http.ResponseWriter, r *http.Request) {
				_, _ = inProcess{srv.registry}.RoundTrip(r)
				panic(http.ErrAbortHandler)
			}
		}, 1},
		{"redirect to another host", func(*server) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://storage.example.com/", http.StatusTemporaryRedirect)
			}
		}, 1},
		{"redirect loop", func(*server) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, r.URL.RequestURI(), http.StatusTemporaryRedirect)
			}
		}, 10},
		{"400", func(*server) http.HandlerFunc { return status(http.StatusBadRequest, "UNSUPPORTED") }, 1},
		{"403", func(*server) http.HandlerFunc { return status(http.StatusForbidden, "DENIED") }, 1},
		{"404", func(*server) http.HandlerFunc { return status(http.StatusNotFound, "") }, 1},
		{"405", func(*server) http.HandlerFunc { return status(http.StatusMethodNotAllowed, "UNSUPPORTED") }, 1},
		{"411", func(*server) http.HandlerFunc { return status(http.StatusLengthRequired, "") }, 1},
		{"413", func(*server) http.HandlerFunc { return status(http.StatusRequestEntityTooLarge, "") }, 1},
		{"415", func(*server) http.HandlerFunc { return status(http.StatusUnsupportedMediaType, "") }, 1},
		{"501", func(*server) http.HandlerFunc { return status(http.StatusNotImplemented, "") }, 1},
		{"500", func(*server) http.HandlerFunc { return status(http.StatusInternalServerError, "UNKNOWN") }, 1},
		{"503", func(*server) http.HandlerFunc { return status(http.StatusServiceUnavailable, "") }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, memregistry.Options{})
			if tt.answer != nil {
				answer := tt.answer(srv)
				srv.fail(append(slices.Clone(srv.faults), fault{post(""), answer})...)
			}
			client := srv.client(t, registry.Options{})
			for _, push := range []artifact{a, next} {
				_, err := push.pushWhilePacking(t, client, push.packing(), registry.PushOptions{}, push.Manifest.Digest.Encoded())
				require.NoError(t, err)
				srv.requireStored(t, push, push.Manifest.Digest.Encoded())
			}
			if tt.answer == nil {
				assert.GreaterOrEqual(t, srv.count(post("")), tt.posts)
			} else {
				assert.Equal(t, tt.posts, srv.count(post("")))
			}
		})
	}
}

// A registry that denies such a request gets the password once.
func TestSinglePostThatIsDenied(t *testing.T) {
	a := newArtifact(t, "demo")
	srv := start(t, memregistry.Options{}, fault{post(""), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="other"`)
		refusal(http.StatusUnauthorized, "UNAUTHORIZED", "sorry")(w, r)
	}})
	_, err := a.pushWhilePacking(t, srv.client(t, registry.Options{Credential: ci}), a.packing(), registry.PushOptions{}, "v1")
	requireKind(t, err, registry.ErrPermissionDenied)
	assert.Equal(t, 2, srv.count(post("")), "without the password and with it")
}

// A source that has only what the registry lacks is enough.
func TestSinglePostWithoutTheConfig(t *testing.T) {
	a := newArtifact(t, "demo")
	srv := stored(t, a)
	destination, err := srv.client(t, registry.Options{}).LookupWhilePacking(t.Context(), repository, []string{"v2"}, registry.PushOptions{}, registry.Packing{})
	require.NoError(t, err)
	_, err = destination.Push(t.Context(), without(a), a.Manifest)
	require.NoError(t, err)
	srv.requireStored(t, a, "v2")
}
