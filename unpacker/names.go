package unpacker

import (
	"archive/tar"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kubeoci/oci/internal/filename"
	"github.com/kubeoci/oci/manifests"
)

// maxNameLength is the limit of the usual file systems for one name, in bytes.
const maxNameLength = 255

// kindFault returns why entries of this kind are never unpacked, or "".
func kindFault(h *tar.Header) string {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return "it is a sparse file"
		}
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeSymlink, tar.TypeLink:
		return ""
	case tar.TypeDir:
		if h.Size != 0 { // readers disagree on the meaning
			return "it is a directory with content"
		}
		return ""
	case tar.TypeChar, tar.TypeBlock:
		return "it is a device"
	case tar.TypeFifo:
		return "it is a FIFO"
	case tar.TypeGNUSparse:
		return "it is a sparse file"
	case tar.TypeXGlobalHeader:
		return "it is a global header, which changes the entries after it"
	}
	return fmt.Sprintf("it is of the unknown kind %q", h.Typeflag)
}

// nameFault returns why a name is refused on every system, or by Flux, or "".
func nameFault(name string) string {
	switch {
	case name == "":
		return "the name is empty"
	case !utf8.ValidString(name):
		return "the name is not UTF-8"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "the name contains control characters"
	case strings.Contains(name, `\`):
		return "the name contains a backslash"
	case strings.HasPrefix(name, "/"):
		return "the name is absolute"
	case hasDrive(name):
		return "the name starts with a drive"
	}
	elements := strings.Split(name, "/")
	for i, element := range elements {
		switch {
		case element == "..", i < len(elements)-1 && strings.HasSuffix(element, ".."):
			return "the name contains ../"
		case element == "", element == ".":
			return "the name is not clean"
		case len(element) > maxNameLength:
			return fmt.Sprintf("the name is longer than %d bytes", maxNameLength)
		}
	}
	if !filepath.IsLocal(filepath.FromSlash(name)) { // such as CON on Windows
		return "the name has another meaning on this system"
	}
	return ""
}

// portabilityFault returns why a name does not mean the same on every system, or "". On
// Windows every name has to be portable: it would open another file there, or none.
func portabilityFault(name string, portable bool) string {
	if !portable && runtime.GOOS != "windows" {
		return ""
	}
	if err := filename.Portable(name); err != nil {
		return err.Error()
	}
	return ""
}

// versionControl returns the element of a path that belongs to a version-control system,
// or "".
func versionControl(name string) string {
	for element := range strings.SplitSeq(name, "/") {
		if filename.IsVersionControl(element) {
			return element
		}
	}
	return ""
}

func hasDrive(name string) bool {
	return len(name) > 1 && name[1] == ':' && ('a' <= name[0]|0x20 && name[0]|0x20 <= 'z')
}

// tree holds the names of the entries so far.
type tree struct {
	max   int
	nodes []node // the first is the root
	index map[nameKey]int
}

// nameKey identifies a name in a directory, in a form that is the same for upper and
// lower case.
type nameKey struct {
	parent int
	folded string
}

type node struct {
	name   string
	dir    bool
	listed bool // it has an entry of its own
}

func newTree(limit int) *tree {
	return &tree{max: limit, nodes: []node{{dir: true}}, index: map[nameKey]int{}}
}

// addRoot adds the entry of the root directory itself.
func (t *tree) addRoot(name string) error {
	if t.nodes[0].listed {
		return &EntryError{name, "duplicate entry", manifests.ErrCollision}
	}
	t.nodes[0].listed = true
	return nil
}

// add adds a clean name. It returns the directories that are new, parents first,
// including the name itself if that is a directory.
func (t *tree) add(name string, dir bool) (missing []string, err error) {
	collision := func(reason string, args ...any) error {
		return &EntryError{name, fmt.Sprintf(reason, args...), manifests.ErrCollision}
	}
	at, end := 0, -1
	for last := false; !last; {
		start := end + 1
		if end = start + strings.IndexByte(name[start:], '/'); end < start {
			end, last = len(name), true
		}
		element, isDir := name[start:end], dir || !last
		key := nameKey{at, filename.Fold(element)}
		i, found := t.index[key]
		if !found {
			if len(t.nodes) > t.max {
				return nil, &EntryError{Entry: name, Err: &manifests.LimitError{Limit: "MaxEntries", Max: int64(t.max)}}
			}
			i = len(t.nodes)
			t.index[key] = i
			t.nodes = append(t.nodes, node{name: element, dir: isDir})
			if isDir {
				missing = append(missing, name[:end])
			}
		}
		n := &t.nodes[i]
		switch {
		case n.name != element:
			return nil, collision("%.100q differs from %.100q by case only", element, n.name)
		case isDir && !n.dir:
			return nil, collision("%.100q is not a directory", name[:end])
		case !isDir && n.dir:
			return nil, collision("a directory has that name")
		case last && n.listed:
			return nil, collision("duplicate entry")
		}
		n.listed = n.listed || last
		at = i
	}
	return missing, nil
}
