package registry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

const (
	repository = "apps/demo"
	password   = "canary-7d1f"
)

// users are the users of registries that require a credential.
var users = map[string]memregistry.User{
	"ci":    {Password: password},
	"guest": {Password: password, ReadOnly: true},
}

var ci = registry.Credential{Username: "ci", Password: password}

// artifact is a packed tree and its store.
type artifact struct {
	packager.Result
	store *packager.Store
}

// newArtifact packs one manifest file. Another name makes another artifact.
func newArtifact(t testing.TB, name string) artifact {
	t.Helper()
	files := fstest.MapFS{"app.yaml": {Data: fmt.Appendf(nil, "kind: ConfigMap\nmetadata: {name: %s}\n", name)}}
	set, err := manifests.CollectFS(t.Context(), files, manifests.Options{})
	require.NoError(t, err)
	store := new(packager.Store)
	t.Cleanup(func() { _ = store.Close() })
	result, err := packager.Pack(t.Context(), store, set, packager.LayoutRoot, packager.Options{})
	require.NoError(t, err)
	return artifact{result, store}
}

// push is [registry.Client.Push] to the repository of all tests.
func (a artifact) push(t testing.TB, c *registry.Client, opts registry.PushOptions, tags ...string) (registry.PushResult, error) {
	t.Helper()
	return c.Push(t.Context(), a.store, a.Manifest, repository, tags, opts)
}

// blob puts another blob into the artifact's store.
func (a artifact) blob(t testing.TB, text string) ocispec.Descriptor {
	t.Helper()
	return a.put(t, ocispec.MediaTypeImageLayer, []byte(text))
}

// with returns an artifact with the same config and other layers in the same store.
// Another name makes another artifact with the same layers.
func (a artifact) with(t testing.TB, name string, layers ...ocispec.Descriptor) artifact {
	t.Helper()
	data, err := json.Marshal(ocispec.Manifest{
		Versioned:   specs.Versioned{SchemaVersion: 2},
		MediaType:   ocispec.MediaTypeImageManifest,
		Config:      a.Config,
		Layers:      layers,
		Annotations: map[string]string{"name": name},
	})
	require.NoError(t, err)
	a.Manifest = a.put(t, ocispec.MediaTypeImageManifest, data)
	return a
}

func (a artifact) put(t testing.TB, mediaType string, data []byte) ocispec.Descriptor {
	t.Helper()
	desc := content.NewDescriptorFromBytes(mediaType, data)
	if err := a.store.Push(t.Context(), desc, bytes.NewReader(data)); !errors.Is(err, errdef.ErrAlreadyExists) {
		require.NoError(t, err)
	}
	return desc
}

// server is a registry that logs its requests, and has faults for some of them.
type server struct {
	*httptest.Server
	host     string
	opts     memregistry.Options
	registry http.Handler // without log and faults

	mu     sync.Mutex
	faults []fault
	log    []string
}

// fault handles the requests whose description, see describe, starts with step.
type fault struct {
	step    string
	handler http.HandlerFunc
}

func start(t testing.TB, opts memregistry.Options, faults ...fault) *server {
	t.Helper()
	s := newServer(opts, faults...)
	s.Start()
	s.host = s.Listener.Addr().String()
	t.Cleanup(s.Close)
	return s
}

// newServer returns a server that has not been started.
func newServer(opts memregistry.Options, faults ...fault) *server {
	s := &server{opts: opts, registry: memregistry.Handler(opts), faults: faults}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		step := describe(r)
		s.mu.Lock()
		s.log = append(s.log, step)
		faults := s.faults
		s.mu.Unlock()
		for _, f := range faults {
			if strings.HasPrefix(step, f.step) {
				f.handler(w, r)
				return
			}
		}
		s.registry.ServeHTTP(w, r)
	}))
	s.Config.ErrorLog = quiet
	return s
}

// fail replaces the faults of the server.
func (s *server) fail(faults ...fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults
}

// once answers the first of the requests with h, and leaves the others to the
// registry.
func (s *server) once(h http.HandlerFunc) http.HandlerFunc {
	var answered atomic.Bool
	return func(w http.ResponseWriter, r *http.Request) {
		if answered.CompareAndSwap(false, true) {
			h(w, r)
			return
		}
		s.registry.ServeHTTP(w, r)
	}
}

// describe returns the method and the path within the repository, and the blob of an
// upload if the request names it.
func describe(r *http.Request) string {
	path, query := strings.TrimPrefix(r.URL.Path, "/v2/"+repository+"/"), r.URL.Query()
	switch {
	case !strings.HasPrefix(path, "blobs/uploads/"):
	case r.Method != http.MethodPost:
		path = "blobs/uploads/id"
		if query.Has("digest") {
			path += "?digest=" + query.Get("digest")
		}
	case query.Has("digest"):
		path += "?digest=" + query.Get("digest")
	case query.Has("mount"):
		path += "?mount=" + query.Get("mount") + "&from=" + query.Get("from")
	}
	return r.Method + " " + path
}

