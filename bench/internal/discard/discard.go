// Package discard is an OCI registry for measuring clients. It discards the content of
// large blobs as it arrives, so that the client is measured, and counts requests, bytes and
// round trips.
//
// It trusts the client: neither digests nor manifests are checked.
package discard

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
)

// Options configure a registry. The zero value responds immediately, has no access
// control, and keeps no large blobs.
type Options struct {
	// Delay is the latency of every response: a round trip on an open connection.
	Delay time.Duration
	// Bandwidth is the number of bytes a second in each direction, which all connections
	// share. Zero means no limit.
	Bandwidth int
	// TLS serves HTTP/2 over TLS with a certificate that signed itself.
	TLS bool
	// NoSinglePOST ignores the digest and the body of the request that starts an upload,
	// as the registry of Docker does.
	NoSinglePOST bool
	// Username and Password are required by the token service, and one of its tokens
	// by every other request, unless Username is empty.
	Username, Password string
	// KeepBlobs is a directory to keep all blobs in and to serve them from, each in a
	// file named by the encoded part of its digest. Empty means that small ones are kept
	// in memory and others are dropped.
	KeepBlobs string
}

// Registry is an OCI registry.
type Registry struct {
	opts    Options
	traffic recorder
	buffers sync.Pool // of *[]byte, to read bodies into

	mu           sync.Mutex
	repositories map[string]*repository
	uploads      map[string]*upload // by ID
	tokens       map[string]bool
}

// repository is the content of one repository.
type repository struct {
	blobs     map[digest.Digest]blob
	manifests map[digest.Digest]manifest
	tags      map[string]digest.Digest
}

// New returns an empty registry.
func New(opts Options) *Registry {
	return &Registry{
		opts:         opts,
		buffers:      sync.Pool{New: func() any { return new([bufferSize]byte) }},
		repositories: map[string]*repository{},
		uploads:      map[string]*upload{},
		tokens:       map[string]bool{},
	}
}

// repository returns a repository, which it creates if necessary. The caller holds mu.
func (g *Registry) repository(name string) *repository {
	repo := g.repositories[name]
	if repo == nil {
		repo = &repository{map[digest.Digest]blob{}, map[digest.Digest]manifest{}, map[string]digest.Digest{}}
		g.repositories[name] = repo
	}
	return repo
}

// Forget removes a repository and those below its name.
func (g *Registry) Forget(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	maps.DeleteFunc(g.repositories, func(other string, _ *repository) bool {
		return other == name || strings.HasPrefix(other, name+"/")
	})
}

var (
	blobPath     = regexp.MustCompile(`^/v2/(.+)/blobs/([^/]+:[^/]+)$`)
	uploadPath   = regexp.MustCompile(`^/v2/(.+)/blobs/uploads/([^/]*)$`)
	manifestPath = regexp.MustCompile(`^/v2/(.+)/manifests/([^/]+)$`)
)

// ServeHTTP counts the request, waits, and responds.
func (g *Registry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := g.traffic.begin(r)
	r.Body = &countedBody{r.Body, &g.traffic, q}
	for range q.trips - 1 {
		g.delay(r)
	}
	response := &delayed{ResponseWriter: w, request: q, wait: func() {
		g.delay(r)
		g.traffic.change(func() { q.end = time.Now() })
	}}
	g.route(response, r)
}

func (g *Registry) delay(r *http.Request) {
	if g.opts.Delay <= 0 {
		return
	}
	select {
	case <-time.After(g.opts.Delay):
	case <-r.Context().Done():
	}
}

func (g *Registry) route(w http.ResponseWriter, r *http.Request) {
	if g.opts.Username != "" {
		if r.URL.Path == tokenPath {
			g.serveToken(w, r)
			return
		}
		if !g.authorized(r) {
			g.challenge(w, r)
			return
		}
	}
	path := r.URL.Path
	if path == "/v2/" || path == "/v2" {
		w.WriteHeader(http.StatusOK)
	} else if m := uploadPath.FindStringSubmatch(path); m != nil {
		g.serveUpload(w, r, m[1], m[2])
	} else if m := blobPath.FindStringSubmatch(path); m != nil {
		g.serveBlob(w, r, m[1], digest.Digest(m[2]))
	} else if m := manifestPath.FindStringSubmatch(path); m != nil {
		g.serveManifest(w, r, m[1], m[2])
	} else {
		refuse(w, http.StatusNotFound, "UNSUPPORTED")
	}
}

// refuse responds with an error code of the specification.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"errors":[{"code":%q}]}`, code) // the client is gone
}

// delayed waits before the first byte of a response.
type delayed struct {
	http.ResponseWriter
	wait    func()
	sent    bool
	request *request
}

func (d *delayed) WriteHeader(status int) {
	if !d.sent {
		d.sent = true
		d.wait()
	}
	d.ResponseWriter.WriteHeader(status)
}

func (d *delayed) Write(p []byte) (int, error) {
	if !d.sent {
		d.WriteHeader(http.StatusOK)
	}
	return d.ResponseWriter.Write(p)
}

// record calls f with the record of the request that w responds to.
func (g *Registry) record(w http.ResponseWriter, f func(*request)) {
	if d, ok := w.(*delayed); ok {
		g.traffic.change(func() { f(d.request) })
	}
}

// Unwrap is for http.ResponseController.
func (d *delayed) Unwrap() http.ResponseWriter { return d.ResponseWriter }
