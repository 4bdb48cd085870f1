package registry_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
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

// The number of requests decides how long a push to a distant registry takes.
func TestRequestBudget(t *testing.T) {
	user := memregistry.Options{Users: users}
	token := memregistry.Options{Users: users, Bearer: true}
	for _, tt := range []struct {
		name             string
		opts             memregistry.Options
		tags             []string
		cold, same, next int // requests: to an empty repository, again, and of another layer
	}{
		{"without authentication", memregistry.Options{}, []string{"v1"}, 6, 3, 5},
		{"basic", user, []string{"v1"}, 7, 3, 5},
		{"bearer", token, []string{"v1"}, 8, 3, 5},
		{"three tags", memregistry.Options{}, []string{"v1", "v2", "v3"}, 10, 5, 9},
		{"three tags and bearer", token, []string{"v1", "v2", "v3"}, 12, 5, 9},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, a := start(t, tt.opts), newArtifact(t, "demo")
			opts := registry.Options{}
			if tt.opts.Users != nil {
				opts.Credential = ci
			}
			client := srv.client(t, opts)
			next := a.with(t, "next", a.blob(t, "next"))
			for _, push := range []struct {
				of        artifact
				unchanged bool
				want      int
			}{{a, false, tt.cold}, {a, true, tt.same}, {next, false, tt.next}} {
				result, err := push.of.push(t, client, registry.PushOptions{}, tt.tags...)
				require.NoError(t, err)
				assert.Equal(t, push.unchanged, result.Unchanged)
				assert.Len(t, srv.requests(a), push.want)
			}
		})
	}
}

// Events arrive in the order of the manifest, whatever finishes first, and need no lock.
func TestPushEventsAreInOrder(t *testing.T) {
	a := newArtifact(t, "demo")
	var layers []ocispec.Descriptor
	for i := range 5 {
		layers = append(layers, a.blob(t, fmt.Sprint("layer ", i)))
	}
	a = a.with(t, "many layers", layers...)
	inBubbleOf(t, func(t *testing.T, srv *server, transport http.RoundTripper) {
		client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport})
		srv.fail(fault{upload(a.Config.Digest), func(w http.ResponseWriter, r *http.Request) {
			synctest.Wait() // until all other goroutines wait
			srv.registry.ServeHTTP(w, r)
		}})
		var got []ocispec.Descriptor
		_, err := a.push(t, client, registry.PushOptions{OnEvent: func(e registry.Event) {
			assert.False(t, e.Skipped)
			got = append(got, ocispec.Descriptor{MediaType: e.Descriptor.MediaType, Digest: e.Descriptor.Digest, Size: e.Descriptor.Size})
		}}, "v1")
		require.NoError(t, err)
		want := append([]ocispec.Descriptor{a.Config}, layers...)
		assert.Equal(t, append(want, a.Manifest), got)
	})
}

// Blobs are uploaded four at a time, and tags are set after all of them.
func TestPushUploadsInParallel(t *testing.T) {
	a := newArtifact(t, "demo")
	var layers []ocispec.Descriptor
	for i := range 6 {
		layers = append(layers, a.blob(t, fmt.Sprint("layer ", i)))
	}
	a = a.with(t, "many layers", layers...)
	inBubbleOf(t, func(t *testing.T, srv *server, transport http.RoundTripper) {
		client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport})
		open := make(chan struct{})
		srv.fail(fault{"PUT blobs/", wait(srv, open)})
		done := make(chan error, 1)
		go func() {
			_, err := client.Push(t.Context(), a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
			done <- err
		}()
		synctest.Wait()
		assert.Equal(t, 4, srv.count("PUT blobs/"))
		assert.Equal(t, 4, srv.count("POST blobs/"))
		close(open)
		require.NoError(t, <-done)
		assert.Equal(t, 7, srv.count("PUT blobs/"))
		assert.Equal(t, 1, srv.count("PUT manifests/"))
	})
}

