package discard_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubeoci/oci/bench/internal/discard"
)

const name = "team/apps"

// start starts a registry and returns a client of one of its repositories.
func start(t *testing.T, opts discard.Options) (*discard.Server, *remote.Repository) {
	t.Helper()
	server, err := discard.Start(opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return server, repository(t, server, name)
}

func repository(t *testing.T, server *discard.Server, name string) *remote.Repository {
	t.Helper()
	repo, err := remote.NewRepository(server.Host + "/" + name)
	require.NoError(t, err)
	repo.PlainHTTP = true
	repo.Client = &auth.Client{
		Cache:      auth.NewCache(),
		Credential: auth.StaticCredential(server.Host, auth.Credential{Username: "user", Password: "secret"}),
	}
	return repo
}

// pack returns a store with an artifact of one layer, tagged v1.
func pack(t *testing.T, layer []byte) (*memory.Store, ocispec.Descriptor, ocispec.Descriptor) {
	t.Helper()
	store := memory.New()
	blob, err := oras.PushBytes(t.Context(), store, ocispec.MediaTypeImageLayerGzip, layer)
	require.NoError(t, err)
	manifest, err := oras.PackManifest(t.Context(), store, oras.PackManifestVersion1_1, "application/vnd.test",
		oras.PackManifestOptions{Layers: []ocispec.Descriptor{blob}})
	require.NoError(t, err)
	require.NoError(t, store.Tag(t.Context(), manifest, "v1"))
	return store, manifest, blob
}

func TestPush(t *testing.T) {
	server, repo := start(t, discard.Options{})
	layer := bytes.Repeat([]byte("layer "), 100_000)
	store, manifest, blob := pack(t, layer)

	_, err := oras.Copy(t.Context(), store, "v1", repo, "v1", oras.DefaultCopyOptions)
	require.NoError(t, err)
	seen := server.Traffic("")
	assert.Equal(t, map[digest.Digest]int64{blob.Digest: blob.Size, ocispec.DescriptorEmptyJSON.Digest: 2}, seen.Blobs)
	assert.Equal(t, blob.Size+2+manifest.Size, seen.Bytes)
	assert.Contains(t, seen.Requests, "HEAD /v2/team/apps/blobs/"+blob.Digest.String())
	assert.Contains(t, seen.Requests, "PUT /v2/team/apps/manifests/v1")
	assert.Equal(t, seen, server.Traffic(name))
	assert.Empty(t, server.Traffic("another"))
	resp, err := http.Get("http://" + server.Host + "/v2/")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, []string{"GET /v2/"}, server.Traffic("another").Requests, "a ping is part of a push")
	server.Reset()
	assert.Empty(t, server.Traffic(""))

	for _, ref := range []string{"v1", manifest.Digest.String()} {
		found, err := repo.Resolve(t.Context(), ref)
		require.NoError(t, err)
		assert.Equal(t, manifest.Digest, found.Digest)
		assert.Equal(t, manifest.Size, found.Size)
		assert.Equal(t, ocispec.MediaTypeImageManifest, found.MediaType)
	}
	want, err := content.FetchAll(t.Context(), store, manifest)
	require.NoError(t, err)
	data, err := content.FetchAll(t.Context(), repo, manifest)
	require.NoError(t, err)
	assert.Equal(t, want, data)
	data, found := server.Manifest(name, "v1")
	assert.True(t, found)
	assert.Equal(t, want, data)

	config, err := content.FetchAll(t.Context(), repo.Blobs(), ocispec.DescriptorEmptyJSON)
	require.NoError(t, err, "small blobs are kept")
	assert.Equal(t, "{}", string(config))
	_, err = content.FetchAll(t.Context(), repo.Blobs(), blob)
	assert.Error(t, err, "large ones are not")
	exists, err := repo.Blobs().Exists(t.Context(), blob)
	require.NoError(t, err)
	assert.True(t, exists, "but they exist")

	server.Forget(name)
	exists, err = repo.Exists(t.Context(), manifest)
	require.NoError(t, err)
	assert.False(t, exists)
}

