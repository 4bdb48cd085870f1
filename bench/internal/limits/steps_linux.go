package limits

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"

	"github.com/klauspost/compress/flate"
	"github.com/opencontainers/go-digest"

	"github.com/kubeoci/oci/bench/internal/discard"
	"github.com/kubeoci/oci/internal/archive"
	"github.com/kubeoci/oci/preflight"
)

// level is the compression level of a push with the default options.
const level = 5

func (p part) sum() error {
	for _, f := range p.files {
		sha256.Sum256(f.content)
	}
	return nil
}

func (p part) sumLayer() error {
	sha256.Sum256(p.layer)
	return nil
}

// scan parses all files as during a push, and checks nothing.
func (p part) scan() error {
	cache := new(preflight.Cache)
	for _, f := range p.files {
		cache.Observe(f.File, f.content)
	}
	return nil
}

func (p part) deflate() error     { return p.compress(io.Discard, false) }
func (p part) deflateBoth() error { return p.compress(io.Discard, true) }

// compress writes each file, and its copy if that has no use for the compressed form of the
// file. It starts again every half megabyte, as blocks do.
func (p part) compress(to io.Writer, both bool) error {
	const block = 512 << 10
	w, err := flate.NewWriter(to, level)
	if err != nil {
		return err
	}
	written := 0
	for _, f := range p.files {
		copies := 1
		if both && len(f.content) <= archive.AloneSize {
			copies = 2
		}
		for range copies {
			for rest := f.content; len(rest) > 0; {
				n := min(block-written, len(rest))
				if _, err := w.Write(rest[:n]); err != nil {
					return err
				}
				rest, written = rest[n:], written+n
				if written == block {
					if err := w.Flush(); err != nil {
						return err
					}
					w.Reset(to)
					written = 0
				}
			}
		}
	}
	return w.Flush()
}

// upload is a registry that discards a layer.
type upload struct{ server *discard.Server }

func startUpload() (upload, error) {
	server, err := discard.Start(discard.Options{})
	return upload{server}, err
}

func (u upload) close() { _ = u.server.Close() } // nobody needs it

func (u upload) send(p part) error {
	url := fmt.Sprintf("http://%s/v2/a/blobs/uploads/?digest=%s", u.server.Host, digest.FromString(""))
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, bytes.NewReader(p.layer))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // it has no content
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("upload: %s", resp.Status)
	}
	return nil
}
