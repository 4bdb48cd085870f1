package registry_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// tagged responds with the manifest of a tag. An empty digest is omitted.
func tagged(mediaType string, data []byte, of digest.Digest) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		if of != "" {
			w.Header().Set("Docker-Content-Digest", string(of))
		}
		_, _ = w.Write(data)
	}
}

// bytesOf returns the manifest of an artifact.
func bytesOf(t testing.TB, a artifact) []byte {
	t.Helper()
	data, err := content.FetchAll(t.Context(), a.store, a.Manifest)
	require.NoError(t, err)
	return data
}

func TestLookupDigest(t *testing.T) {
	first, second := newArtifact(t, "first"), newArtifact(t, "second")
	index, image := []byte(`{"manifests":[]}`), []byte(`{"schemaVersion":2}`)
	srv := start(t, memregistry.Options{},
		fault{"GET manifests/index", tagged(ocispec.MediaTypeImageIndex, index, digest.FromBytes(index))},
		fault{"GET manifests/docker", tagged("application/vnd.docker.distribution.manifest.v2+json", image, digest.FromBytes(image))},
		fault{"GET manifests/refused", status(http.StatusForbidden, "DENIED")},
	)
	client := srv.client(t, registry.Options{})
	_, err := first.push(t, client, registry.PushOptions{}, "a1", "a2")
	require.NoError(t, err)
	_, err = second.push(t, client, registry.PushOptions{}, "b1", "b2")
	require.NoError(t, err)
	a, b := first.Manifest.Digest, second.Manifest.Digest
	want := map[string]digest.Digest{
		"a1": a, "a2": a, "b1": b, "b2": b, "index": digest.FromBytes(index), "docker": digest.FromBytes(image),
	}

	for _, tt := range []struct {
		name string
		tags []string
	}{
		{"one tag", []string{"a1"}},
		{"duplicate tag", []string{"a1", "a1"}},
		{"two tags of one manifest", []string{"a1", "a2"}},
		{"two manifests", []string{"a1", "b1"}},
		{"two manifests the other way round", []string{"b1", "a1"}},
		{"many tags", []string{"none", "b1", "a1", "b2", "a2", "b1", "a1"}},
		{"missing tag", []string{"none"}},
		{"index", []string{"index"}},
		{"image of Docker", []string{"docker"}},
		{"all kinds", []string{"index", "a1", "none", "docker", "b1"}},
		{"first one refused", []string{"refused", "a1"}},
		{"another one refused", []string{"a1", "refused"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv.requests(first)
			destination, err := client.Lookup(t.Context(), repository, tt.tags, registry.PushOptions{})
			require.NoError(t, err)
			for _, tag := range tt.tags {
				got, exists := destination.Digest(tag)
				if tt.tags[0] == "refused" { // the lookup ends there
					assert.False(t, exists, tag)
					continue
				}
				assert.Equal(t, want[tag], got, tag)
				assert.Equal(t, want[tag] != "", exists, tag)
			}
			_, exists := destination.Digest("other")
			assert.False(t, exists, "it was not looked up")
			var requests []string
			for _, tag := range tt.tags {
				requests = append(requests, "GET manifests/"+tag)
			}
			if tt.tags[0] == "refused" {
				requests = requests[:1]
			}
			requireRequests(t, srv.requests(first), requests)
		})
	}
}

// A tag that points to something other than an image manifest still counts as taken.
func TestLookupOfAnotherKind(t *testing.T) {
	a, other := newArtifact(t, "demo"), []byte(`{"manifests":[]}`)
	large := bytes.Repeat([]byte(" "), 4<<20+1)
	for _, tt := range []struct {
		name, mediaType string
		data            []byte
		of              digest.Digest
	}{
		{"index", ocispec.MediaTypeImageIndex, other, digest.FromBytes(other)},
		{"index without a digest", ocispec.MediaTypeImageIndex, other, ""},
		{"list of Docker", "application/vnd.docker.distribution.manifest.list.v2+json", other, digest.FromBytes(other)},
		{"image of Docker", "application/vnd.docker.distribution.manifest.v2+json", other, digest.FromBytes(other)},
		{"manifest over 4 MiB", ocispec.MediaTypeImageManifest, large, digest.FromBytes(large)},
		{"manifest over 4 MiB without a digest", ocispec.MediaTypeImageManifest, large, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, memregistry.Options{}, fault{"GET manifests/", tagged(tt.mediaType, tt.data, tt.of)})
			client := srv.client(t, registry.Options{})
			destination, err := client.Lookup(t.Context(), repository, []string{"v1"}, registry.PushOptions{ImmutableTags: true})
			require.NoError(t, err)
			got, exists := destination.Digest("v1")
			assert.True(t, exists)
			if tt.of != "" {
				assert.Equal(t, tt.of, got)
			}

			_, err = destination.Push(t.Context(), a.store, a.Manifest)
			requireKind(t, err, registry.ErrTagConflict)
			var conflict *registry.TagConflictError
			require.ErrorAs(t, err, &conflict)
			assert.Equal(t, "v1", conflict.Tag)
			assert.Equal(t, a.Manifest.Digest, conflict.Want)
			if tt.of != "" {
				assert.Equal(t, tt.of, conflict.Have)
			}
			assert.Equal(t, []string{"GET manifests/v1"}, srv.requests(a))

			result, err := a.push(t, client, registry.PushOptions{}, "v1")
			require.NoError(t, err)
			assert.False(t, result.Unchanged)
			requireRequests(t, srv.requests(a), append([]string{"GET manifests/v1", "PUT manifests/v1"}, uploads...))
			assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v1"))
		})
	}
}

