package registry

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

const (
	cancelTimeout = 2 * time.Second
	maxErrorBytes = 8 << 10 // of an answer that is an error
)

// codeNameUnknown is what a registry answers for a repository that does not
// exist (distribution-spec v1.1, "Error Codes").
const codeNameUnknown = errcode.ErrorCodeNameUnknown

// VerifyAccess finds out whether a push to the repository would be allowed. It
// opens an upload and cancels it: to list tags would only show that reading is.
// How the registry answers the cancellation is ignored.
//
// A repository that the registry does not know yet is no error, since pushing
// creates it. Reading is not verified.
//
// Errors are those of [Client.Push].
func (c *Client) VerifyAccess(ctx context.Context, repository string) error {
	repo, err := c.repository(repository)
	if err != nil {
		return err
	}
	scheme := "https"
	if c.plainHTTP {
		scheme = "http"
	}
	uploads := url.URL{
		Scheme: scheme,
		Host:   repo.Reference.Host(),
		Path:   "/v2/" + repository + "/blobs/uploads/",
	}
	ctx = auth.AppendRepositoryScope(ctx, repo.Reference, auth.ActionPull, auth.ActionPush)
	location, err := c.openUpload(ctx, uploads.String())
	if answer, ok := errors.AsType[*errcode.ErrorResponse](err); ok && isNameUnknown(answer) {
		return nil
	}
	if err != nil {
		return c.fail(ctx, "verify access to", repo.Reference.String(), err)
	}
	c.cancelUpload(ctx, location)
	return nil
}

func isNameUnknown(answer *errcode.ErrorResponse) bool {
	return answer.StatusCode == http.StatusNotFound &&
		len(answer.Errors) > 0 && answer.Errors[0].Code == codeNameUnknown
}

// errForeignUpload reports a registry that wants uploads sent to another host,
// which Push does not do.
var errForeignUpload = errors.New("uploads are to be sent to another host")

// openUpload returns where the upload is to be sent.
func (c *Client) openUpload(ctx context.Context, uploads string) (*url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, uploads, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.auth.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	if resp.StatusCode != http.StatusAccepted {
		return nil, readError(resp)
	}
	location, err := resp.Location()
	if err != nil {
		return nil, http.ErrNoLocation // or a malformed one
	}
	if !sameOrigin(location, resp.Request.URL) {
		return nil, &localError{errForeignUpload}
	}
	return location, nil
}

// cancelUpload does its best within bounds, also when ctx has ended meanwhile.
func (c *Client) cancelUpload(ctx context.Context, location *url.URL) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, location.String(), nil)
	if err != nil {
		return
	}
	if resp, err := c.auth.Do(req); err == nil {
		_ = resp.Body.Close()
	}
}

// readError reads an answer that is not what was hoped for, with oras-go's type.
func readError(resp *http.Response) error {
	answer := &errcode.ErrorResponse{Method: resp.Request.Method, URL: resp.Request.URL, StatusCode: resp.StatusCode}
	var body struct {
		Errors errcode.Errors `json:"errors"`
	}
	if json.NewDecoder(io.LimitReader(resp.Body, maxErrorBytes)).Decode(&body) == nil {
		answer.Errors = body.Errors
	}
	return answer
}
