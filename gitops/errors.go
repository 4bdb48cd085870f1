package gitops

import (
	"errors"
	"fmt"
)

// Errors of this package, for use with [errors.Is].
var (
	// ErrInvalidObjectName refuses a name that Kubernetes refuses, or that cannot be derived.
	ErrInvalidObjectName = errors.New("invalid object name")

	// ErrInvalidSetting refuses a field of an [Artifact], [FluxOptions] or [ArgoCDOptions]
	// that is missing, illegal, or contradicts another field.
	ErrInvalidSetting = errors.New("invalid setting")

	// ErrInvalidStatus refuses objects from which no status can be read: no JSON, another
	// kind, or more than one of a kind.
	ErrInvalidStatus = errors.New("invalid status objects")
)

// Error describes the refused field and the reason.
type Error struct {
	// Kind is one of the sentinels of this package.
	Kind error
	// Field is the field as its struct spells it, or "" for status objects.
	Field string
	// Value is the refused text. It is empty if there is none, and for names of Secrets,
	// because a secret itself may have been written there.
	Value string
	// Reason completes the message.
	Reason string

	hint string
}

// Error returns one line of less than 500 bytes, such as
//
//	invalid object name "My_App" in Name: only a-z, 0-9, "-" and "." are allowed
func (e *Error) Error() string {
	text := "invalid input"
	if e.Kind != nil {
		text = e.Kind.Error()
	}
	if e.Value != "" {
		text += fmt.Sprintf(" %.80q", e.Value)
	}
	if e.Field != "" {
		text += " in " + e.Field
	}
	return text + ": " + e.Reason
}

// Unwrap returns the Kind.
func (e *Error) Unwrap() error { return e.Kind }

// Hint returns advice, or "" if the message leaves nothing to add.
func (e *Error) Hint() string { return e.hint }

func setting(field, value, reason, hint string) error {
	return &Error{Kind: ErrInvalidSetting, Field: field, Value: value, Reason: reason, hint: hint}
}
