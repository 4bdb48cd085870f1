package packager

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrInvalidPrefix reports a prefix that cannot be the name of a directory.
var ErrInvalidPrefix = errors.New("invalid prefix")

// checkPrefix accepts the names of directories that package manifests accepts.
func checkPrefix(prefix string) error {
	bad := strings.TrimSpace(prefix) != prefix || prefix == "" || prefix == "." || strings.HasSuffix(prefix, "..") ||
		strings.ContainsAny(prefix, `/\`) ||
		strings.ContainsFunc(prefix, unicode.IsControl) ||
		!utf8.ValidString(prefix) || len(prefix) > 255
	if bad {
		return &prefixError{prefix}
	}
	return nil
}

type prefixError struct{ prefix string }

func (e *prefixError) Error() string { return fmt.Sprintf("%v: %.80q", ErrInvalidPrefix, e.prefix) }

func (e *prefixError) Unwrap() error { return ErrInvalidPrefix }

func (e *prefixError) Hint() string {
	return "set Pack.Prefix to the name of one directory if the name of the source directory does not serve, or choose LayoutRoot"
}