func TestMount(t *testing.T) {
	server, repo := start(t, discard.Options{})
	_, _, blob := pack(t, []byte("layer"))
	require.NoError(t, repo.Push(t.Context(), blob, strings.NewReader("layer")))
	server.Reset()

	other := repository(t, server, "other")
	require.NoError(t, other.Mount(t.Context(), blob, name, nil))
	assert.Equal(t, []string{"POST /v2/other/blobs/uploads/?mount=" + blob.Digest.String() + "&from=" + name}, server.Traffic("").Requests)
	exists, err := other.Blobs().Exists(t.Context(), blob)
	require.NoError(t, err)
	assert.True(t, exists)

	unknown := content.NewDescriptorFromBytes("", []byte("unknown"))
	err = other.Mount(t.Context(), unknown, name, func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("unknown")), nil
	})
	require.NoError(t, err, "it is an upload")
	assert.Equal(t, int64(7), server.Traffic("").Blobs[unknown.Digest])
}

func TestToken(t *testing.T) {
	server, repo := start(t, discard.Options{Username: "user", Password: "secret"})
	store, _, _ := pack(t, []byte("layer"))
	_, err := oras.Copy(t.Context(), store, "v1", repo, "v1", oras.DefaultCopyOptions)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(server.Traffic("").Requests[1], "GET /token?"))
	assert.Equal(t, server.Traffic("").Requests, server.Traffic(name).Requests)
	assert.Empty(t, server.Traffic("team/app").Requests, "the token is for another repository")

	resp, err := http.Get("http://" + server.Host + "/v2/team/apps/manifests/v1")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	assert.Equal(t, `Bearer realm="http://`+server.Host+`/token",service="discard",scope="repository:team/apps:pull,push"`,
		resp.Header.Get("WWW-Authenticate"))

	repo.Client = &auth.Client{Credential: auth.StaticCredential(server.Host, auth.Credential{Username: "user", Password: "wrong"})}
	_, err = repo.Resolve(t.Context(), "v1")
	assert.Error(t, err)
}

func TestDelay(t *testing.T) {
	const delay = 30 * time.Millisecond
	server, repo := start(t, discard.Options{Delay: delay})
	start := time.Now()
	_, _, blob := pack(t, []byte("layer"))
	require.NoError(t, repo.Push(t.Context(), blob, strings.NewReader("layer")))
	assert.GreaterOrEqual(t, time.Since(start), 2*delay)
	seen := server.Traffic("")
	assert.Len(t, seen.Requests, 2)
	assert.Equal(t, 2, seen.Trips)
}

// TestTrips counts the responses that a client has to wait for, however slow it is.
func TestTrips(t *testing.T) {
	server, repo := start(t, discard.Options{Delay: 50 * time.Millisecond})
	var group sync.WaitGroup
	for _, ref := range []string{"a", "b", "c"} {
		group.Go(func() {
			_, err := repo.Resolve(t.Context(), ref)
			assert.ErrorIs(t, err, errdef.ErrNotFound)
		})
	}
	group.Wait()
	assert.Equal(t, 1, server.Traffic(name).Trips)

	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+server.Host+"/v2/"+name+"/blobs/uploads/?digest="+digest.FromString("x").String(), strings.NewReader("x"))
	require.NoError(t, err)
	r.Header.Set("Expect", "100-continue")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, 3, server.Traffic(name).Trips, "100 Continue is a response")
}

func TestTLS(t *testing.T) {
	server, _ := start(t, discard.Options{TLS: true, Username: "user", Password: "secret"})
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(server.Certificate()))
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots}}}
	resp, err := client.Get("https://" + server.Host + "/v2/")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, 2, resp.ProtoMajor)
	assert.Contains(t, resp.Header.Get("WWW-Authenticate"), "https://"+server.Host+"/token")
	client.CloseIdleConnections()
}

func TestBandwidth(t *testing.T) {
	_, repo := start(t, discard.Options{Bandwidth: 1e6, KeepBlobs: t.TempDir()})
	layer := bytes.Repeat([]byte("layer "), 50_000)
	_, _, blob := pack(t, layer)
	began := time.Now()
	require.NoError(t, repo.Push(t.Context(), blob, bytes.NewReader(layer)))
	assert.GreaterOrEqual(t, time.Since(began), 250*time.Millisecond)
	began = time.Now()
	_, err := content.FetchAll(t.Context(), repo.Blobs(), blob)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, time.Since(began), 250*time.Millisecond)
}

