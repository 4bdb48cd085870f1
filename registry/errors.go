package registry

import (
	"errors"
	"fmt"
	"strings"
	"time"

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
	// moved, or that the registry does not let anybody move. Where it is known to
	// what it points, the error in the chain is a [*TagConflictError].
	ErrTagConflict = errors.New("tag exists with other content")
	// ErrRateLimited reports a registry that was asked too often.
	ErrRateLimited = errors.New("registry limits the rate of requests")
	// ErrTooLarge reports what is larger than the registry takes.
	ErrTooLarge = errors.New("too large for the registry")
	// ErrInvalid reports what the registry refuses as malformed.
	ErrInvalid = errors.New("registry refuses the request as invalid")
	// ErrUnsupported reports what the registry, or this package, does not do.
	ErrUnsupported = errors.New("not supported")
	// ErrServer reports a failure of the registry's own.
	ErrServer = errors.New("registry failed")
	// ErrCorrupt reports content that is not what its digest says, or is missing
	// from an artifact that exists.
	ErrCorrupt = errors.New("registry holds corrupt content")
)

// maxErrorText is how long the text of an Error can be, in bytes.
const maxErrorText = 500

// Error says what was attempted on what, and how it went wrong. Its text is
// one line of at most 500 bytes, and holds no secret and no query of a URL.
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
	// RetryAfter is when the registry says to come back, or 0 if it does not.
	RetryAfter time.Duration
	// Kind is one of the package's sentinels, or nil where none fits.
	Kind error
	// Err is the cause.
	Err error

	retryable bool
}

// Retryable reports whether the same call may succeed later: the failure was
// transient in the sense of [RetryPolicy], or [Options.Timeout] ended the retries of
// such a failure. It is false for the end of the caller's context, and for
// everything final.
func (e *Error) Retryable() bool { return e.retryable }

func (e *Error) Error() string {
	var parts []string
	if e.Op != "" {
		parts = append(parts, e.Op+" "+e.Reference)
	}
	for _, err := range e.Unwrap() {
		parts = append(parts, err.Error())
	}
	return cut(printable(strings.Join(parts, ": ")), maxErrorText-len("…"))
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

// TagConflictError says where a tag points and where it was to point. Have is
// empty where the registry does not say it, of what is too large to be read. The
// error matches [ErrTagConflict].
type TagConflictError struct {
	Tag        string
	Have, Want digest.Digest
}

func (e *TagConflictError) Error() string {
	if e.Have == "" {
		return fmt.Sprintf("%s is not %s", e.Tag, e.Want)
	}
	return fmt.Sprintf("%s is %s, not %s", e.Tag, e.Have, e.Want)
}

// Is reports whether target is [ErrTagConflict].
func (e *TagConflictError) Is(target error) bool { return target == ErrTagConflict }
