package registry

import (
	"context"
	"errors"
	"net/http"

	"github.com/kubeoci/oci/internal/guard"
)

// shortcut stores the blob with one request where the registry allows it, and reports
// whether that was possible. Otherwise the upload goes on as usual, with u.location set if
// there is an upload already, and without another unusual request if the registry refused
// this one. It has no effect without [Client.LookupWhilePacking].
func (u *blobUpload) shortcut(ctx context.Context) (done, refused bool, err error) {
	ahead := u.push.ahead
	if ahead == nil {
		return false, false, nil
	}
	state := ahead.blobs[u.blob.Digest]
	if state == blobPresent {
		u.found = true
		return true, false, nil
	}
	if early := ahead.uploads.take(u.blob, u.isConfig); early != nil && early.size > 0 {
		done, err = u.commit(ctx, early)
		return done, false, err
	} else if early != nil {
		u.location = early.location
		return false, false, nil
	}
	// The size of a config is like that of the question for it, so it may be sent for
	// nothing, and shows whether the registry accepts the layer.
	post := &u.push.client.singlePost
	if u.isConfig && u.blob.Size < cautionSize && !post.isRefused() || state == blobAbsent && post.isPresent() {
		return u.post(ctx)
	}
	return false, false, nil
}

// post sends the blob with the request that opens its upload (distribution-spec v1.1,
// "Single POST"). The registry may not accept it, and open the upload only. That it
// accepts the blob is known when it accepts the manifest.
func (u *blobUpload) post(ctx context.Context) (done, refused bool, err error) {
	repo := u.push.repo
	resp, err := u.deliver(ctx, request{
		method: http.MethodPost,
		url:    withDigest(repo.url("blobs/uploads/", nil), u.blob),
		header: http.Header{},
	}, http.StatusCreated, http.StatusAccepted)
	switch {
	case is[*localError](err) && u.isConfig: // a source need not have what the registry has
		u.sent = false
		return false, false, ctx.Err()
	case err != nil && (ctx.Err() != nil || is[*localError](err) || hasStatus(err, http.StatusUnauthorized, http.StatusTooManyRequests)):
		return false, false, err
	case err == nil:
		_ = resp.Body.Close() // not needed
		if reported := resp.Header.Get(headerDigest); resp.StatusCode == http.StatusCreated &&
			(reported == "" || reported == u.blob.Digest.String()) {
			u.push.trust.post()
			return true, false, nil
		}
	}
	u.push.client.singlePost.refuse()
	if err == nil && resp.StatusCode == http.StatusAccepted {
		u.location, _ = repo.uploadLocation(ctx, resp) // without one, an upload is opened
	}
	if resp, ok := errors.AsType[*responseError](err); isRetryable(err) || ok && resp.status > http.StatusNotImplemented {
		return false, false, err
	}
	return false, hasStatus(err, mountRefusals...), nil
}

// commit completes an upload that has all of the blob. Whatever the registry responds,
// the blob can be sent again.
func (u *blobUpload) commit(ctx context.Context, early *earlyUpload) (done bool, err error) {
	repo := u.push.repo
	u.push.sent.Store(true)
	resp, err := repo.ask(ctx, request{
		method:    http.MethodPut,
		url:       withDigest(early.location, u.blob),
		elsewhere: !guard.SameOrigin(early.location, repo.url("", nil)),
	}, http.StatusCreated)
	if err == nil {
		_ = resp.Body.Close() // not needed
		u.sent = true
		return true, nil
	}
	repo.cancelUpload(ctx, early.location)
	if ctx.Err() != nil {
		return false, err
	}
	u.push.client.streaming.refuse()
	return false, nil
}
