package registry

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/internal/guard"
	"github.com/kubeoci/oci/internal/ordered"
)

// minEarly is the smallest size of a layer that is sent while it is packed. Sending a
// smaller one takes about as long as the additional request, and only on a slow network.
const minEarly = 256 << 10

// earlyUpload is an upload that was opened while its layer was packed. If it has content,
// that is all of the layer, and only the request with the digest is missing.
type earlyUpload struct {
	location *url.URL
	size     int64
	digest   digest.Digest // of the content, if any
}

// has reports whether the upload has the content of a blob.
func (e *earlyUpload) has(blob ocispec.Descriptor) bool {
	return e.digest == blob.Digest && e.size == blob.Size
}

// earlyUploads are the uploads of the config and the layer, or nil.
type earlyUploads struct {
	mu            sync.Mutex
	config, layer *earlyUpload
}

// take returns the upload for a blob, once, or nil.
func (e *earlyUploads) take(blob ocispec.Descriptor, isConfig bool) *earlyUpload {
	e.mu.Lock()
	defer e.mu.Unlock()
	from := &e.layer
	if isConfig {
		from = &e.config
	}
	early := *from
	if early == nil || early.size > 0 && !early.has(blob) {
		return nil
	}
	*from = nil
	return early
}

// cancel cancels those that no blob has taken.
func (e *earlyUploads) cancel(ctx context.Context, repo *remote) {
	for _, early := range []*earlyUpload{e.config, e.layer} {
		if early != nil {
			repo.cancelUpload(ctx, early.location)
		}
	}
	e.config, e.layer = nil, nil
}

// maySendEarly reports whether the layer is new to the registry as far as the tags tell: a
// push that changes nothing must send nothing, and neither must one that a rule refuses.
func (d *Destination) maySendEarly(packing Packing) bool {
	if d.opts.DigestOnly || len(d.opts.TagRules) > 0 {
		return false
	}
	for _, state := range d.states {
		if state.exists {
			return false
		}
	}
	return packing.Layer != nil && packing.Blobs != nil && d.refused == nil && !d.client.streaming.isRefused()
}

// sendEarly opens the uploads and sends the layer while it is written, unless that is done
// before they are open. Nobody depends on that, so no failure is an error.
func (d *Destination) sendEarly(ctx context.Context, packing Packing, ready *packedBlobs) {
	layer, err := calls.Await(ctx, packing.Layer)
	if err != nil || layer == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.WithValue(ctx, callKey{}, d.call))
	defer cancel()
	body := newStreamedBody(layer)
	defer func() { _ = body.Close() }()                               // only read from
	defer context.AfterFunc(ctx, func() { _ = body.below.Close() })() // ends a Read that waits
	if _, err := body.start.Peek(minEarly); err != nil {
		return
	}
	early := &d.ahead.uploads
	patient, patience := guard.WithPatience(ctx, maxSilence)
	began := time.Now()
	defer func() { // requests that were silent concurrently count once
		d.ahead.patience = max(patience.Left(), maxSilence-time.Since(began))
	}()
	limited, stop := context.WithTimeout(patient, d.left)
	err = d.openEarly(limited)
	stop()
	if d.left = max(d.left-time.Since(began), 1); err != nil {
		early.cancel(ctx, d.repo)
		return
	}
	if !ready.isDone() {
		d.streamEarly(patient, body, ready)
	}
	if early.layer != nil {
		select {
		case <-ready.done:
		case <-ctx.Done():
		}
	}
	if early.layer == nil || !ready.isDone() || ready.err != nil {
		early.cancel(ctx, d.repo)
	}
}

// openEarly opens the upload of the layer, and that of the config unless it needs none.
func (d *Destination) openEarly(ctx context.Context) error {
	open := []**earlyUpload{&d.ahead.uploads.layer, &d.ahead.uploads.config}
	if d.client.singlePost.isPresent() {
		open = open[:1]
	}
	return ordered.Each(ctx, len(open), make([]struct{}, len(open)), func(ctx context.Context, _ struct{}, i int) error {
		location, err := d.repo.openUpload(ctx, nil)
		if err == nil {
			*open[i] = &earlyUpload{location: location}
		}
		return err
	}, func(struct{}, int) error { return nil })
}