// A response that no registry gives proves nothing, not even that the tag points to the
// manifest already. Immutable tags cannot be checked without a valid one.
func TestLookupOfInvalidResponses(t *testing.T) {
	a, other := newArtifact(t, "demo"), newArtifact(t, "other")
	data, image := bytesOf(t, a), ocispec.MediaTypeImageManifest
	changed := append([]byte(" "), data[1:]...)
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		kind   error
	}{
		{"web page", page(http.StatusOK), registry.ErrNotRegistry},
		{"web page with the digest", tagged("text/html", data, a.Manifest.Digest), registry.ErrNotRegistry},
		{"no media type", tagged("", data, a.Manifest.Digest), registry.ErrNotRegistry},
		{"digest of another manifest", tagged(image, data, other.Manifest.Digest), registry.ErrNotRegistry},
		{"digest that is none", tagged(image, data, "sha256:abc"), registry.ErrNotRegistry},
		{"other bytes", tagged(image, changed, a.Manifest.Digest), registry.ErrNotRegistry},
		{"too few bytes", tagged(image, data[1:], a.Manifest.Digest), registry.ErrNotRegistry},
		{"too many bytes", tagged(image, append(data[:len(data):len(data)], ' '), a.Manifest.Digest), registry.ErrNotRegistry},
		{"no bytes", tagged(image, nil, a.Manifest.Digest), registry.ErrNotRegistry},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := stored(t, a, fault{"GET manifests/", tt.answer})
			client := srv.client(t, registry.Options{})
			destination, err := client.Lookup(t.Context(), repository, []string{"v1"}, registry.PushOptions{ImmutableTags: true})
			require.NoError(t, err)
			_, exists := destination.Digest("v1")
			assert.False(t, exists)

			_, err = destination.Push(t.Context(), a.store, a.Manifest)
			requireKind(t, err, tt.kind)
			assert.Equal(t, []string{"GET manifests/v1"}, srv.requests(a))

			result, err := a.push(t, client, registry.PushOptions{}, "v1")
			require.NoError(t, err)
			assert.False(t, result.Unchanged)
			requireRequests(t, srv.requests(a), []string{"GET manifests/v1", openUpload("config"), openUpload("layer"), "PUT manifests/v1"})
		})
	}
}

// Headers that the specification does not require may be missing.
func TestLookupWithoutOptionalHeaders(t *testing.T) {
	a := newArtifact(t, "demo")
	data := bytesOf(t, a)
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"no digest", tagged(ocispec.MediaTypeImageManifest, data, "")},
		{"media type with a parameter", tagged(ocispec.MediaTypeImageManifest+"; charset=utf-8", data, a.Manifest.Digest)},
		{"no length", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
			_ = http.NewResponseController(w).Flush()
			_, _ = w.Write(data)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := stored(t, a, fault{"GET manifests/", tt.answer})
			destination, err := srv.client(t, registry.Options{}).Lookup(t.Context(), repository, []string{"v1"}, registry.PushOptions{ImmutableTags: true})
			require.NoError(t, err)
			got, exists := destination.Digest("v1")
			assert.True(t, exists)
			assert.Equal(t, a.Manifest.Digest, got)
			result, err := destination.Push(t.Context(), a.store, a.Manifest)
			require.NoError(t, err)
			assert.True(t, result.Unchanged)
			requireRequests(t, srv.requests(a), append([]string{"GET manifests/v1"}, confirmation...))
		})
	}
}

// An interrupted body is a failure, not a refusal.
func TestLookupOfABodyThatBreaksOff(t *testing.T) {
	a := newArtifact(t, "demo")
	srv := stored(t, a, fault{"GET manifests/v2", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.FormatInt(a.Manifest.Size, 10))
		w.Header().Set("Content-Type", a.Manifest.MediaType)
		w.Header().Set("Docker-Content-Digest", a.Manifest.Digest.String())
		_, _ = w.Write([]byte("{"))
		_ = http.NewResponseController(w).Flush()
		abort(w, r)
	}})
	for _, tags := range [][]string{{"v2"}, {"v1", "v2"}} {
		t.Run(strings.Join(tags, " "), func(t *testing.T) {
			destination, err := srv.client(t, registry.Options{}).Lookup(t.Context(), repository, tags, registry.PushOptions{})
			failed := requireKind(t, err, registry.ErrUnreachable)
			assert.Nil(t, destination)
			assert.Equal(t, "push to", failed.Op)
			assert.Equal(t, srv.host+"/"+repository, failed.Reference)
		})
	}
}