// openUpload is the request that mounts a blob or opens its upload, and upload the one
// that sends it. The blob is a digest, or "config" or "layer" as in [server.requests].
func openUpload[T ~string](blob T) string {
	return "POST blobs/uploads/?mount=" + string(blob) + "&from=" + repository
}

func upload[T ~string](blob T) string { return "PUT blobs/uploads/id?digest=" + string(blob) }

// cancellation cancels an upload.
const cancellation = "DELETE blobs/uploads/id"

// post sends a blob with the request that opens its upload.
func post[T ~string](blob T) string { return "POST blobs/uploads/?digest=" + string(blob) }

// stream sends the content of an upload whose digest is not known.
const stream = "PATCH blobs/uploads/id"

// plainUpload opens an upload without naming the blob.
const plainUpload = "POST blobs/uploads/"

// requests returns the log so far and starts a new one. Digests are replaced by names.
func (s *server) requests(a artifact) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := s.log
	s.log = nil
	names := strings.NewReplacer(
		a.Manifest.Digest.String(), "manifest",
		a.Config.Digest.String(), "config",
		a.Layer.Digest.String(), "layer",
	)
	for i := range log {
		log[i] = names.Replace(log[i])
	}
	return log
}

// requireRequests asserts that log is want, in any order, with at most the requests of
// may in addition: blobs are uploaded in parallel, and when one upload fails, another
// may or may not have started.
func requireRequests(t testing.TB, log, want []string, may ...string) {
	t.Helper()
	more := slices.Clone(log)
	for _, entry := range want {
		i := slices.Index(more, entry)
		require.GreaterOrEqual(t, i, 0, "no %s in %q", entry, log)
		more = slices.Delete(more, i, i+1)
	}
	for _, entry := range may {
		if i := slices.Index(more, entry); i >= 0 {
			more = slices.Delete(more, i, i+1)
		}
	}
	require.Empty(t, more, "in excess of %q", want)
}

// count returns how many requests were made whose description starts with step.
func (s *server) count(step string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(s.log), func(entry string) bool {
		return !strings.HasPrefix(entry, step)
	}))
}

func (s *server) client(t testing.TB, opts registry.Options) *registry.Client {
	t.Helper()
	return newClient(t, s.host, opts)
}

func newClient(t testing.TB, endpoint string, opts registry.Options) *registry.Client {
	t.Helper()
	if opts.Retry == (registry.RetryPolicy{}) { // tests do not wait
		opts.Retry = registry.RetryPolicy{MinWait: time.Millisecond, MaxWait: 5 * time.Millisecond}
	}
	client, err := registry.NewClient(endpoint, opts)
	require.NoError(t, err)
	return client
}

// digestOf returns what a tag points to, or "". It goes past log and faults.
func (s *server) digestOf(t testing.TB, tag string) digest.Digest {
	t.Helper()
	opts := registry.Options{Transport: inProcess{s.registry}}
	if len(s.opts.Users) > 0 {
		opts.Credential = ci
	}
	client := newClient(t, "localhost", opts)
	exists, err := client.Exists(t.Context(), repository, tag)
	require.NoError(t, err)
	if !exists {
		return ""
	}
	desc, err := client.Resolve(t.Context(), repository, tag)
	require.NoError(t, err)
	return desc.Digest
}

// inProcess hands requests to a handler without a network.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.Host = r.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer func() { _ = in.Body.Close() }()
	w := httptest.NewRecorder()
	p.ServeHTTP(w, in)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	response := w.Result()
	response.Request = r
	return response, nil
}

// roundTripper is a function as a transport.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// status responds like a registry if code is not empty, and like a web server otherwise.
func status(status int, code string) http.HandlerFunc {
	if code == "" {
		return page(status)
	}
	return refusal(status, code, "sorry")
}

// refusal responds like a registry.
func refusal(status int, code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, code, message)
	}
}

// page responds with a web page.
func page(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<html><body>Welcome</body></html>")
	}
}

// abort cuts the connection.
func abort(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// requireError asserts the properties of all errors about a registry.
func requireError(t testing.TB, err error) *registry.Error {
	t.Helper()
	var failed *registry.Error
	require.ErrorAs(t, err, &failed)
	requirePresentable(t, failed.Error())
	requirePresentable(t, failed.Hint())
	return failed
}

// oneBlob is a source of one blob, under any name.
type oneBlob []byte

func (b oneBlob) Exists(context.Context, ocispec.Descriptor) (bool, error) { return true, nil }

func (b oneBlob) Fetch(context.Context, ocispec.Descriptor) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(b)), nil
}

func readAllTo(w io.Writer, r io.ReadCloser) (int64, error) {
	defer func() { _ = r.Close() }()
	return io.Copy(w, r)
}

// annotated returns the artifact with other annotations.
func (a artifact) annotated(t testing.TB, annotations map[string]string) artifact {
	t.Helper()
	data, err := json.Marshal(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		Config: a.Config, Layers: []ocispec.Descriptor{a.Layer}, Annotations: annotations,
	})
	require.NoError(t, err)
	a.Manifest = a.put(t, ocispec.MediaTypeImageManifest, data)
	return a
}
