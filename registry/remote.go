package registry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/reference"
)

// remote is a repository of the registry with the account to use for it.
type remote struct {
	client  *Client
	name    string
	account *account
	scope   string // of the token
}

// request is an HTTP request that can be sent again.
type request struct {
	method string
	url    *url.URL
	header http.Header
	// body is opened each time the request is sent; nil for none.
	body func() (io.ReadCloser, error)
	size int64
	// stream is a body of unknown size, in place of body, and cannot be sent again.
	stream io.ReadCloser
	// grace is how long to wait for the response when the caller's context has
	// ended: otherwise the request may take effect after the call has returned.
	grace time.Duration
	// elsewhere is set for another origin, which gets no credential.
	elsewhere bool
}

// remote checks the name, and returns the repository for the actions.
func (c *Client) remote(name string, actions ...string) (*remote, error) {
	if c == nil || c.http == nil {
		return nil, errNoClient
	}
	if err := reference.CheckRepository(name); err != nil {
		return nil, err
	}
	return &remote{
		client:  c,
		name:    name,
		account: c.accountFor(name),
		scope:   auth.ScopeRepository(name, actions...),
	}, nil
}

// String is the name of the repository, as in references.
func (r *remote) String() string { return r.client.host + "/" + r.name }

// at returns the reference of a tag or digest in the repository.
func (r *remote) at(ref string) string {
	switch {
	case ref == "":
		return r.String()
	case reference.CheckTag(ref) == nil:
		return r.String() + ":" + ref
	}
	return r.String() + "@" + ref
}

// url returns the URL for a path below the repository.
func (r *remote) url(path string, query url.Values) *url.URL {
	u := r.client.server()
	u.Path, u.RawQuery = "/v2/"+r.name+"/"+path, query.Encode()
	return u
}

// server is the URL of the registry without a path.
func (c *Client) server() *url.URL {
	scheme := SchemeHTTPS
	if c.plainHTTP {
		scheme = SchemeHTTP
	}
	return &url.URL{Scheme: string(scheme), Host: c.address}
}

// send sends a request once, with a token or password if the registry asks for
// one. The body of the response has to be closed.
//
// Errors are the context's, a [*responseError] of the token service, a
// [*localError], or those of net/http.
func (r *remote) send(ctx context.Context, q request) (*http.Response, error) {
	if err := r.client.keys.refuseRecursion(ctx); err != nil {
		return nil, err
	}
	if err := r.client.gate.Enter(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := calls.Linger(ctx, q.grace)
	release := func() {
		cancel()
		r.client.gate.Leave()
	}
	kept := false // until the body of the response is closed
	defer func() {
		if !kept { // also after a panic of a function of the caller
			release()
		}
	}()
	resp, err := r.exchange(ctx, q)
	if err != nil {
		return nil, err
	}
	kept = true
	resp.Body = &releasedBody{ReadCloser: resp.Body, release: release}
	return resp, nil
}

func (r *remote) exchange(ctx context.Context, q request) (*http.Response, error) {
	seen := new(lastResponse)
	req, err := http.NewRequestWithContext(seen.in(ctx), q.method, q.url.String(), nil)
	if err != nil {
		return nil, &localError{nil, err}
	}
	if q.header != nil {
		req.Header = q.header.Clone()
	}
	req.Header[ownRequest] = nil
	if q.body != nil {
		if req.Body, err = q.body(); err != nil {
			return nil, err
		}
		req.GetBody, req.ContentLength = q.body, q.size
	}
	if q.body != nil && q.size == 0 { // or it would be sent in chunks
		_ = req.Body.Close() // it is empty
		req.Body, req.GetBody = http.NoBody, func() (io.ReadCloser, error) { return http.NoBody, nil }
	}
	if q.stream != nil {
		req.Body, req.ContentLength = q.stream, -1
	}
	if q.elsewhere {
		req.Header.Set("User-Agent", r.client.userAgent)
		return r.client.http.Do(req)
	}
	resp, err := r.account.auth.Do(req.WithContext(auth.AppendScopesForHost(req.Context(), r.client.address, r.scope)))
	return resp, r.mark(ctx, seen.explain(err))
}

// ask sends a request and returns the response if it has one of the statuses.
func (r *remote) ask(ctx context.Context, q request, statuses ...int) (*http.Response, error) {
	resp, err := r.send(ctx, q)
	if err != nil {
		return nil, err
	}
	kept := false
	defer func() {
		if !kept {
			_ = resp.Body.Close() // which lets the next request through
		}
	}()
	if err := expect(resp, statuses...); err != nil {
		failed, isResponse := errors.AsType[*responseError](err)
		if isResponse && failed.code != "" {
			callIn(ctx).noteResponse()
		}
		err = r.mark(ctx, err)
		// The pause for a failure of the server begins in retry, because a request may
		// look first whether the failed one has taken effect.
		if isResponse && isRetryable(err) && failed.limited() && failed.throttles(r.client.server()) {
			r.client.gate.Pause(min(failed.retryAfter, maxRetryAfter), failed.comeBack)
		}
		return nil, err
	}
	if isOneOf(resp.StatusCode, http.StatusCreated, http.StatusAccepted) { // no web page has these
		callIn(ctx).noteResponse()
	}
	kept = true
	return resp, nil
}

// mark adds the facts about the repository and the call to a response.
func (r *remote) mark(ctx context.Context, err error) error {
	owner := r.account.owner.Load()
	if resp, ok := errors.AsType[*responseError](err); ok {
		resp.given, resp.known, resp.owner = r.account.given.Load(), callIn(ctx).hasResponded(), owner
	}
	if owner != nil && errors.Is(err, auth.ErrBasicCredentialNotFound) {
		return &noCredentialError{owner, err}
	}
	return err
}

// noCredentialError reports a registry that asks for a user and a password.
type noCredentialError struct {
	owner *owner
	err   error
}

func (e *noCredentialError) Error() string { return e.err.Error() }

func (e *noCredentialError) Unwrap() error { return e.err }

// releasedBody calls release when it is closed for the first time.
type releasedBody struct {
	io.ReadCloser
	release func()
}

func (b *releasedBody) Close() error {
	if b.release != nil {
		b.release()
		b.release = nil
	}
	return b.ReadCloser.Close()
}
