package packager

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kubeoci/oci/internal/advice"
	"github.com/kubeoci/oci/internal/filename"
)

// ErrInvalidPrefix reports a prefix that cannot be the name of a directory.
var ErrInvalidPrefix = errors.New("invalid prefix")

// checkPrefix accepts the names of directories that package manifests collects.
func checkPrefix(prefix string) error {
	switch {
	case filename.IsVersionControl(prefix):
		return &prefixError{prefix, " is a name of version-control data, which readers refuse"}
	case filename.IsDrive(prefix):
		return &prefixError{prefix, " is a drive, which readers refuse"}
	}
	bad := strings.TrimSpace(prefix) != prefix || prefix == "" || prefix == "." || strings.HasSuffix(prefix, "..") ||
		strings.ContainsAny(prefix, `/\`) ||
		strings.ContainsFunc(prefix, unicode.IsControl) ||
		!utf8.ValidString(prefix) || len(prefix) > 255
	if bad {
		return &prefixError{prefix, ""}
	}
	return nil
}

// checkPortablePrefix refuses a prefix that package manifests refuses as a name under
// [manifests.Options.PortableNames].
func checkPortablePrefix(prefix string) error {
	if fault := filename.Fault(prefix); fault != "" {
		return &advice.Error{Err: &prefixError{prefix, " " + fault}, Text: "set Pack.Prefix to another name, or unset Collect.PortableNames"}
	}
	return nil
}

type prefixError struct{ prefix, reason string }

func (e *prefixError) Error() string {
	return fmt.Sprintf("%v: %.80q%s", ErrInvalidPrefix, e.prefix, e.reason)
}

func (e *prefixError) Unwrap() error { return ErrInvalidPrefix }

func (e *prefixError) Hint() string {
	return "set Pack.Prefix to the name of one directory if the name of the source directory does not serve, or choose LayoutRoot"
}
