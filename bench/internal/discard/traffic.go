package discard

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
)

// Traffic is what a registry saw since it was asked last.
type Traffic struct {
	// Requests has "METHOD /path?query" of each request, in the order of their
	// arrival.
	Requests []string
	// Bytes is the sum of the bodies received.
	Bytes int64
	// Blobs are those received, with their size.
	Blobs map[digest.Digest]int64
	// First is when the first request came, Last when the last answer had gone.
	First, Last time.Time
}

// recorder collects Traffic.
type recorder struct {
	mu   sync.Mutex
	seen Traffic
}

// begin records a request. What it returns is to be called when it is answered.
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

// Traffic returns what was seen since the last call.
func (g *Registry) Traffic() Traffic {
	g.traffic.mu.Lock()
	defer g.traffic.mu.Unlock()
	seen := g.traffic.seen
	g.traffic.seen = Traffic{}
	return seen
}

// countedBody counts what is read of a request.
type countedBody struct {
	io.ReadCloser
	traffic *recorder
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.traffic.bytes(n)
	return n, err
}
