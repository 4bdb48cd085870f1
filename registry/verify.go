package registry

import (
	"context"
	"net/http"
	"net/url"

	"oras.land/oras-go/v2/registry/remote/auth"
)

// VerifyAccess finds out whether a push to the repository would be allowed. It
// opens an upload and cancels it: to list tags would only show that reading is.
// The cancellation is waited for, for at most 2 s, and how the registry answers
// it is ignored.
//
// A repository that the registry does not know yet is no error where a push
// creates it. Where it does not, which is [ErrNotFound], the registry refuses the
// upload, as it would that of a push. Reading is not verified: see
// [Client.VerifyReadAccess].
//
// Errors are those of [Client.Push]. All of it takes at most
// [Options.VerifyTimeout].
func (c *Client) VerifyAccess(ctx context.Context, name string) error {
	repo, err := c.repository(name, auth.ActionPull, auth.ActionPush)
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
		return c.fail(limited, "verify access to", repo.String(), err)
	}
	repo.cancelUpload(ctx, location)
	return nil
}

// VerifyReadAccess finds out whether a pull from the repository would be allowed:
// it asks for the first of its tags. A repository that the registry does not know
// is [ErrNotFound].
//
// Errors and time are those of [Client.VerifyAccess].
func (c *Client) VerifyReadAccess(ctx context.Context, name string) error {
	repo, err := c.repository(name, auth.ActionPull)
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
		defer func() { _ = resp.Body.Close() }() // of no interest
		if answer := newAnswerError(resp); answer.contentType == "text/html" {
			return malformed(resp, "not a list of tags")
		}
		return nil
	})
	return c.fail(limited, "verify read access to", repo.String(), err)
}
