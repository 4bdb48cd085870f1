// Package faults injects faults between a client and a registry: a handler in front of
// a registry applies them by rules.
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

// Kind is the kind of a request.
type Kind string

// All kinds of requests.
const (
	Token        Kind = "token"
	UploadOpen   Kind = "upload-open"
	UploadPut    Kind = "upload-put"
	UploadPatch  Kind = "upload-patch"
	UploadDelete Kind = "upload-delete"
	BlobHead     Kind = "blob-head"
	BlobGet      Kind = "blob-get"
	ManifestPut  Kind = "manifest-put"
	ManifestHead Kind = "manifest-head"
	ManifestGet  Kind = "manifest-get"
	Other        Kind = "other"
)

// KindOf returns the kind of a request, and its tag or digest if it has one.
func KindOf(r *http.Request) (Kind, string) {
	path, method, query := r.URL.Path, strings.ToLower(r.Method), r.URL.Query()
	last := path[strings.LastIndex(path, "/")+1:]
	switch {
	case path == "/token":
		return Token, ""
	case strings.Contains(path, "/blobs/uploads/") && method == "post":
		return UploadOpen, query.Get("mount")
	case strings.Contains(path, "/blobs/uploads/") && (method == "put" || method == "patch" || method == "delete"):
		return Kind("upload-" + method), query.Get("digest")
	case strings.Contains(path, "/manifests/"):
		return Kind("manifest-" + method), last
	case strings.Contains(path, "/blobs/") && !strings.Contains(path, "/uploads/"):
		return Kind("blob-" + method), last
	}
	return Other, ""
}

// Rule applies a fault to requests. They are counted from 1, for each rule and each tag
// or digest. If none of First, Nth, Every and Probability is set, the fault applies to
// all of them, otherwise to those that any of these selects.
type Rule struct {
	// On are the kinds of requests. Empty means all.
	On []Kind
	// First selects that many requests at the beginning, Nth a single one, and Every
	// each third one for 3.
	First, Nth, Every int
	// Probability is between 0 and 1.
	Probability float64
	// Do is the fault.
	Do Fault
}

func (r Rule) String() string {
	return fmt.Sprintf("%s on %v (first %d, nth %d, every %d, %.2f)", r.Do.Name, r.On, r.First, r.Nth, r.Every, r.Probability)
}

// applies reports whether the rule selects the nth request.
func (r Rule) applies(n int, chance float64) bool {
	switch {
	case r.First == 0 && r.Nth == 0 && r.Every == 0 && r.Probability == 0:
		return true
	case n <= r.First, n == r.Nth, r.Every > 0 && n%r.Every == 0:
		return true
	}
	return chance < r.Probability
}

// Fault is a fault to inject. It responds to a request or does not, and may call the
// registry to do so.
type Fault struct {
	Name  string
	serve func(w http.ResponseWriter, r *http.Request, registry http.Handler)
}

// Seen is a request that has arrived.
type Seen struct {
	Kind  Kind
	About string // the tag or digest, if any
	URI   string
	// At is the time of its arrival, and Fault the name of the fault applied to it.
	At    time.Time
	Fault string
}

// Handler is a registry with injected faults. It is safe for concurrent use.
type Handler struct {
	registry http.Handler
	seed     uint64

	mu     sync.Mutex // guards the rest
	rules  []Rule
	counts map[string]int
	seen   []Seen
	last   Kind  // the first request of this kind, and all after it, have the fault then
	then   Fault // or none
}

// New returns a handler in front of a registry. The first rule that selects a request
// determines its fault. The same seed gives the same probabilistic choices, whatever the
// order in which requests about several blobs arrive.
func New(registry http.Handler, seed uint64, rules ...Rule) *Handler {
	return &Handler{registry: registry, seed: seed, rules: rules, counts: map[string]int{}}
}

// Set replaces the rules and resets the counts.
func (h *Handler) Set(rules ...Rule) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rules, h.counts = rules, map[string]int{}
}

// Then applies a fault to the first request of a kind and to all requests after it.
func (h *Handler) Then(first Kind, do Fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last, h.then = first, do
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
	if h.then.serve != nil && kind == h.last {
		h.rules = []Rule{{Do: h.then}}
	}
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

// chance returns a number from 0 to 1 that depends only on the arguments.
func chance(seed uint64, key string, n int) float64 {
	hash := fnv.New64a()
	_, _ = fmt.Fprintln(hash, key, n) // never fails
	return rand.New(rand.NewPCG(seed, hash.Sum64())).Float64()
}

// Proxy returns the plain-HTTP registry at an address, host:port. It passes the Host
// header on, so that the locations in responses lead through the proxy again.
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
