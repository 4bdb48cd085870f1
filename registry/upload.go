package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/internal/guard"
	"github.com/kubeoci/oci/internal/ordered"
)

// blobs uploads the blobs that the repository does not have.
func (p *push) blobs(ctx context.Context, blobs []ocispec.Descriptor) error {
	if p.ahead != nil {
		ctx, _ = guard.WithPatience(ctx, p.ahead.patience)
	}
	assumed := p.trust.current() == trustTag
	parallel := min(len(blobs), maxParallel)
	if p.refused != nil {
		parallel = 1 // a wrong password is not sent several times
	}
	exists := make([]*bool, parallel)
	for i := range exists {
		exists[i] = new(bool)
	}
	return ordered.Each(ctx, len(blobs), exists, func(ctx context.Context, exists *bool, i int) (err error) {
		if *exists = assumed; !assumed {
			*exists, err = p.upload(ctx, blobs[i], i == 0)
		}
		return err
	}, func(exists *bool, i int) error {
		p.events.Send(ctx, Event{Descriptor: blobs[i], Bytes: blobs[i].Size, Skipped: *exists})
		return nil
	})
}

// upload uploads a blob, unless the repository has it. After any failure it starts
// again, with the question whether the blob was stored after all.
func (p *push) upload(ctx context.Context, blob ocispec.Descriptor, isConfig bool) (exists bool, err error) {
	u := &blobUpload{push: p, blob: blob, isConfig: isConfig}
	err = p.client.retry(ctx, p.events.retries(ctx, blob, ""), func(ctx context.Context) error {
		u.attempts++
		return u.attempt(ctx)
	})
	if err != nil && u.location != nil {
		p.repo.cancelUpload(ctx, u.location)
	}
	if u.found {
		p.trust.claim()
	}
	return u.found && !u.sent, err
}

// blobUpload is the upload of one blob.
type blobUpload struct {
	push     *push
	blob     ocispec.Descriptor
	isConfig bool
	attempts int
	location *url.URL // of an upload that is open
	found    bool     // the registry reports that it has the blob
	sent     bool     // some of it was sent
	cautious bool
}

// attempt asks for the blob and, if it is not there, uploads it. The first attempt
// does both in one request, which mounting a blob from the repository itself is
// (distribution-spec v1.1, "Mounting a blob from another repository").
func (u *blobUpload) attempt(ctx context.Context) (err error) {
	repo, trust := u.push.repo, &u.push.trust
	var mount url.Values
	switch level := trust.current(); {
	case level == trustNothing:
	case u.attempts > 1:
		if u.found, err = repo.hasBlob(ctx, u.blob); u.found || err != nil {
			return err
		}
	default:
		done, refused, err := u.shortcut(ctx)
		if done || err != nil {
			return err
		}
		if level == trustMount && !refused {
			mount = url.Values{"mount": {u.blob.Digest.String()}, "from": {repo.name}}
		}
	}
	if u.attempts > 1 || u.location == nil {
		u.location, err = repo.openUpload(ctx, mount)
	}
	if mount != nil && !isRetryable(err) && hasStatus(err, mountRefusals...) { // it may not support mounting
		trust.refuseMount()
		u.location, err = repo.openUpload(ctx, nil)
	}
	if err != nil {
		return err
	}
	if u.found = u.location == nil; u.found {
		return nil
	}
	err = u.send(ctx)
	if isSuccess(err) { // it may be stored nevertheless
		stored, ended := repo.hasBlob(ctx, u.blob)
		if ended != nil {
			return ended
		}
		if u.found = stored; stored {
			err = nil
		}
	}
	if err != nil {
		u.cautious = !is[*responseError](err) && u.blob.Size >= cautionSize
		return err
	}
	u.location = nil
	return nil
}

// mountRefusals are the statuses with which registries refuse a request that they do not
// support.
var mountRefusals = []int{
	http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed,
	http.StatusUnprocessableEntity, http.StatusNotImplemented,
}

// cautionSize is the smallest size of a blob whose refusal can be lost while it is
// sent: smaller ones fit into the buffers of a connection.
const cautionSize = 64 << 10

// hasBlob reports whether the registry claims to have the blob. Only the end of ctx is
// an error.
func (r *remote) hasBlob(ctx context.Context, blob ocispec.Descriptor) (bool, error) {
	state, err := r.findBlob(ctx, blob)
	return state == blobPresent, err
}

// blobState is what the registry reported about a blob.
type blobState int

const (
	blobUnknown blobState = iota
	blobPresent
	blobAbsent
)

// findBlob asks for a blob. Only the end of ctx is an error. A refusal of HEAD decides
// nothing, and GET, of which only the header is read, is tried instead: ECR Public refuses
// every HEAD.
func (r *remote) findBlob(ctx context.Context, blob ocispec.Descriptor) (blobState, error) {
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		resp, err := r.ask(ctx, request{method: method, url: r.url("blobs/"+blob.Digest.String(), nil)}, http.StatusOK)
		if err == nil {
			_ = resp.Body.Close() // not needed
			reported := resp.Header.Get(headerDigest)
			if resp.ContentLength == blob.Size && (reported == "" || reported == blob.Digest.String()) {
				return blobPresent, nil
			}
			break
		}
		if hasStatus(err, http.StatusNotFound) && ctx.Err() == nil {
			return blobAbsent, nil
		}
		if !hasStatus(err, http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented) {
			break
		}
	}
	return blobUnknown, ctx.Err()
}

// errForeignUpload reports an upload location on another origin.
var errForeignUpload = errors.New("the registry redirects uploads to another host")

