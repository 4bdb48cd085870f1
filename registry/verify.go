package registry

import (
	"context"
	"net/http"
	"net/url"

	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubeoci/oci/internal/calls"
)

// VerifyAccess checks whether a push to the repository would be allowed. It
// opens an upload and cancels it: listing tags would prove only read access.
// It waits at most 2 s for the cancellation, and ignores the response.
//
// A repository that does not exist yet is no error if a push creates it. If the
// registry does not create repositories, the upload is refused with [ErrNotFound], as a
// push would be. VerifyAccess does not check whether reading is allowed: see
// [Client.VerifyReadAccess].
//
// Errors are those of [Client.Lookup]. All of it takes at most
// [Options.VerifyTimeout].
func (c *Client) VerifyAccess(ctx context.Context, repository string) error {
	if err := calls.NotNil(ctx); err != nil {
		return err
	}
	repo, err := c.remote(repository, auth.ActionPull, auth.ActionPush)
	if err != nil {
		return err
	}
	limited, cancel := limit(ctx, c.verifyTimeout, new(call))
	defer cancel()
	var location *url.URL
	err = c.retry(limited, nil, func(ctx context.Context) (err error) {
		location, err = repo.openUpload(ctx, nil)
		return err
	})
	if err != nil {
		return c.fail(limited, opVerify, repo.String(), err)
	}
	repo.cancelUpload(limited, location)
	return nil
}

// VerifyReadAccess checks whether a pull from the repository would be allowed:
// it asks for the first of its tags. A repository that does not exist is
// [ErrNotFound].
//
// Errors and time limit are those of [Client.VerifyAccess].
func (c *Client) VerifyReadAccess(ctx context.Context, repository string) error {
	if err := calls.NotNil(ctx); err != nil {
		return err
	}
	repo, err := c.remote(repository, auth.ActionPull)
	if err != nil {
		return err
	}
	limited, cancel := limit(ctx, c.verifyTimeout, new(call))
	defer cancel()
	err = c.retry(limited, nil, func(ctx context.Context) error {
		resp, err := repo.ask(ctx, request{
			method: http.MethodGet,
			url:    repo.url("tags/list", url.Values{"n": {"1"}}),
		}, http.StatusOK)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }() // not needed
		if e := newResponseError(resp); e.contentType == "text/html" {
			return malformed(resp, "not a list of tags")
		}
		return nil
	})
	return c.fail(limited, opVerifyRead, repo.String(), err)
}
