package registry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// maxTokenBytes bounds how much of a token response is read.
const maxTokenBytes = 64 << 10

// lastResponse holds the latest response to a request, or to the token request that
// was made for it. Errors of package auth lack most of it.
type lastResponse struct {
	mu        sync.Mutex // guards the rest
	sent      string     // the token or password that the registry was sent last
	response  *responseError
	token     bool // it is of the token service
	challenge string
}

type lastResponseKey struct{}

func (l *lastResponse) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, lastResponseKey{}, l)
}

func lastResponseIn(ctx context.Context) *lastResponse {
	l, _ := ctx.Value(lastResponseKey{}).(*lastResponse)
	return l
}

// note records a response. It bounds the body of one to a token request.
func (l *lastResponse) note(req *http.Request, resp *http.Response) {
	token := isToken(req)
	if token {
		resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxTokenBytes, resp: resp}
	}
	if resp.StatusCode == http.StatusUnauthorized {
		resp.Body = drainedBody{resp.Body}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.response, l.token = newResponseError(resp), token
	if !token {
		_, l.sent, _ = strings.Cut(req.Header.Get("Authorization"), " ")
		l.challenge = resp.Header.Get("WWW-Authenticate")
	}
}

// wasSent reports whether the registry was sent this token last, and refused it.
func (l *lastResponse) wasSent(token string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent == token
}

// explain returns the error to report for one of package auth.
func (l *lastResponse) explain(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	refused, isRefused := errors.AsType[*errcode.ErrorResponse](err)
	if unparsed, ok := errors.AsType[*url.Error](err); ok && unparsed.Op == "parse" {
		return &realmError{errNoRealm}
	}
	switch {
	case err == nil, l.response == nil, isFinal(err), is[*responseError](err), is[*url.Error](err),
		errors.Is(err, auth.ErrBasicCredentialNotFound), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case isRefused:
		e := *l.response
		e.token = l.token
		e.quote(refused.Errors)
		return &e
	case l.token:
		return &malformedError{what: "not a token", status: l.response.status, contentType: l.response.contentType, service: l.response.from}
	case strings.HasPrefix(strings.ToLower(l.challenge), "basic"): // and the credential is a token
		return auth.ErrBasicCredentialNotFound
	}
	return &realmError{err} // no token service was asked
}

// drainedBody reads a short rest before it is closed, so that the connection can be used again.
type drainedBody struct{ io.ReadCloser }

func (b drainedBody) Close() error {
	_, _ = io.CopyN(io.Discard, b.ReadCloser, 4<<10)
	return b.ReadCloser.Close()
}

// realmError reports a token service that cannot be asked.
type realmError struct{ err error }

func (e *realmError) Error() string { return e.err.Error() }

func (e *realmError) Unwrap() error { return e.err }

// nameOfService names the token service at a URL.
func nameOfService(at *url.URL) string { return "the token service at " + at.Host + at.Path }

// serviceError reports a token service that cannot be reached.
type serviceError struct {
	at  *url.URL
	err error
}

func (e *serviceError) Error() string { return nameOfService(e.at) + ": " + e.err.Error() }

func (e *serviceError) Unwrap() error { return e.err }

// boundedBody fails if there is more to read than allowed.
type boundedBody struct {
	io.ReadCloser
	left int64
	resp *http.Response
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return 0, malformed(b.resp, "token response too large")
	}
	if err != nil && !errors.Is(err, io.EOF) { // or the decoder would make a wrong token of it
		err = connectionError(&serviceError{b.resp.Request.URL, err})
	}
	return n, err
}
