package discard

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
)

// Traffic is the traffic of a registry since the last call of [Registry.Traffic].
type Traffic struct {
	// Requests lists "METHOD /path?query" of each request in the order of arrival.
	Requests []string
	// Bytes is the sum of the bodies received.
	Bytes int64
	// Blobs holds the sizes of the received blobs.
	Blobs map[digest.Digest]int64
	// First is the time of the first request, Last that of the end of the last response.
	First, Last time.Time
}

// recorder collects Traffic.
type recorder struct {
	mu   sync.Mutex
	seen Traffic
}

// begin records a request. The caller must call done after the response.
func (c *recorder) begin(r *http.Request) (done func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.seen.Requests) == 0 {
		c.seen.First = time.Now()
	}
	c.seen.Requests = append(c.seen.Requests, r.Method+" "+r.URL.RequestURI())
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.seen.Last = time.Now()
	}
}

func (c *recorder) bytes(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen.Bytes += int64(n)
}

func (c *recorder) blob(d digest.Digest, size int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen.Blobs == nil {
		c.seen.Blobs = map[digest.Digest]int64{}
	}
	c.seen.Blobs[d] = size
}

// Traffic returns the traffic since the last call.
func (g *Registry) Traffic() Traffic {
	g.traffic.mu.Lock()
	defer g.traffic.mu.Unlock()
	seen := g.traffic.seen
	g.traffic.seen = Traffic{}
	return seen
}

// countedBody counts the bytes read of a request.
type countedBody struct {
	io.ReadCloser
	traffic *recorder
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.traffic.bytes(n)
	return n, err
}
