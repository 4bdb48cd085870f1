package registry

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"oras.land/oras-go/v2/registry/remote/auth"
)

// fail turns what went wrong into an [*Error]. It goes by status codes and the
// types of errors alone. ctx is that of limit.
func (c *Client) fail(ctx context.Context, op, reference string, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Op: op, Reference: reference}
	// A deadline inside net/http looks like that of a context, hence not
	// errors.Is: only the call's own context decides.
	if ctx.Err() == nil {
		c.explain(e, err)
		return e
	}
	last := new(Error)
	if before := callIn(ctx).lastFailure(); before != nil {
		c.explain(last, before)
	}
	e.Err = ctx.Err()
	if overdue, ok := errors.AsType[*timeoutError](context.Cause(ctx)); ok {
		e.Kind, e.StatusCode, e.Code, e.Err = cmp.Or(last.Kind, ErrUnreachable), last.StatusCode, last.Code, overdue
		e.retryable = true
	}
	if last.Err != nil {
		e.Err = &lateError{e.Err, last.Error()}
	}
	return e
}

// lateError is the end of a context after attempts that failed.
type lateError struct {
	err  error
	last string
}

func (e *lateError) Error() string { return e.err.Error() + "; before that: " + e.last }

func (e *lateError) Unwrap() error { return e.err }

// explain fills in what is to be said of err.
func (c *Client) explain(e *Error, err error) {
	local, isLocal := errors.AsType[*localError](err)
	answer, isAnswer := errors.AsType[*answerError](err)
	odd, isOdd := errors.AsType[*malformedError](err)
	realm, isRealm := errors.AsType[*realmError](err)
	transport, isTransport := errors.AsType[*url.Error](err)
	e.retryable = mayPass(err)
	switch {
	case isLocal && (errors.Is(local, errForeignUpload) || errors.Is(local, errLocalService)):
		e.Kind, e.Err = ErrUnsupported, local.err
	case isLocal: // and it may hold any of the others
		e.Err = local.err
	case isAnswer:
		c.explainAnswer(e, answer)
	case isOdd:
		e.Kind, e.StatusCode, e.Err = ErrNotRegistry, odd.status, &cause{c.clean(odd.Error()), err}
	case is[*corruptError](err):
		e.Kind, e.Err = ErrCorrupt, err
	case errors.Is(err, ErrTagConflict):
		e.Kind, e.Err = ErrTagConflict, err
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		e.Kind, e.StatusCode = ErrAuthRequired, http.StatusUnauthorized
	case isRealm:
		e.Kind, e.Err = ErrUnsupported, &cause{c.clean(realm.Error()), err}
	case errors.Is(err, http.ErrSchemeMismatch):
		e.Kind = ErrTLSMismatch
	case isTransport:
		// The URL stays out: it may carry a query. What net/http says about a
		// malformed answer has no type of its own, and is unreachable too.
		e.Kind, e.Err = ErrUnreachable, &cause{c.clean(transport.Err.Error()), transport.Err}
	default:
		e.Err = &cause{c.clean(err.Error()), err}
	}
}

// localError marks an error that is not the registry's: of the content store, or
// of a CredentialFunc, on its way through net/http and oras-go.
type localError struct{ err error }

func (e *localError) Error() string { return e.err.Error() }

func (e *localError) Unwrap() error { return e.err }

// cause is an error from below, with a text that may be shown. It can be asked
// what it is, but does not unwrap: the text of what is in it may not be shown.
type cause struct {
	text string
	err  error
}

func (c *cause) Error() string { return c.text }

// Is leaves out the errors of contexts, which time-outs of net match as well:
// the caller's context is not what ended.
func (c *cause) Is(target error) bool {
	return target != context.Canceled && target != context.DeadlineExceeded && errors.Is(c.err, target)
}

func (c *cause) As(target any) bool { return errors.As(c.err, target) }

// explainAnswer classifies an answer.
func (c *Client) explainAnswer(e *Error, answer *answerError) {
	e.StatusCode = answer.status
	e.Code = cut(c.clean(answer.code), maxCodeBytes)
	e.RetryAfter = answer.retryAfter
	e.Kind = c.kindOf(answer)
	words := []string{e.Code, c.clean(answer.message)}
	if answer.code+answer.message == "" {
		words[0] = http.StatusText(answer.status)
	}
	if e.Kind == ErrNotRegistry {
		words[1] = c.clean(answer.contentType)
	}
	text := "status " + strconv.Itoa(answer.status)
	if words = slices.DeleteFunc(words, func(s string) bool { return s == "" }); len(words) > 0 {
		text += ", " + strings.Join(words, ": ")
	}
	e.Err = errors.New(text)
}

// kindOf goes by the status, and by the registry's own code where that says more
// (distribution-spec v1.1, "Error Codes").
func (c *Client) kindOf(answer *answerError) error {
	switch status, manifest := answer.status, answer.manifest && answer.method == http.MethodPut; {
	case status == http.StatusTooManyRequests, answer.code == codeTooManyRequests:
		return ErrRateLimited
	case (status == http.StatusUnauthorized || status == http.StatusForbidden) && !answer.given:
		return ErrAuthRequired
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return ErrPermissionDenied
	case status < 400, status == http.StatusNetworkAuthenticationRequired,
		answer.isPage() && answer.method != http.MethodPut && (status == http.StatusNotFound ||
			status == http.StatusMethodNotAllowed || status == http.StatusNotImplemented), // of a web server that has no registry
		status == http.StatusNotFound && answer.code == "" && answer.method == http.MethodPost,
		status == http.StatusBadRequest && answer.code == "" && c.plainHTTP: // what TLS servers say to those who speak HTTP
		return ErrNotRegistry
	case status == http.StatusNotFound:
		return ErrNotFound
	case manifest && (status == http.StatusConflict || status == http.StatusPreconditionFailed),
		manifest && status == http.StatusBadRequest && answer.code == codeTagInvalid: // ECR, of a tag that may not be moved
		return ErrTagConflict
	case status == http.StatusRequestEntityTooLarge:
		return ErrTooLarge
	case status == http.StatusMethodNotAllowed, status == http.StatusUnsupportedMediaType,
		status == http.StatusNotImplemented, status == http.StatusHTTPVersionNotSupported, answer.code == codeUnsupported:
		return ErrUnsupported
	case status >= http.StatusInternalServerError:
		return ErrServer
	}
	return ErrInvalid
}

// Codes of registries that say more than the status.
const (
	codeTagInvalid  = "TAG_INVALID"
	codeUnsupported = "UNSUPPORTED"
)

// Bounds on what is repeated of a registry's own words.
const (
	maxMessageBytes = 200
	maxCodeBytes    = 64
)

// urlSecrets finds the query and the user information of a URL. It is compiled
// when it is needed first.
var urlSecrets = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\?[^\s"'<>]*|//[^\s"'/]*@`) })

// clean makes foreign text fit for an error: one line, short, printable, without
// queries and user names in URLs, and without any secret that was sent to the
// registry.
func (c *Client) clean(text string) string {
	text = urlSecrets().ReplaceAllStringFunc(c.keys.redact(text), func(s string) string {
		if s[0] == '/' {
			return "//"
		}
		return ""
	})
	return cut(strings.TrimSpace(printable(text)), maxMessageBytes)
}

// printable makes one line of text, without what terminals take for orders.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

// cut shortens text to at most limit bytes and an ellipsis.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
