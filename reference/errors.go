package reference

import (
	"errors"
	"strconv"
)

// Errors of this package, for use with [errors.Is].
var (
	// ErrInvalidOCIScheme refuses a reference that does not start with "oci://",
	// and an endpoint with a scheme other than http, https and oci.
	ErrInvalidOCIScheme = errors.New("invalid OCI scheme")

	// ErrInvalidPort refuses a colon that no port from 1 to 65535 follows.
	ErrInvalidPort = errors.New("invalid port")

	// ErrInvalidOCIFormat refuses text that is neither a reference nor an endpoint. The errors below match it too.
	ErrInvalidOCIFormat = errors.New("invalid OCI format")

	// ErrInvalidHost refuses a host that is missing, or is neither a domain name
	// nor an IPv6 address in brackets.
	ErrInvalidHost error = formatError("invalid host")

	// ErrInvalidRepository refuses a repository that is missing or illegal.
	ErrInvalidRepository error = formatError("invalid repository")

	// ErrInvalidTag refuses a tag that is empty or illegal.
	ErrInvalidTag error = formatError("invalid tag")

	// ErrInvalidDigest refuses a digest that is not a well-formed sha256 or sha512.
	ErrInvalidDigest error = formatError("invalid digest")

	// ErrCredentialsInReference refuses a reference or an endpoint with a possible
	// password before an "@".
	ErrCredentialsInReference error = formatError("credentials do not belong in a reference")
)

// formatError is a sentinel that also matches [ErrInvalidOCIFormat].
type formatError string

func (e formatError) Error() string { return string(e) }

func (formatError) Unwrap() error { return ErrInvalidOCIFormat }

// Error describes the refused text and the reason. Every error that this package returns is
// an *Error.
type Error struct {
	// Kind is one of the sentinels of this package.
	Kind error
	// Input is the whole text. It is empty if the text may hold a secret; it is not
	// cut, and may hold control bytes.
	Input string
	// Part is the refused piece of Input. It is empty if the piece is missing, if no
	// single piece is at fault, and if Input is empty.
	Part string
	// Reason completes the message.
	Reason string

	hint string
}

// Error returns one line of less than 500 bytes, whatever the size of the input:
//
//	invalid port "70000" in "oci://host:70000/app:v1": not between 1 and 65535
//
// Quoted text is in Go syntax and is cut where it is long.
func (e *Error) Error() string {
	text := "invalid reference"
	if e.Kind != nil {
		text = e.Kind.Error()
	}
	if e.Part != "" {
		text += " " + quote(e.Part)
	}
	if e.Input != "" && e.Input != e.Part {
		text += " in " + quote(e.Input)
	}
	return text + ": " + e.Reason
}

// Unwrap returns the Kind.
func (e *Error) Unwrap() error { return e.Kind }

// Hint returns advice on what to write instead, as one line of less than 500
// bytes, never with a secret in it.
func (e *Error) Hint() string { return e.hint }

// newError refuses part. Within a longer text it is completed by [Error.in].
func newError(kind error, part, reason, hint string) *Error {
	return &Error{Kind: kind, Input: part, Part: part, Reason: reason, hint: hint}
}

// in records the text to which the refused part belongs.
func (e *Error) in(input string) *Error {
	e.Input = input
	return e
}

// quote returns s in quotes, cut before the first rune that exceeds the limit. The limit is
// on the quoted text: escapes can make it four times as long.
func quote(s string) string {
	const limit = 160 // two such texts leave room for the rest of 500 bytes
	for i := range s {
		if quoted := strconv.Quote(s[:i]); len(quoted) > limit {
			return quoted + "…"
		}
	}
	return strconv.Quote(s)
}
