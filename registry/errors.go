package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// What a registry's refusal, or its silence, comes down to. An [*Error] matches
// at most one of these, and in addition what its comment says.
var (
	// ErrUnreachable reports that no registry answered: nothing listens there,
	// the name is unknown, the certificate is not trusted, or the connection
	// broke.
	ErrUnreachable = errors.New("registry unreachable")
	// ErrTLSMismatch reports TLS spoken to a plain port. It also matches
	// ErrUnreachable.
	ErrTLSMismatch = fmt.Errorf("%w: it does not speak TLS", ErrUnreachable)
	// ErrNotRegistry reports an answer that no registry gives, such as a web
	// page or, over plain HTTP, that of a TLS port. It also matches
	// ErrUnreachable.
	ErrNotRegistry = fmt.Errorf("%w: what answers is not a registry, or wants TLS", ErrUnreachable)
	// ErrAuthRequired reports that the registry wants a credential and there
	// was none.
	ErrAuthRequired = errors.New("registry requires authentication")
	// ErrPermissionDenied reports that the registry refused the credential, or
	// what its owner wanted to do.
	ErrPermissionDenied = errors.New("registry denies access")
	// ErrNotFound reports that the repository, tag or digest does not exist.
	ErrNotFound = errors.New("not found in the registry")
	// ErrTagConflict reports a tag that points elsewhere and was not to be
	// moved. The error in the chain is a [*TagConflictError].
	ErrTagConflict = errors.New("tag exists with other content")
)

// Error says what was attempted on what, and how it went wrong. Its text is
// one line, and holds no secret and no query of a URL.
type Error struct {
	// Op is what was attempted, such as "push to" or "resolve".
	Op string
	// Reference is what it was attempted on: host/repository, and the tag or
	// digest where there was one.
	Reference string
	// StatusCode is the registry's HTTP status, or 0 if it gave none.
	StatusCode int
	// Code is the registry's own error code, such as NAME_UNKNOWN
	// (distribution-spec v1.1, "Error Codes"), if it gave one.
	Code string
	// Kind is one of the package's sentinels, or nil where none fits.
	Kind error
	// Err is the cause.
	Err error
}

func (e *Error) Error() string {
	text := e.Op + " " + e.Reference
	if e.Kind != nil {
		text += ": " + e.Kind.Error()
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the Kind and the cause.
func (e *Error) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// Hint says what to do about the error, or "".
func (e *Error) Hint() string {
	if hint := certificateHint(e.Err); hint != "" {
		return hint
	}
	switch e.Kind {
	case ErrUnreachable:
		return "check the host and port, and that the registry is running"
	case ErrTLSMismatch:
		return "ask for plain HTTP if the registry is to be used without TLS"
	case ErrNotRegistry:
		return "check the host and port, and whether the registry speaks TLS there"
	case ErrAuthRequired:
		return "give a user name and password, or use the Docker configuration after logging in"
	case ErrPermissionDenied:
		return "check the credentials, and that they allow to push to this repository"
	case ErrNotFound:
		return "check the name; where the registry does not create repositories by itself, create it first"
	case ErrTagConflict:
		return "push under another tag, or let tags be moved"
	}
	switch {
	case errors.Is(e.Err, context.DeadlineExceeded):
		return "allow more time, or find out why the registry does not answer"
	case e.StatusCode == http.StatusTooManyRequests, e.StatusCode >= http.StatusInternalServerError:
		return "try again later"
	}
	return ""
}

func certificateHint(err error) string {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		return ""
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "give the certificate authority of the registry as one to trust"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "connect under a name that the certificate is for"
	}
	return "renew the certificate of the registry"
}

// TagConflictError says where a tag points and where it was to point. It
// matches [ErrTagConflict].
type TagConflictError struct {
	Tag        string
	Have, Want digest.Digest
}

func (e *TagConflictError) Error() string {
	return fmt.Sprintf("%s is %s, not %s", e.Tag, e.Have, e.Want)
}

// Is reports whether target is [ErrTagConflict].
func (e *TagConflictError) Is(target error) bool { return target == ErrTagConflict }

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
	if answer, ok := errors.AsType[*errcode.ErrorResponse](err); ok {
		c.failStatus(e, answer)
		return e
	}
	local, isLocal := errors.AsType[*localError](err)
	transport, isTransport := errors.AsType[*url.Error](err)
	switch {
	case isLocal:
		e.Err = local.err
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
