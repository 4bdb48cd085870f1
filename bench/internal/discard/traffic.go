package discard

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
)

// Traffic is the traffic of a registry since the last call of [Registry.Reset].
type Traffic struct {
	// Requests lists "METHOD /path?query" of each request in the order of arrival.
	Requests []string
	// Bytes is the sum of the bodies received, Sent that of the blobs sent.
	Bytes, Sent int64
	// Blobs holds the sizes of the received blobs.
	Blobs map[digest.Digest]int64
	// Trips is the largest number of responses that were waited for one after another,
	// which does not depend on the speed of the client.
	Trips int
}

// request is a recorded request.
type request struct {
	line       string
	url        *url.URL
	begin, end time.Time // end is the start of the response
	trips      int       // responses to it
	bytes      int64
	sent       int64
	blob       digest.Digest
	blobSize   int64
}

// concerns reports whether the request is about a repository, or about none.
func (q *request) concerns(repository string) bool {
	path, below := strings.CutPrefix(q.url.Path, "/v2/")
	if below && path != "" {
		return strings.HasPrefix(path, repository+"/")
	}
	scopes := strings.Fields(strings.Join(q.url.Query()["scope"], " "))
	return len(scopes) == 0 || slices.ContainsFunc(scopes, func(scope string) bool {
		return strings.HasPrefix(scope, "repository:"+repository+":")
	})
}

// recorder collects requests.
type recorder struct {
	mu       sync.Mutex
	requests []*request
}

// begin records a request.
func (c *recorder) begin(r *http.Request) *request {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := &request{line: r.Method + " " + r.URL.RequestURI(), url: r.URL, begin: time.Now(), trips: 1}
	if r.Header.Get("Expect") == "100-continue" {
		q.trips++ // 100 Continue is a response as well
	}
	c.requests = append(c.requests, q)
	return q
}

// change calls f while nothing else uses the requests.
func (c *recorder) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// Reset forgets the traffic so far.
func (g *Registry) Reset() { g.traffic.change(func() { g.traffic.requests = nil }) }

// Traffic returns the traffic of a repository and that of none, such as a ping, or all of it
// if the name is empty. A request for a token belongs to the repositories in its scope.
func (g *Registry) Traffic(repository string) Traffic {
	g.traffic.mu.Lock()
	defer g.traffic.mu.Unlock()
	var t Traffic
	var selected []*request
	for _, q := range g.traffic.requests {
		if repository != "" && !q.concerns(repository) {
			continue
		}
		selected = append(selected, q)
		t.Requests = append(t.Requests, q.line)
		t.Bytes, t.Sent = t.Bytes+q.bytes, t.Sent+q.sent
		if q.blob != "" {
			if t.Blobs == nil {
				t.Blobs = map[digest.Digest]int64{}
			}
			t.Blobs[q.blob] = q.blobSize
		}
	}
	t.Trips = trips(selected)
	return t
}

// trips returns the largest sum of the trips of requests none of which began before the
// one before it had ended.
func trips(requests []*request) int {
	sorted := slices.SortedFunc(slices.Values(requests), func(a, b *request) int { return a.begin.Compare(b.begin) })
	most := make([]int, len(sorted))
	largest := 0
	for i, q := range sorted {
		for j := range i {
			if before := sorted[j].end; !before.IsZero() && !before.After(q.begin) {
				most[i] = max(most[i], most[j])
			}
		}
		most[i] += q.trips
		largest = max(largest, most[i])
	}
	return largest
}

// countedBody counts the bytes read of a request.
type countedBody struct {
	io.ReadCloser
	traffic *recorder
	request *request
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.traffic.change(func() { b.request.bytes += int64(n) })
	return n, err
}