// openUpload returns the location of a new upload, or nil if the blob was mounted
// instead.
func (r *remote) openUpload(ctx context.Context, mount url.Values) (*url.URL, error) {
	statuses := []int{http.StatusAccepted}
	if mount != nil {
		statuses = append(statuses, http.StatusCreated)
	}
	resp, err := r.ask(ctx, request{method: http.MethodPost, url: r.url("blobs/uploads/", mount)}, statuses...)
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close() // not needed
	if resp.StatusCode == http.StatusCreated {
		if reported := resp.Header.Get(headerDigest); reported != "" && reported != mount.Get("mount") {
			return nil, malformed(resp, "digest mismatch for a mounted blob")
		}
		return nil, nil
	}
	return r.uploadLocation(ctx, resp)
}

// uploadLocation returns the location in the response to a request for an upload.
func (r *remote) uploadLocation(ctx context.Context, resp *http.Response) (*url.URL, error) {
	location, err := resp.Location()
	if err != nil || location.Host == "" {
		return nil, malformed(resp, "upload response has no Location")
	}
	if err := r.checkLocation(ctx, location); err != nil {
		return nil, err
	}
	return location, nil
}

// checkLocation refuses a location on another origin, unless that is allowed, and never
// allows plain HTTP in place of TLS.
func (r *remote) checkLocation(ctx context.Context, location *url.URL) error {
	own := r.url("", nil)
	allowed := guard.SameOrigin(location, own) ||
		r.client.foreignUploads && (location.Scheme == "https" || location.Scheme == own.Scheme)
	if !allowed {
		return &localError{ErrUnsupported, fmt.Errorf("%w: %s://%s", errForeignUpload, location.Scheme, location.Host)}
	}
	if r.client.network.Forbids(ctx, location.Hostname()) {
		return localService(location.Host)
	}
	return nil
}

// send sends the blob to its location. If u.cautious is set, it waits for permission
// first, which costs a round trip: a refusal can be lost if it arrives while the blob is
// sent.
func (u *blobUpload) send(ctx context.Context) error {
	header := http.Header{}
	if u.cautious {
		header.Set("Expect", "100-continue")
	}
	resp, err := u.deliver(ctx, request{
		method:    http.MethodPut,
		url:       withDigest(u.location, u.blob),
		header:    header,
		elsewhere: !guard.SameOrigin(u.location, u.push.repo.url("", nil)),
	}, http.StatusCreated)
	if err == nil {
		_ = resp.Body.Close() // not needed
	}
	return markLost(err)
}

// withDigest adds the digest of a blob to its location. The query is the registry's, and
// kept unchanged.
func withDigest(location *url.URL, blob ocispec.Descriptor) *url.URL {
	complete := *location
	complete.RawQuery = "digest=" + url.QueryEscape(blob.Digest.String())
	if location.RawQuery != "" {
		complete.RawQuery = location.RawQuery + "&" + complete.RawQuery
	}
	return &complete
}

// deliver makes a request with the blob as its body.
func (u *blobUpload) deliver(ctx context.Context, q request, statuses ...int) (*http.Response, error) {
	u.sent = true
	u.push.sent.Store(true)
	source := &blobSource{push: u.push, blob: u.blob}
	q.header.Set("Content-Type", mediaTypeContent)
	q.body = func() (io.ReadCloser, error) { return source.open(ctx) }
	q.size = u.blob.Size
	resp, err := u.push.repo.ask(ctx, q, statuses...)
	if failed := source.end(); failed != nil {
		if err == nil {
			_ = resp.Body.Close() // not needed
		}
		calls.Rethrow(failed)
		return nil, &localError{nil, failed}
	}
	return resp, err
}

const mediaTypeContent = "application/octet-stream"

// blobSource opens a blob of a content store each time it is sent.
type blobSource struct {
	push *push
	blob ocispec.Descriptor
	body *sentBlob // the last one
}

// sentBlob is the body of a request. closed tells when net/http is done with it.
type sentBlob struct {
	*watchedReader
	below  io.Closer
	once   sync.Once
	closed chan struct{}
}

func (b *blobSource) open(ctx context.Context) (io.ReadCloser, error) {
	r, err := promptSource{b.push.src}.Fetch(ctx, b.blob)
	if err != nil {
		return nil, &localError{nil, err}
	}
	reader := &watchedReader{Reader: b.push.events.progress(newVerifiedReader(r, b.blob), b.blob)}
	b.body = &sentBlob{watchedReader: reader, below: r, closed: make(chan struct{})}
	return b.body, nil
}

func (b *sentBlob) Close() (err error) {
	b.once.Do(func() {
		b.close()
		err = b.below.Close()
		close(b.closed)
	})
	return err
}

// closeTimeout bounds the wait for a transport that has the response and still reads
// the body. That of net/http closes it immediately.
const closeTimeout = time.Second

// end returns the error of the content store, if any, when the body is closed.
func (b *blobSource) end() error {
	if b.body == nil {
		return nil
	}
	return b.body.end()
}

// end waits until the body is closed, and returns the error with which reading ended.
func (b *sentBlob) end() error {
	timer := time.NewTimer(closeTimeout)
	defer timer.Stop()
	select {
	case <-b.closed:
	case <-timer.C:
	}
	return b.failed()
}

const (
	cancelTimeout = 2 * time.Second
	// hurriedCancelTimeout applies if the caller's context has ended.
	hurriedCancelTimeout = 500 * time.Millisecond
)

// cancelUpload cancels an upload within a time limit. It ignores the response.
func (r *remote) cancelUpload(ctx context.Context, location *url.URL) {
	limit := cancelTimeout
	if ctx.Err() != nil {
		limit = hurriedCancelTimeout
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	resp, err := r.send(ctx, request{
		method:    http.MethodDelete,
		url:       location,
		elsewhere: !guard.SameOrigin(location, r.url("", nil)),
	})
	if err == nil {
		_ = resp.Body.Close()
	}
}
