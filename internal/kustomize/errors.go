package kustomize

import (
	"errors"
	"fmt"
	"strings"
)

// What can be wrong with a kustomization. Each arrives wrapped in an [*Error].
var (
	// ErrTooLarge reports more than [MaxSize] bytes.
	ErrTooLarge = errors.New("larger than 1 MiB")
	// ErrSyntax reports what is not YAML, or is beyond a limit of boundyaml.
	ErrSyntax = errors.New("not valid YAML")
	// ErrEmpty reports a file that says nothing.
	ErrEmpty = errors.New("is empty")
	// ErrKind reports a kind or apiVersion that kustomize does not read.
	ErrKind = errors.New("neither a Kustomization nor a Component of kustomize")
	// ErrAliases reports aliases that unfold to more than a file can hold.
	ErrAliases = errors.New("aliases unfold to too much")
	// ErrNotMapping reports a value that has to be a mapping.
	ErrNotMapping = errors.New("not a mapping")
	// ErrNotList reports a value that has to be a list.
	ErrNotList = errors.New("not a list")
	// ErrNotText reports a value that has to be text.
	ErrNotText = errors.New("not a text")
	// ErrEmptyEntry reports a list's entry without a value.
	ErrEmptyEntry = errors.New("entry is empty")
	// ErrSource reports a generator's file that is neither path nor key=path.
	ErrSource = errors.New("neither path nor key=path")
)

// Error says what is wrong with a kustomization, and where.
type Error struct {
	Line, Column int    // from 1
	Field        string // such as "resources[2]", or ""
	Detail       string // the parser's words, or ""
	Err          error  // one of the package's sentinels
}

func (e *Error) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Reason())
	}
	return fmt.Sprintf("%d:%d: %s: %s", e.Line, e.Column, e.Field, e.Reason())
}

// Reason is the message without the position.
func (e *Error) Reason() string {
	if e.Detail == "" {
		return e.Err.Error()
	}
	return e.Err.Error() + ": " + e.Detail
}

func (e *Error) Unwrap() error { return e.Err }

// within moves a position that is behind the end of the text to the end: the
// parser counts a line too many where the last one has no break.
func (e *Error) within(text string) *Error {
	line, column := 1, 1
	for i, r := range text {
		switch {
		case strings.ContainsRune("\n\u0085\u2028\u2029", r), r == '\r' && !strings.HasPrefix(text[i+1:], "\n"):
			line, column = line+1, 1
		default:
			column++
		}
	}
	if e.Line > line {
		e.Line, e.Column = line, column
	}
	return e
}
