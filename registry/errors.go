package registry

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
)

// The classes of failures. An [*Error] matches at most one of these, and in addition
// the sentinel that its comment names.
var (
	// ErrUnreachable reports that no registry responded: nothing listens there,
	// the name is unknown, the certificate is not trusted, or the connection
	// broke.
	ErrUnreachable = errors.New("registry unreachable")
	// ErrTLSMismatch reports TLS used with a port that speaks plain HTTP. It also
	// matches ErrUnreachable.
	ErrTLSMismatch = fmt.Errorf("%w: the server does not speak TLS", ErrUnreachable)
	// ErrNotRegistry reports a response that no registry gives, such as a web
	// page, a refusal by a proxy or, over plain HTTP, that of a TLS port. It also
	// matches ErrUnreachable.
	ErrNotRegistry error = &subclass{"the response is not from an OCI registry", ErrUnreachable}
	// ErrAuthRequired reports that the registry requires a credential and there
	// was none of the kind that it asks for.
	ErrAuthRequired = errors.New("registry requires authentication")
	// ErrPermissionDenied reports that the registry or its token service refused
	// the credential, or that it does not allow the operation.
	ErrPermissionDenied = errors.New("registry denies access")
	// ErrNotFound reports that the repository, tag or digest does not exist.
	ErrNotFound = errors.New("not found in the registry")
	// ErrTagConflict reports a tag that points to another manifest and must not be
	// moved, or that the registry does not let anybody move. If the other
	// manifest is known, the error in the chain is a [*TagConflictError].
	ErrTagConflict = errors.New("tag exists with other content")
	// ErrTagRefused reports a tag that a [TagRule] does not allow to be set. It also matches
	// ErrTagConflict, and the error in the chain is a [*TagConflictError] with the reason.
	ErrTagRefused error = &subclass{"a rule refuses to set the tag", ErrTagConflict}
	// ErrRateLimited reports too many requests.
	ErrRateLimited = errors.New("registry limits the rate of requests")
	// ErrTooLarge reports content that is larger than the registry, or this
	// package, accepts.
	ErrTooLarge = errors.New("content too large")
	// ErrInvalid reports a request that the registry refuses as malformed.
	ErrInvalid = errors.New("registry refuses the request as invalid")
	// ErrUnsupported reports something that the registry, or this package, does
	// not support, such as a response that the specification does not allow.
	ErrUnsupported = errors.New("not supported")
	// ErrServer reports a failure of the registry itself.
	ErrServer = errors.New("registry failed")
	// ErrCorrupt reports content that does not match its digest, or is missing
	// from an artifact that exists.
	ErrCorrupt = errors.New("registry holds corrupt content")
)

// subclass is an error that also matches another one, with a text of its own.
type subclass struct {
	text string
	of   error
}

func (s *subclass) Error() string { return s.text }

func (s *subclass) Unwrap() error { return s.of }

// The values of Error.Op.
const (
	opPush       = "push to"
	opVerify     = "verify access to"
	opResolve    = "resolve"
	opPull       = "pull"
	opVerifyRead = "verify read access to"
)

// maxErrorText bounds the text of an Error, in bytes.
const maxErrorText = 500

// Error describes a failed operation. Its text is one line of at most 500 bytes, and
// holds no secret and no query of a URL.
type Error struct {
	// Op is the operation, such as "push to" or "resolve".
	Op string
	// Reference is its object: host/repository, with the tag or digest if there
	// is one.
	Reference string
	// StatusCode is the HTTP status of the registry, or 0 without a response.
	StatusCode int
	// Code is the registry's own error code, such as NAME_UNKNOWN
	// (distribution-spec v1.1, "Error Codes"), or "".
	Code string
	// RetryAfter is how long the registry asks clients to wait, or 0. The registry may
	// have written any value: bound it before you wait. See [RetryPolicy].
	RetryAfter time.Duration
	// Kind is one of the package's sentinels, or nil if none fits.
	Kind error
	// Err is the cause.
	Err error

	retryable bool
	service   bool // it is about the token service
	origin    origin
}

// Retryable reports whether the same call may succeed later: the failure was
// transient in the sense of [RetryPolicy], or [Options.Timeout] ended the call. It is
// false for the end of the caller's context, for a credential that was denied at each
// attempt, and for everything final.
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

// TagConflictError reports the manifest that a tag points to, and the one it was to
// point to. Have is empty if the registry reported no digest and the manifest was too
// large to read. The error matches [ErrTagConflict].
type TagConflictError struct {
	Tag        string
	Have, Want digest.Digest
	// Reason is that of the [TagRule] that refused to move the tag, or empty. Have is empty
	// too if there was no such tag.
	Reason string
}

func (e *TagConflictError) Error() string {
	switch {
	case e.Reason != "" && e.Have == "":
		return fmt.Sprintf("%s: %s (it would be %s)", cmp.Or(e.Tag, "the artifact"), e.Reason, e.Want)
	case e.Reason != "":
		return fmt.Sprintf("%s: %s (it is %s, not %s)", e.Tag, e.Reason, e.Have, e.Want)
	case e.Have == "":
		return fmt.Sprintf("%s is not %s", e.Tag, e.Want)
	}
	return fmt.Sprintf("%s is %s, not %s", e.Tag, e.Have, e.Want)
}

// Is reports whether target is [ErrTagConflict] or, if a rule refused, [ErrTagRefused].
func (e *TagConflictError) Is(target error) bool {
	return target == ErrTagConflict || target == ErrTagRefused && e.Reason != ""
}
