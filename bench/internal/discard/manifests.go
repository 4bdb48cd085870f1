package discard

import (
	"io"
	"net/http"
	"strconv"

	"github.com/opencontainers/go-digest"
)

// maxManifest is the size that registries accept according to the specification.
const maxManifest = 4 << 20

type manifest struct {
	mediaType string
	content   []byte
}

func (g *Registry) serveManifest(w http.ResponseWriter, r *http.Request, name, ref string) {
	switch r.Method {
	case http.MethodHead, http.MethodGet:
		g.getManifest(w, r, name, ref)
	case http.MethodPut:
		g.putManifest(w, r, name, ref)
	default:
		refuse(w, http.StatusMethodNotAllowed, "UNSUPPORTED")
	}
}

func (g *Registry) getManifest(w http.ResponseWriter, r *http.Request, name, ref string) {
	m, d, known := g.find(name, ref)
	if !known {
		refuse(w, http.StatusNotFound, "MANIFEST_UNKNOWN")
		return
	}
	w.Header().Set("Content-Type", m.mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(m.content)))
	w.Header().Set("Docker-Content-Digest", d.String())
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(m.content) // the client is gone
	}
}

// find looks up a tag or digest.
func (g *Registry) find(name, ref string) (manifest, digest.Digest, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	repo := g.repositories[name]
	if repo == nil {
		return manifest{}, "", false
	}
	d, tagged := repo.tags[ref]
	if !tagged {
		d = digest.Digest(ref)
	}
	m, known := repo.manifests[d]
	return m, d, known
}

// Manifest returns the manifest of a tag or digest.
func (g *Registry) Manifest(name, ref string) ([]byte, bool) {
	m, _, known := g.find(name, ref)
	return m.content, known
}

func (g *Registry) putManifest(w http.ResponseWriter, r *http.Request, name, ref string) {
	content, err := io.ReadAll(io.LimitReader(r.Body, maxManifest+1))
	if err != nil || len(content) > maxManifest {
		refuse(w, http.StatusBadRequest, "MANIFEST_INVALID")
		return
	}
	d := digest.FromBytes(content)
	if given, err := digest.Parse(ref); err == nil && given != d {
		refuse(w, http.StatusBadRequest, "DIGEST_INVALID")
		return
	}
	g.mu.Lock()
	repo := g.repository(name)
	repo.manifests[d] = manifest{r.Header.Get("Content-Type"), content}
	if ref != d.String() {
		repo.tags[ref] = d
	}
	g.mu.Unlock()
	created(w, name, "manifests", d)
}