// blobSteps are the requests for a blob.
var blobSteps = []struct {
	name string
	of   func(ocispec.Descriptor) string
}{
	{"POST", func(d ocispec.Descriptor) string { return openUpload(d.Digest) }},
	{"PUT", func(d ocispec.Descriptor) string { return upload(d.Digest) }},
}

// eachBlob runs test with each of the two blobs at each of its steps.
func eachBlob(t *testing.T, a artifact, test func(t *testing.T, step string, blob, other ocispec.Descriptor)) {
	for _, step := range blobSteps {
		t.Run("config "+step.name, func(t *testing.T) { test(t, step.of(a.Config), a.Config, a.Layer) })
		t.Run("layer "+step.name, func(t *testing.T) { test(t, step.of(a.Layer), a.Layer, a.Config) })
	}
}

// A push can be cancelled while one of two uploads hangs.
func TestCancelWhileOneOfTwoUploadsHangs(t *testing.T) {
	a := newArtifact(t, "demo")
	eachBlob(t, a, func(t *testing.T, step string, _, other ocispec.Descriptor) {
		inBubbleOf(t, func(t *testing.T, srv *server, transport http.RoundTripper) {
			client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			srv.fail(fault{step, silence(func() {
				synctest.Wait() // until all else is done
				cancel()
			})})
			began := time.Now()
			_, err := client.Push(ctx, a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
			require.ErrorIs(t, err, context.Canceled)
			requireKind(t, err, nil)
			assert.Zero(t, time.Since(began), "it returns at once")
			assert.Equal(t, 1, srv.count(upload(other.Digest)), "the other one was sent")
			assert.Zero(t, srv.count("PUT manifests/"))
		})
	})
}

// A failure is returned immediately, although the other upload may never end.
func TestOneUploadFailsWhileTheOtherHangs(t *testing.T) {
	a := newArtifact(t, "demo")
	eachBlob(t, a, func(t *testing.T, step string, _, other ocispec.Descriptor) {
		inBubbleOf(t, func(t *testing.T, srv *server, transport http.RoundTripper) {
			client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			hangs := make(chan struct{})
			srv.fail(
				fault{step, func(w http.ResponseWriter, r *http.Request) {
					<-hangs
					status(http.StatusInsufficientStorage, "DENIED")(w, r)
				}},
				fault{upload(other.Digest), silence(func() { close(hangs) })},
			)
			began := time.Now()
			_, err := client.Push(ctx, a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
			failed := requireKind(t, err, registry.ErrServer)
			assert.Zero(t, srv.count("PUT manifests/"))
			assert.Equal(t, http.StatusInsufficientStorage, failed.StatusCode)
			assert.Zero(t, time.Since(began), "it returns at once")
		})
	})
}

// A hundred pushes share a client, a repository and a tag.
func TestPushFromManyGoroutines(t *testing.T) {
	const n = 100
	var artifacts []artifact
	base := newArtifact(t, "demo")
	for i := range n {
		artifacts = append(artifacts, base.with(t, fmt.Sprint(i), base.Layer, base.blob(t, fmt.Sprint("layer ", i%10))))
	}
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		srv := start(t, opts)
		client := srv.client(t, registry.Options{Credential: ci})
		var wg sync.WaitGroup
		for i, a := range artifacts {
			wg.Go(func() {
				var told []registry.Event
				result, err := a.push(t, client, registry.PushOptions{
					OnEvent: func(e registry.Event) { told = append(told, e) },
				}, fmt.Sprint("v", i), "latest")
				assert.NoError(t, err)
				assert.False(t, result.Unchanged)
				assert.Len(t, told, 5)
			})
		}
		wg.Wait()
		for i, a := range artifacts {
			pulled := new(packager.Store)
			desc, err := client.Pull(t.Context(), repository, fmt.Sprint("v", i), pulled, registry.PullOptions{})
			require.NoError(t, err, "it is complete")
			require.NoError(t, pulled.Close())
			assert.Equal(t, a.Manifest.Digest, desc.Digest)
		}
		latest := srv.digestOf(t, "latest")
		assert.True(t, slices.ContainsFunc(artifacts, func(a artifact) bool { return a.Manifest.Digest == latest }))
	})
}
