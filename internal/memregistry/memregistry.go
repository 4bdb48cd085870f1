// Package memregistry is an in-memory OCI registry. The examples push to it unless
// another one is named, and the tests run against it over HTTP.
package memregistry

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"cuelabs.dev/go/oci/ociregistry/ocimem"
	"cuelabs.dev/go/oci/ociregistry/ociserver"
)

// Options configure access. The zero value allows everything to everybody.
type Options struct {
	// Users are the users of the registry, by name. Empty means no access control.
	Users map[string]User
	// Bearer serves tokens at /token and requires one with every request. The default
	// is basic authentication.
	Bearer bool
	// NoSinglePost refuses a blob in the request that opens its upload, and opens that
	// only, as many registries do.
	NoSinglePost bool
	// ConditionalPut reports an ETag for each manifest, and evaluates the conditions under
	// which one is put.
	ConditionalPut bool
}

// User is a user of the registry.
type User struct {
	Password string
	ReadOnly bool
}

// Handler returns a new, empty registry.
func Handler(opts Options) http.Handler {
	var registry http.Handler = mounter{ociserver.New(ocimem.New(), &ociserver.Options{DisableSinglePostUpload: opts.NoSinglePost})}
	if opts.ConditionalPut {
		registry = conditional{registry, new(sync.Mutex)}
	}
	if len(opts.Users) == 0 {
		return registry
	}
	return &guard{Options: opts, registry: registry}
}

// mounter opens an upload if a blob cannot be mounted, as the specification requires
// (distribution-spec v1.1, "Mounting a blob from another repository").
type mounter struct{ registry http.Handler }

func (m mounter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if r.Method == http.MethodPost && query.Has("mount") {
		head := r.Clone(r.Context())
		head.Method, head.URL = http.MethodHead, &url.URL{Path: "/v2/" + query.Get("from") + "/blobs/" + query.Get("mount")}
		found := &statusWriter{http.Header{}, http.StatusOK}
		if m.registry.ServeHTTP(found, head); found.status != http.StatusOK {
			r = r.Clone(r.Context())
			r.URL.RawQuery = ""
		}
	}
	m.registry.ServeHTTP(w, r)
}

// statusWriter keeps only the status of a response.
type statusWriter struct {
	header http.Header
	status int
}

func (s *statusWriter) Header() http.Header         { return s.header }
func (s *statusWriter) WriteHeader(status int)      { s.status = status }
func (s *statusWriter) Write(p []byte) (int, error) { return len(p), nil }

// guard allows requests by their credentials.
type guard struct {
	Options
	registry http.Handler
	tokens   sync.Map // token -> user name
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.Bearer && r.URL.Path == "/token" {
		g.serveToken(w, r)
		return
	}
	user, ok := g.authenticate(r)
	switch write := r.Method != http.MethodGet && r.Method != http.MethodHead; {
	case !ok:
		w.Header().Set("WWW-Authenticate", g.challenge(r))
		writeError(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	case write && user.ReadOnly:
		writeError(w, http.StatusForbidden, "DENIED", "requested access to the resource is denied")
	default:
		g.registry.ServeHTTP(w, r)
	}
}

func (g *guard) authenticate(r *http.Request) (User, bool) {
	name, password, ok := r.BasicAuth()
	if !g.Bearer {
		user, known := g.Users[name]
		return user, ok && known && user.Password == password
	}
	var token string
	if _, err := fmt.Sscanf(r.Header.Get("Authorization"), "Bearer %s", &token); err != nil {
		return User{}, false
	}
	owner, ok := g.tokens.Load(token)
	if !ok {
		return User{}, false
	}
	return g.Users[owner.(string)], true
}

func (g *guard) challenge(r *http.Request) string {
	if !g.Bearer {
		return `Basic realm="memregistry"`
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return fmt.Sprintf(`Bearer realm="%s://%s/token",service="memregistry"`, scheme, r.Host)
}

func (g *guard) serveToken(w http.ResponseWriter, r *http.Request) {
	name, password, ok := r.BasicAuth()
	if user, known := g.Users[name]; !ok || !known || user.Password != password {
		writeError(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
		return
	}
	token := rand.Text()
	g.tokens.Store(token, name)
	_ = json.NewEncoder(w).Encode(map[string]string{"token": token}) // the client is gone
}

func writeError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, code, message) // the client is gone
}

// Server is a registry that listens on a loopback address.
type Server struct {
	// Host is the host:port of the registry.
	Host string

	server *http.Server
}

// Start starts an empty registry on a port chosen by the system.
func Start(opts Options) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: Handler(opts), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Close
	return &Server{Host: listener.Addr().String(), server: server}, nil
}

// Close stops the registry and drops its content.
func (s *Server) Close() error { return s.server.Close() }
