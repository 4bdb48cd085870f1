package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"

	"github.com/opencontainers/go-digest"
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