// The request for the first tag fetches the token for all later requests.
func TestLookupWithABearerToken(t *testing.T) {
	srv, a := start(t, memregistry.Options{Users: users, Bearer: true}), newArtifact(t, "demo")
	tags := []string{"t0", "t1", "t2", "t3", "t4", "t5"}
	var rest []string
	for _, tag := range tags[1:] {
		rest = append(rest, "GET manifests/"+tag)
	}
	destination, err := srv.client(t, registry.Options{Credential: ci}).Lookup(t.Context(), repository, tags, registry.PushOptions{})
	require.NoError(t, err)
	log := srv.requests(a)
	require.Len(t, log, 8)
	assert.Equal(t, []string{"GET manifests/t0", "GET /token", "GET manifests/t0"}, log[:3])
	requireRequests(t, log[3:], rest)

	_, err = destination.Push(t.Context(), a.store, a.Manifest)
	require.NoError(t, err)
	assert.Zero(t, srv.count("GET /token"), "it allows the push as well")
}

// The other tags are looked up four at a time.
func TestLookupAsksForTheFirstTagAlone(t *testing.T) {
	inBubbleOf(t, func(t *testing.T, srv *server, transport http.RoundTripper) {
		client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport})
		first, others := make(chan struct{}), make(chan struct{})
		srv.fail(fault{"GET manifests/t0", wait(srv, first)}, fault{"GET manifests/", wait(srv, others)})
		done := make(chan error, 1)
		go func() {
			_, err := client.Lookup(t.Context(), repository, []string{"t0", "t1", "t2", "t3", "t4", "t5"}, registry.PushOptions{})
			done <- err
		}()
		synctest.Wait()
		assert.Equal(t, 0, srv.count("GET manifests/")-srv.count("GET manifests/t0"), "while the first one is not answered")
		close(first)
		synctest.Wait()
		assert.Equal(t, 4, srv.count("GET manifests/")-srv.count("GET manifests/t0"))
		close(others)
		require.NoError(t, <-done)
		assert.Equal(t, 5, srv.count("GET manifests/")-srv.count("GET manifests/t0"))
	})
}

// wait delays the response until open is closed.
func wait(srv *server, open <-chan struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-open:
			srv.registry.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}
}

// After a refusal the password is not sent again for other tags.
func TestLookupEndsWithARefusal(t *testing.T) {
	for _, code := range []int{401, 403, 405, 501} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			srv, a := start(t, memregistry.Options{}, fault{"GET manifests/", status(code, "")}), newArtifact(t, "demo")
			destination, err := srv.client(t, registry.Options{Credential: ci}).Lookup(t.Context(), repository, []string{"v1", "v2", "v3"}, registry.PushOptions{ImmutableTags: true})
			require.NoError(t, err)
			assert.Equal(t, []string{"GET manifests/v1"}, srv.requests(a))
			_, err = destination.Push(t.Context(), a.store, a.Manifest)
			assert.Equal(t, code, requireError(t, err).StatusCode)
			assert.Empty(t, srv.requests(a))
		})
	}
}

// Changes to the tags after the lookup have no effect.
func TestLookupTagsAreCopied(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "demo")
	tags := []string{"v1", "v2"}
	destination, err := srv.client(t, registry.Options{}).Lookup(t.Context(), repository, tags, registry.PushOptions{})
	require.NoError(t, err)
	tags[0], tags[1] = "..", "v3"
	_, err = destination.Push(t.Context(), a.store, a.Manifest)
	require.NoError(t, err)
	assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v1"))
	assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v2"))
	assert.Empty(t, srv.digestOf(t, "v3"))
}

// The lookup takes a part of the time of a push. The error names all of it, because
// that is the value of Timeout.
func TestTimeoutAfterALookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, "localhost", registry.Options{Timeout: 10 * time.Second, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodGet {
				time.Sleep(3 * time.Second)
				return inProcess{refusal(http.StatusNotFound, "MANIFEST_UNKNOWN", "")}.RoundTrip(r)
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		})})
		began := time.Now()
		_, err := newArtifact(t, "demo").push(t, client, registry.PushOptions{}, "v1")
		require.ErrorContains(t, err, "not done within 10s")
		assert.Equal(t, 10*time.Second, time.Since(began))
		assert.True(t, requireError(t, err).Retryable())
	})
}
