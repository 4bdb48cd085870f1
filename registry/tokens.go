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

// maxTokenBytes is what is read of the answer of a token service.
const maxTokenBytes = 64 << 10

// lastAnswer is what was answered last to a request or, before that, to the one
// for the token that it needs. Errors of package auth leave out what is to be
// known of it.
type lastAnswer struct {
	asked *url.URL

	mu        sync.Mutex // guards the rest
	shown     string     // the token or password that the registry was shown last
	answer    *answerError
	token     bool // it was of the token service
	challenge string
}

type lastAnswerKey struct{}

func (l *lastAnswer) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, lastAnswerKey{}, l)
}

func lastAnswerIn(ctx context.Context) *lastAnswer {
	l, _ := ctx.Value(lastAnswerKey{}).(*lastAnswer)
	return l
}

// isToken reports whether a request, or what was redirected to it, is one to a
// token service.
func (l *lastAnswer) isToken(req *http.Request) bool {
	for req.Response != nil {
		req = req.Response.Request
	}
	return req.URL.Host != l.asked.Host || req.URL.Path != l.asked.Path
}

// note takes note of an answer, and bounds it if it is of a token service.
func (l *lastAnswer) note(req *http.Request, resp *http.Response) {
	token := l.isToken(req)
	if token {
		resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxTokenBytes, resp: resp}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answer, l.token = newAnswerError(resp), token
	if !token {
		_, l.shown, _ = strings.Cut(req.Header.Get("Authorization"), " ")
		l.challenge = resp.Header.Get("WWW-Authenticate")
	}
}

// wasShown reports whether the registry has refused this token just now.
func (l *lastAnswer) wasShown(token string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shown == token
}

// explain returns the error to show for one of package auth.
func (l *lastAnswer) explain(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	refused, isRefused := errors.AsType[*errcode.ErrorResponse](err)
	switch {
	case err == nil, l.answer == nil, isFinal(err), is[*answerError](err), is[*url.Error](err),
		errors.Is(err, auth.ErrBasicCredentialNotFound), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case isRefused:
		e := *l.answer
		if len(refused.Errors) > 0 {
			e.code, e.message = refused.Errors[0].Code, refused.Errors[0].Message
		}
		return &e
	case l.token:
		return &malformedError{"not a token", l.answer.status, l.answer.contentType}
	case strings.HasPrefix(strings.ToLower(l.challenge), "basic"): // and there is only a token
		return auth.ErrBasicCredentialNotFound
	}
	return &realmError{err} // nobody was asked for a token
}

// realmError reports a token service that cannot be asked.
type realmError struct{ err error }

func (e *realmError) Error() string { return e.err.Error() }

func (e *realmError) Unwrap() error { return e.err }

// boundedBody fails where there is more than there may be.
type boundedBody struct {
	io.ReadCloser
	left int64
	resp *http.Response
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, malformed(b.resp, "too much for a token")
	}
	if err != nil && !errors.Is(err, io.EOF) { // or who decodes it makes a wrong token of it
		err = connectionError(err)
	}
	return n, err
}
