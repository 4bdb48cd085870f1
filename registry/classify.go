package registry

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// fail turns what went wrong into an [*Error]. It goes by status codes and the
// types of errors alone.
func (c *Client) fail(ctx context.Context, op, reference string, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Op: op, Reference: reference}
	// A deadline inside net/http looks like that of a context, hence not
	// errors.Is: only the caller's own context decides.
	if cause := ctx.Err(); cause != nil {
		e.Err = cause
		return e
	}
	local, isLocal := errors.AsType[*localError](err)
	answer, isAnswer := errors.AsType[*errcode.ErrorResponse](err)
	transport, isTransport := errors.AsType[*url.Error](err)
	switch {
	case isLocal: // and it may hold any of the others
		e.Err = local.err
	case isAnswer:
		c.failStatus(e, answer)
	case errors.Is(err, ErrTagConflict):
		e.Kind, e.Err = ErrTagConflict, err
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		e.Kind, e.StatusCode = ErrAuthRequired, http.StatusUnauthorized
	case errors.Is(err, errdef.ErrNotFound):
		e.Kind, e.StatusCode = ErrNotFound, http.StatusNotFound
	case errors.Is(err, http.ErrSchemeMismatch):
		e.Kind = ErrTLSMismatch
	case errors.Is(err, http.ErrNoLocation), errors.Is(err, errMalformed):
		e.Kind, e.Err = ErrNotRegistry, &cause{c.clean(err.Error()), err}
	case isTransport:
		// The URL stays out: it may carry a query. What net/http says about a
		// malformed answer has no type of its own, and is unreachable too.
		e.Kind, e.Err = ErrUnreachable, &cause{c.clean(transport.Err.Error()), transport.Err}
	default:
		e.Err = &cause{c.clean(err.Error()), err}
	}
	return e
}

// localError marks an error that is not the registry's: of the content store, or
// of a CredentialFunc, on its way through net/http and oras-go.
type localError struct{ err error }

func (e *localError) Error() string { return e.err.Error() }

func (e *localError) Unwrap() error { return e.err }

// errMalformed marks an answer that no registry gives, where oras-go has no type
// for it.
var errMalformed = errors.New("malformed answer")

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

// failStatus classifies an answer.
func (c *Client) failStatus(e *Error, answer *errcode.ErrorResponse) {
	e.StatusCode = answer.StatusCode
	words := []string{http.StatusText(answer.StatusCode)}
	if len(answer.Errors) > 0 {
		e.Code = cut(c.clean(answer.Errors[0].Code), maxCodeBytes)
		words = []string{e.Code, c.clean(answer.Errors[0].Message)}
	}
	text := "status " + strconv.Itoa(answer.StatusCode)
	if words = slices.DeleteFunc(words, func(s string) bool { return s == "" }); len(words) > 0 {
		text += ", " + strings.Join(words, ": ")
	}
	e.Err = errors.New(text)
	switch status := answer.StatusCode; {
	case (status == http.StatusUnauthorized || status == http.StatusForbidden) && !c.keys.anythingGiven():
		e.Kind = ErrAuthRequired
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		e.Kind = ErrPermissionDenied
	case status < 400, status == http.StatusNotFound && len(answer.Errors) == 0 && answer.Method == http.MethodPost:
		e.Kind = ErrNotRegistry
	case status == http.StatusNotFound:
		e.Kind = ErrNotFound
	case status == http.StatusBadRequest && len(answer.Errors) == 0 && c.plainHTTP:
		e.Kind = ErrNotRegistry // what TLS servers say to those who speak HTTP
	}
}

// Bounds on what is repeated of a registry's own words.
const (
	maxMessageBytes = 200
	maxCodeBytes    = 64
)

// urlSecrets finds the query and the user information of a URL.
var urlSecrets = regexp.MustCompile(`\?[^\s"'<>]*|//[^\s"'/]*@`)

// clean makes foreign text fit for an error: one line, short, printable, without
// queries and user names in URLs, and without any secret that was sent to the
// registry.
func (c *Client) clean(text string) string {
	text = urlSecrets.ReplaceAllStringFunc(c.keys.redact(text), func(s string) string {
		if s[0] == '/' {
			return "//"
		}
		return ""
	})
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	return cut(strings.TrimSpace(text), maxMessageBytes)
}

// cut shortens text to at most limit bytes and an ellipsis.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
