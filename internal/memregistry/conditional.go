package memregistry

import (
	"net/http"
	"strings"
	"sync"
)

// conditional evaluates the conditions of requests that set a tag (RFC 9110, section 13),
// which the distribution specification leaves open.
type conditional struct {
	registry http.Handler
	setting  *sync.Mutex // one tag at a time
}

func (c conditional) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.URL.Path, "/manifests/") {
		c.registry.ServeHTTP(w, r)
		return
	}
	if r.Method != http.MethodPut {
		c.registry.ServeHTTP(etagged{w}, r)
		return
	}
	c.setting.Lock()
	defer c.setting.Unlock()
	have := c.etag(r)
	if must := r.Header.Get("If-Match"); must != "" && must != have || r.Header.Get("If-None-Match") == "*" && have != "" {
		writeError(w, http.StatusPreconditionFailed, "PRECONDITION_FAILED", "the tag has changed")
		return
	}
	c.registry.ServeHTTP(w, r)
}

// etag returns the ETag of what the path of a request leads to, or "".
func (c conditional) etag(r *http.Request) string {
	head := r.Clone(r.Context())
	head.Method, head.Body = http.MethodHead, http.NoBody
	found := &statusWriter{http.Header{}, http.StatusOK}
	if c.registry.ServeHTTP(found, head); found.status != http.StatusOK {
		return ""
	}
	return etagOf(found.header)
}

func etagOf(header http.Header) string { return `"` + header.Get("Docker-Content-Digest") + `"` }

// etagged adds an ETag to a response.
type etagged struct{ http.ResponseWriter }

func (e etagged) WriteHeader(status int) {
	if status == http.StatusOK {
		e.Header().Set("ETag", etagOf(e.Header()))
	}
	e.ResponseWriter.WriteHeader(status)
}
