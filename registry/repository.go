package registry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubeoci/oci/reference"
)

// repository is a repository of the registry, and who asks for it: credentials
// may be of one repository alone.
type repository struct {
	client  *Client
	name    string
	account *account
	scope   string // of the token that is asked for
}

// request is what the registry is asked. It can be sent again.
type request struct {
	method string
	url    *url.URL
	header http.Header
	// body is opened each time the request is sent; nil for none.
	body func() (io.ReadCloser, error)
	size int64
	// grace is how long the answer is waited for when the caller has given up:
	// what was asked for already may happen after the return otherwise.
	grace time.Duration
	// elsewhere keeps the credential out of it: it goes to another origin.
	elsewhere bool
}

// repository checks the name, and returns the repository for one who wants to do
// what the actions say.
func (c *Client) repository(name string, actions ...string) (*repository, error) {
	if err := reference.CheckRepository(name); err != nil {
		return nil, err
	}
	return &repository{
		client:  c,
		name:    name,
		account: c.accountFor(name),
		scope:   auth.ScopeRepository(name, actions...),
	}, nil
}

// String is the name of the repository, as in references.
func (r *repository) String() string { return r.client.host + "/" + r.name }

// at returns the reference of a tag or digest in the repository.
func (r *repository) at(ref string) string {
	switch {
	case ref == "":
		return r.String()
	case reference.CheckTag(ref) == nil:
		return r.String() + ":" + ref
	}
	return r.String() + "@" + ref
}

// url returns the address of what is at a path below the repository.
func (r *repository) url(path string, query url.Values) *url.URL {
	scheme := "https"
	if r.client.plainHTTP {
		scheme = "http"
	}
	return &url.URL{Scheme: scheme, Host: r.client.address, Path: "/v2/" + r.name + "/" + path, RawQuery: query.Encode()}
}

// send sends a request once, with a token or password where the registry wants
// one. The body of the answer has to be closed.
//
// Errors are the context's, an [*answerError] of the token service, a
// [*localError], or what net/http says.
func (r *repository) send(ctx context.Context, q request) (*http.Response, error) {
	if err := r.client.gate.Enter(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := linger(ctx, q.grace)
	release := func() {
		cancel()
		r.client.gate.Leave()
	}
	resp, err := r.exchange(ctx, q)
	if err != nil {
		release()
		return nil, err
	}
	resp.Body = &releasedBody{ReadCloser: resp.Body, release: release}
	return resp, nil
}

func (r *repository) exchange(ctx context.Context, q request) (*http.Response, error) {
	seen := &lastAnswer{asked: q.url}
	req, err := http.NewRequestWithContext(seen.in(ctx), q.method, q.url.String(), nil)
	if err != nil {
		return nil, &localError{err}
	}
	if q.header != nil {
		req.Header = q.header.Clone()
	}
	if q.body != nil {
		if req.Body, err = q.body(); err != nil {
			return nil, err
		}
		req.GetBody, req.ContentLength = q.body, q.size
	}
	if q.body != nil && q.size == 0 { // or it would be sent in pieces
		_ = req.Body.Close() // nothing is in it
		req.Body, req.GetBody = http.NoBody, func() (io.ReadCloser, error) { return http.NoBody, nil }
	}
	if q.elsewhere {
		req.Header.Set("User-Agent", r.client.userAgent)
		return r.client.http.Do(req)
	}
	resp, err := r.account.auth.Do(req.WithContext(auth.AppendScopesForHost(req.Context(), r.client.address, r.scope)))
	return resp, r.mark(seen.explain(err))
}

// ask sends a request and returns the answer if it has one of the statuses.
func (r *repository) ask(ctx context.Context, q request, statuses ...int) (*http.Response, error) {
	resp, err := r.send(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := expect(resp, statuses...); err != nil {
		return nil, r.mark(err)
	}
	return resp, nil
}

// mark notes in an answer whether the repository was shown a credential.
func (r *repository) mark(err error) error {
	if answer, ok := errors.AsType[*answerError](err); ok {
		answer.given = r.account.given.Load()
	}
	return err
}

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