// streamEarly sends the layer to its upload, which it cancels after a failure, and as soon
// as the registry turns out to have the layer.
func (d *Destination) streamEarly(ctx context.Context, body *streamedBody, ready *packedBlobs) {
	early := &d.ahead.uploads
	sending, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(sending, func() { _ = body.below.Close() })() // as in sendEarly
	// since is when the time of the registry began.
	var since time.Time
	begin := sync.OnceFunc(func() {
		since = time.Now()
		limit := time.AfterFunc(d.left, cancel)
		context.AfterFunc(sending, func() { limit.Stop() })
	})
	body.atEnd = begin
	done := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		select {
		case <-ready.done:
			begin()
		case <-done:
		}
		if !body.ended.Load() && sending.Err() == nil && d.hasLayer(sending, ready) {
			cancel()
		}
	})
	sent, err := d.repo.stream(sending, early.layer.location, body)
	if failed := body.end(); err != nil && failed == nil && sending.Err() == nil {
		d.client.streaming.refuse()
		cancel() // asks no more
	}
	close(done)
	asking.Wait()
	begin() // or wait for the call that was first
	d.left = max(d.left-time.Since(since), 1)
	if err != nil {
		d.repo.cancelUpload(ctx, early.layer.location)
	}
	early.layer = sent
}

// hasLayer reports whether the registry reports that it has all that was packed except the
// config.
func (d *Destination) hasLayer(ctx context.Context, ready *packedBlobs) bool {
	if !ready.isDone() || ready.err != nil || len(ready.blobs) < 2 || checkBlobs(ready.blobs, math.MaxInt64) != nil {
		return false
	}
	layers := ready.blobs[1:]
	return d.find(ctx, layers) == nil && !slices.ContainsFunc(layers, func(layer ocispec.Descriptor) bool {
		return d.ahead.state(layer) != blobPresent
	})
}

// stream sends all of body to an upload (distribution-spec v1.1, "Pushing a blob in
// chunks", with a single chunk of unknown size, as Docker sends all layers).
func (r *remote) stream(ctx context.Context, location *url.URL, body *streamedBody) (*earlyUpload, error) {
	resp, err := r.ask(ctx, request{
		method:    http.MethodPatch,
		url:       location,
		header:    http.Header{"Content-Type": {mediaTypeContent}},
		stream:    body,
		elsewhere: !guard.SameOrigin(location, r.url("", nil)),
	}, http.StatusAccepted, http.StatusCreated, http.StatusNoContent) // ECR responds with 201
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close() // not needed
	if err := body.end(); err != nil {
		return nil, err
	}
	if !body.ended.Load() {
		return nil, malformed(resp, "response before the end of the content")
	}
	got := strings.TrimPrefix(resp.Header.Get("Range"), "bytes=")
	if want := fmt.Sprintf("0-%d", body.size-1); got != "" && got != want {
		return nil, malformed(resp, "the upload lacks some of the content")
	}
	next, err := r.uploadLocation(ctx, resp)
	if err != nil {
		return nil, err
	}
	return &earlyUpload{next, body.size, digest.NewDigest(digest.Canonical, body.hash)}, nil
}

// streamedBody is the body of a request whose size is not known yet.
type streamedBody struct {
	*sentBlob
	start *bufio.Reader
	hash  hash.Hash
	size  int64
	ended atomic.Bool
	atEnd func()
}

func newStreamedBody(layer io.ReadCloser) *streamedBody {
	b := &streamedBody{start: bufio.NewReaderSize(layer, minEarly), hash: digest.Canonical.Hash()}
	b.sentBlob = &sentBlob{watchedReader: &watchedReader{Reader: b.start}, below: layer, closed: make(chan struct{})}
	return b
}

func (b *streamedBody) Read(p []byte) (int, error) {
	n, err := b.sentBlob.Read(p)
	b.hash.Write(p[:n]) // never fails
	b.size += int64(n)
	if errors.Is(err, io.EOF) && !b.ended.Swap(true) {
		b.atEnd()
	}
	return n, err
}