func TestKeepBlobs(t *testing.T) {
	dir := t.TempDir()
	server, repo := start(t, discard.Options{KeepBlobs: dir})
	layer := bytes.Repeat([]byte("layer "), 100_000)
	_, _, blob := pack(t, layer)
	require.NoError(t, repo.Push(t.Context(), blob, bytes.NewReader(layer)))
	kept, err := os.ReadFile(filepath.Join(dir, blob.Digest.Encoded()))
	require.NoError(t, err)
	assert.Equal(t, layer, kept)
	server.Reset()
	fetched, err := content.FetchAll(t.Context(), repo.Blobs(), blob)
	require.NoError(t, err)
	assert.Equal(t, layer, fetched)
	assert.Equal(t, blob.Size, server.Traffic(name).Sent)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

// do sends a request that oras-go does not send.
func do(t *testing.T, h http.Handler, method, path, body string) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body)))
	return w.Result()
}

func TestUploads(t *testing.T) {
	registry := discard.New(discard.Options{})
	d := digest.FromString("some bytes")
	const uploads = "/v2/a/blobs/uploads/"

	whole := do(t, registry, http.MethodPost, uploads+"?digest="+d.String(), "some bytes")
	assert.Equal(t, http.StatusCreated, whole.StatusCode)
	assert.Equal(t, d.String(), whole.Header.Get("Docker-Content-Digest"))
	assert.Equal(t, "10", do(t, registry, http.MethodHead, "/v2/a/blobs/"+d.String(), "").Header.Get("Content-Length"))

	session := do(t, registry, http.MethodPost, uploads, "").Header.Get("Location")
	first := do(t, registry, http.MethodPatch, session, "some ")
	assert.Equal(t, http.StatusAccepted, first.StatusCode)
	assert.Equal(t, "0-4", first.Header.Get("Range"))
	assert.Equal(t, http.StatusNoContent, do(t, registry, http.MethodGet, session, "").StatusCode)
	registry.Reset()
	assert.Equal(t, http.StatusBadRequest, do(t, registry, http.MethodPut, session, "").StatusCode, "no digest")
	assert.Equal(t, http.StatusCreated, do(t, registry, http.MethodPut, session+"?digest="+d.String(), "bytes").StatusCode)
	assert.Equal(t, map[digest.Digest]int64{d: 10}, registry.Traffic("").Blobs)
	assert.Equal(t, http.StatusNotFound, do(t, registry, http.MethodPatch, session, "").StatusCode)

	session = do(t, registry, http.MethodPost, uploads, "").Header.Get("Location")
	assert.Equal(t, http.StatusNoContent, do(t, registry, http.MethodDelete, session, "").StatusCode)
	assert.Equal(t, http.StatusNotFound, do(t, registry, http.MethodGet, session, "").StatusCode)

	old := discard.New(discard.Options{NoSinglePOST: true})
	assert.Equal(t, http.StatusAccepted, do(t, old, http.MethodPost, uploads+"?digest="+d.String(), "some bytes").StatusCode)
}

func TestRefusals(t *testing.T) {
	registry := discard.New(discard.Options{})
	unknown := digest.FromString("unknown").String()
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/v2/", http.StatusOK},
		{http.MethodGet, "/v2/a/manifests/v1", http.StatusNotFound},
		{http.MethodHead, "/v2/a/blobs/" + unknown, http.StatusNotFound},
		{http.MethodPut, "/v2/a/manifests/" + unknown, http.StatusBadRequest},
		{http.MethodDelete, "/v2/a/manifests/v1", http.StatusMethodNotAllowed},
		{http.MethodDelete, "/v2/a/blobs/" + unknown, http.StatusMethodNotAllowed},
		{http.MethodGet, "/elsewhere", http.StatusNotFound},
	} {
		assert.Equal(t, tt.status, do(t, registry, tt.method, tt.path, "x").StatusCode, tt.method+" "+tt.path)
	}
}
