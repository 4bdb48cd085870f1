// Package faults is what can go wrong between a client and a registry: a
// handler in front of one, which lets it happen where rules say so.
package faults

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Kind is what a request is about.
type Kind string

// All kinds of requests. Those of blobs and manifests are about one of them.
const (
	Token        Kind = "token"
	UploadOpen   Kind = "upload-open"
	UploadPut    Kind = "upload-put"
	UploadDelete Kind = "upload-delete"
	BlobHead     Kind = "blob-head"
	BlobGet      Kind = "blob-get"
	ManifestPut  Kind = "manifest-put"
	ManifestHead Kind = "manifest-head"
	ManifestGet  Kind = "manifest-get"
	Other        Kind = "other"
)

// KindOf returns the kind of a request and, where it says, the tag or digest
// that it is about.
func KindOf(r *http.Request) (Kind, string) {
	path, method, query := r.URL.Path, strings.ToLower(r.Method), r.URL.Query()
	last := path[strings.LastIndex(path, "/")+1:]
	switch {
	case path == "/token":
		return Token, ""
	case strings.Contains(path, "/blobs/uploads/") && method == "post":
		return UploadOpen, query.Get("mount")
	case strings.Contains(path, "/blobs/uploads/") && (method == "put" || method == "delete"):
		return Kind("upload-" + method), query.Get("digest")
	case strings.Contains(path, "/manifests/"):
		return Kind("manifest-" + method), last
	case strings.Contains(path, "/blobs/") && !strings.Contains(path, "/uploads/"):
		return Kind("blob-" + method), last
	}
	return Other, ""
}

// Rule says what happens to which requests. They are counted from 1, for each
// rule and each tag or digest that they are about. Where none of First, Nth, Every
// and Probability is set it happens to all of them, and otherwise where any says
// so.
type Rule struct {
	// On are the kinds of requests. Empty means all.
	On []Kind
	// First is how many of them it happens to at the beginning, Nth the one, and
	// Every, for 3, each third.
	First, Nth, Every int
	// Probability is between 0 and 1.
	Probability float64
	// Do is what happens.
	Do Fault
}

func (r Rule) String() string {
	return fmt.Sprintf("%s on %v (first %d, nth %d, every %d, %.2f)", r.Do.Name, r.On, r.First, r.Nth, r.Every, r.Probability)
}

// applies reports whether it happens to the nth request.
func (r Rule) applies(n int, chance float64) bool {
	switch {
	case r.First == 0 && r.Nth == 0 && r.Every == 0 && r.Probability == 0:
		return true
	case n <= r.First, n == r.Nth, r.Every > 0 && n%r.Every == 0:
		return true
	}
	return chance < r.Probability
}

// Fault is something that can happen. It answers a request, or does not, and may
// ask the registry for that.
type Fault struct {
	Name  string
	serve func(w http.ResponseWriter, r *http.Request, registry http.Handler)
}

// Seen is a request that has arrived.
type Seen struct {
	Kind  Kind
	About string // the tag or digest, if it says
	URI   string
	// At is when, and Fault the name of what happened to it.
	At    time.Time
	Fault string
}

// Handler is a registry to whose requests things happen. It is safe for
// concurrent use.
type Handler struct {
	registry http.Handler
	seed     uint64

	mu     sync.Mutex // guards the rest
	rules  []Rule
	counts map[string]int
	seen   []Seen
}

// New returns a handler in front of a registry. To each request happens what the
// first of the rules that applies to it says. The same seed brings the same
// chances, in whichever order requests about several blobs arrive.
func New(registry http.Handler, seed uint64, rules ...Rule) *Handler {
	return &Handler{registry: registry, seed: seed, rules: rules, counts: map[string]int{}}
}

// Set replaces the rules, and forgets what was counted.
func (h *Handler) Set(rules ...Rule) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rules, h.counts = rules, map[string]int{}
}

// Seen returns the requests so far, in the order of their arrival.
func (h *Handler) Seen() []Seen {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.seen)
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if fault := h.arrived(r); fault.serve != nil {
		fault.serve(w, r, h.registry)
		return
	}
	h.registry.ServeHTTP(w, r)
}

func (h *Handler) arrived(r *http.Request) (fault Fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	kind, about := KindOf(r)
	for i, rule := range h.rules {
		if len(rule.On) > 0 && !slices.Contains(rule.On, kind) {
			continue
		}
		key := fmt.Sprintln(i, kind, about)
		h.counts[key]++
		if rule.applies(h.counts[key], chance(h.seed, key, h.counts[key])) {
			fault = rule.Do
			break
		}
	}
	h.seen = append(h.seen, Seen{kind, about, r.URL.RequestURI(), time.Now(), fault.Name})
	return fault
}

// chance is a number from 0 to 1 that depends on nothing but the arguments.
func chance(seed uint64, key string, n int) float64 {
	hash := fnv.New64a()
	_, _ = fmt.Fprintln(hash, key, n) // never fails
	return rand.New(rand.NewPCG(seed, hash.Sum64())).Float64()
}

// Proxy returns the registry at an address, host:port, that is spoken to in
// plain HTTP. It is told the host that the client asked for, so that the places
// it names lead through the proxy again.
func Proxy(address string, transport http.RoundTripper) http.Handler {
	return &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(&url.URL{Scheme: "http", Host: address})
			p.Out.Host = p.In.Host
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
}
