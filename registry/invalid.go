package registry

import (
	"errors"
	"fmt"
)

// ErrInvalidOptions reports options that contradict each other. It is returned
// before any request.
var ErrInvalidOptions = errors.New("invalid registry options")

// ErrInvalidCredential reports a credential that is incomplete or contradicts
// itself. It is returned before it is sent anywhere.
var ErrInvalidCredential = errors.New("invalid registry credential")

// inputError reports an option or a credential that cannot be used.
type inputError struct {
	kind   error
	reason string
	hint   string
}

func (e *inputError) Error() string { return e.kind.Error() + ": " + e.reason }

func (e *inputError) Unwrap() error { return e.kind }

// Hint returns advice for the error, or "".
func (e *inputError) Hint() string { return e.hint }

func invalidOption(hint, format string, args ...any) error {
	return &inputError{ErrInvalidOptions, fmt.Sprintf(format, args...), hint}
}

// errPlainCredential keeps a credential from a network where anyone can read it.
var errPlainCredential error = &inputError{
	ErrInvalidCredential,
	"not sent over plain HTTP to a host that is not loopback, unless AllowPlainHTTPCredentials allows it",
	"use TLS, or set Registry.AllowPlainHTTPCredentials in a network that you trust",
}

var (
	errNoClient      = invalidOption("make the Client with registry.NewClient", "the Client was not made by NewClient")
	errNoDestination = invalidOption("make the Destination with Client.Lookup", "the Destination was not made by Lookup")
	errNoSource      = invalidOption("pass the store that the artifact is in", "the source of the artifact is nil")
	errNoTarget      = invalidOption("pass the store to pull to", "the store for the artifact is nil")
)
