package discard

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"github.com/opencontainers/go-digest"
)

// bufferSize is large so that reading needs few system calls.
const bufferSize = 256 << 10

// smallBlob is the largest size kept in memory: clients fetch configurations.
const smallBlob = 16 << 10

// blob is an uploaded blob.
type blob struct {
	size    int64
	content []byte // nil if it was dropped or is in a file
}

// upload is an upload session.
type upload struct {
	size int64
	head bytes.Buffer // the content while it is small
	file *os.File     // in KeepBlobs
}

func (g *Registry) serveBlob(w http.ResponseWriter, r *http.Request, name string, d digest.Digest) {
	if r.Method != http.MethodHead && r.Method != http.MethodGet {
		refuse(w, http.StatusMethodNotAllowed, "UNSUPPORTED")
		return
	}
	g.mu.Lock()
	b, known := g.repository(name).blobs[d]
	g.mu.Unlock()
	content, ok := g.open(r, d, b)
	if !known || !ok {
		refuse(w, http.StatusNotFound, "BLOB_UNKNOWN")
		return
	}
	defer func() { _ = content.Close() }() // opened for reading
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(b.size, 10))
	w.Header().Set("Docker-Content-Digest", d.String())
	w.WriteHeader(http.StatusOK)
	sent := func(n int64) { g.record(w, func(q *request) { q.sent = n }) }
	if r.Method == http.MethodGet {
		sent(b.size) // before the client has all of it and asks for the traffic
	}
	if n, err := io.Copy(w, content); err != nil { // the client is gone
		sent(n)
	}
}

// open returns the content to respond with, which is none to a HEAD request.
func (g *Registry) open(r *http.Request, d digest.Digest, b blob) (io.ReadCloser, bool) {
	if r.Method == http.MethodHead {
		return http.NoBody, true
	}
	if g.opts.KeepBlobs == "" {
		return io.NopCloser(bytes.NewReader(b.content)), b.content != nil
	}
	file, err := os.Open(filepath.Join(g.opts.KeepBlobs, d.Encoded()))
	return file, err == nil
}

func (g *Registry) serveUpload(w http.ResponseWriter, r *http.Request, name, id string) {
	if r.Method == http.MethodPost && id == "" {
		g.startUpload(w, r, name)
		return
	}
	g.mu.Lock()
	u := g.uploads[id]
	g.mu.Unlock()
	if u == nil {
		refuse(w, http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN")
		return
	}
	switch r.Method {
	case http.MethodGet:
		g.uploadStatus(w, name, id, u.size, http.StatusNoContent)
	case http.MethodPatch:
		if err := g.receive(u, r.Body); err != nil {
			refuse(w, http.StatusBadRequest, "BLOB_UPLOAD_INVALID")
			return
		}
		g.uploadStatus(w, name, id, u.size, http.StatusAccepted)
	case http.MethodPut:
		g.finishUpload(w, r, name, id, u)
	case http.MethodDelete:
		g.drop(id, u)
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(w, http.StatusMethodNotAllowed, "UNSUPPORTED")
	}
}

func (g *Registry) startUpload(w http.ResponseWriter, r *http.Request, name string) {
	query := r.URL.Query()
	if mount := digest.Digest(query.Get("mount")); mount != "" && g.mount(name, query.Get("from"), mount) {
		created(w, name, "blobs", mount)
		return
	}
	u, id := new(upload), rand.Text()
	if g.opts.KeepBlobs != "" {
		file, err := os.CreateTemp(g.opts.KeepBlobs, "upload-*")
		if err != nil {
			refuse(w, http.StatusInternalServerError, "UNKNOWN")
			return
		}
		u.file = file
	}
	g.mu.Lock()
	g.repository(name)
	g.uploads[id] = u
	g.mu.Unlock()
	if query.Has("digest") && !g.opts.NoSinglePOST {
		g.finishUpload(w, r, name, id, u)
		return
	}
	g.uploadStatus(w, name, id, 0, http.StatusAccepted)
}

// mount adds a blob of one repository to another.
func (g *Registry) mount(to, from string, d digest.Digest) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	b, known := g.repository(to).blobs[d]
	if source := g.repositories[from]; !known && source != nil {
		b, known = source.blobs[d]
	}
	if known {
		g.repository(to).blobs[d] = b
	}
	return known
}

func (g *Registry) uploadStatus(w http.ResponseWriter, name, id string, size int64, status int) {
	w.Header().Set("Location", "/v2/"+name+"/blobs/uploads/"+id)
	w.Header().Set("Docker-Upload-UUID", id)
	w.Header().Set("Range", fmt.Sprintf("0-%d", max(size-1, 0)))
	w.WriteHeader(status)
}

// receive reads a part of a blob.
func (g *Registry) receive(u *upload, body io.Reader) error {
	buf := g.buffers.Get().(*[bufferSize]byte)
	defer g.buffers.Put(buf)
	for {
		n, err := body.Read(buf[:])
		u.size += int64(n)
		if u.size <= smallBlob {
			u.head.Write(buf[:n])
		}
		if u.file != nil {
			if _, err := u.file.Write(buf[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (g *Registry) finishUpload(w http.ResponseWriter, r *http.Request, name, id string, u *upload) {
	d := digest.Digest(r.URL.Query().Get("digest"))
	if err := d.Validate(); err != nil {
		refuse(w, http.StatusBadRequest, "DIGEST_INVALID")
		return
	}
	if err := g.receive(u, r.Body); err != nil {
		refuse(w, http.StatusBadRequest, "BLOB_UPLOAD_INVALID")
		return
	}
	b := blob{size: u.size}
	if u.size <= smallBlob {
		b.content = u.head.Bytes()
	}
	if u.file != nil {
		if err := os.Rename(u.file.Name(), filepath.Join(g.opts.KeepBlobs, d.Encoded())); err != nil {
			refuse(w, http.StatusInternalServerError, "UNKNOWN")
			return
		}
	}
	g.drop(id, u)
	g.mu.Lock()
	g.repository(name).blobs[d] = b
	g.mu.Unlock()
	g.record(w, func(q *request) { q.blob, q.blobSize = d, u.size })
	created(w, name, "blobs", d)
}

// drop ends a session.
func (g *Registry) drop(id string, u *upload) {
	g.mu.Lock()
	delete(g.uploads, id)
	g.mu.Unlock()
	if u.file != nil {
		_ = u.file.Close()           // the content is already written
		_ = os.Remove(u.file.Name()) // unless it has its final name
	}
}

func created(w http.ResponseWriter, name, what string, d digest.Digest) {
	w.Header().Set("Location", "/v2/"+name+"/"+what+"/"+d.String())
	w.Header().Set("Docker-Content-Digest", d.String())
	w.WriteHeader(http.StatusCreated)
}
