package packager

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kubeoci/oci/internal/advice"
)

// Layout selects where the tree lies in the archive.
type Layout string

const (
	// LayoutRoot puts the tree at the root of the archive.
	LayoutRoot Layout = "root"
	// LayoutPrefix puts the tree in a directory of the archive: see
	// [Options.Prefix].
	LayoutPrefix Layout = "prefix"
	// LayoutBoth puts one copy of the tree at the root and one under the prefix. Each
	// file is followed by its copy, which adds a tenth to a third to the compressed size
	// of files of less than 32 KiB, and doubles that of larger ones.
	LayoutBoth Layout = "both"
)

// ErrUnknownLayout reports a [Layout] that is none of the constants.
var ErrUnknownLayout = errors.New("unknown layout")

// ParseLayout parses the name of a layout, in upper or lower case. The empty
// string stays empty. The error matches [ErrUnknownLayout].
func ParseLayout(s string) (Layout, error) {
	if s == "" {
		return "", nil
	}
	for _, layout := range []Layout{LayoutRoot, LayoutPrefix, LayoutBoth} {
		if strings.EqualFold(s, string(layout)) {
			return layout, nil
		}
	}
	return "", &advice.Error{Err: fmt.Errorf("%w: %.40q is not root, prefix or both", ErrUnknownLayout, s), Text: "set Layout to root, prefix or both"}
}
