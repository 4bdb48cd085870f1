package unpacker

import (
	"archive/tar"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kubeoci/oci/internal/filename"
	"github.com/kubeoci/oci/manifests"
)

// maxNameLength is the limit of the usual file systems for one name, in bytes.
const maxNameLength = 255

// Errors of entries that do no harm. Their advice differs from that of other unsafe entries.
var (
	errKind = fmt.Errorf("%w", ErrUnsafeEntry)
	errName = fmt.Errorf("%w", ErrUnsafeEntry)
)

// checkKind refuses the kinds of entries that are never unpacked. headerSize is the number
// of bytes of everything before the content.
func checkKind(h *tar.Header, headerSize int64) error {
	refuse := func(err error, reason string) error { return &EntryError{h.Name, reason, err} }
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") && h.Typeflag != tar.TypeXGlobalHeader {
			return refuse(errKind, "it is a sparse file")
		}
	}
	const otherMode = "its mode is that of another kind of entry" // by which Flux goes
	switch kind := h.FileInfo().Mode().Type(); h.Typeflag {
	case tar.TypeReg:
		if kind != 0 {
			return refuse(ErrUnsafeEntry, otherMode)
		}
	case tar.TypeDir:
		if kind != fs.ModeDir {
			return refuse(ErrUnsafeEntry, otherMode)
		}
		if h.Size != 0 { // readers disagree on the meaning
			return refuse(ErrUnsafeEntry, "it is a directory with content")
		}
	case tar.TypeSymlink, tar.TypeLink:
	case tar.TypeChar, tar.TypeBlock:
		return refuse(ErrUnsafeEntry, "it is a device")
	case tar.TypeFifo:
		return refuse(ErrUnsafeEntry, "it is a FIFO")
	case tar.TypeXGlobalHeader:
		if !isComment(h, headerSize) {
			return refuse(ErrUnsafeEntry, "it is a global header, which changes the entries after it")
		}
	case tar.TypeGNUSparse:
		return refuse(errKind, "it is a sparse file")
	default:
		return refuse(errKind, fmt.Sprintf("it is of the unknown kind %q", h.Typeflag))
	}
	return nil
}

// isComment reports whether a global header consists of a comment, as git archive writes
// it. A header before it, of at least one unit, would be for the next entry with some
// readers, and for none with others.
func isComment(h *tar.Header, headerSize int64) bool {
	for key := range h.PAXRecords {
		if key != "comment" {
			return false
		}
	}
	return headerSize < 2*tarUnit+int64(len(h.PAXRecords["comment"]))
}

// clean removes the elements of a path that mean nothing. It keeps "..".
func clean(name string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(name, "/"), func(element string) bool {
		return element == "" || element == "."
	}), "/")
}

// harm returns why a name leads elsewhere, or why Flux refuses it, or "".
func harm(name, cleaned string) string {
	switch {
	case strings.ContainsFunc(name, unicode.IsControl):
		return "the name contains control characters"
	case strings.Contains(name, `\`):
		return "the name contains a backslash"
	case strings.HasPrefix(name, "/"):
		return "the name is absolute"
	case hasDrive(cleaned):
		return "the name starts with a drive"
	case strings.Contains(name, "../"), path.Base(cleaned) == "..":
		return "the name contains ../"
	}
	return ""
}

// hasDrive reports whether a name is absolute on Windows. One like a:b.yaml, which leads to
// a drive there too, is refused on Windows as not portable; elsewhere it is a plain name.
func hasDrive(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return filename.IsDrive(first)
}

// nameFault returns why there can be no entry of this name on this system, or "".
func nameFault(h *tar.Header, cleaned string, portable bool) string {
	last := h.Name[strings.LastIndexByte(h.Name, '/')+1:]
	switch {
	case h.Name == "":
		return "the name is empty"
	case !utf8.ValidString(h.Name):
		return "the name is not UTF-8"
	case h.Typeflag != tar.TypeDir && (last == "" || last == "."):
		return "the name is that of a directory"
	case h.Name == ".", h.Name == "./":
		return ""
	case cleaned == "":
		return "the name is that of the root, in a form that Argo CD refuses"
	}
	for element := range strings.SplitSeq(cleaned, "/") {
		if len(element) > maxNameLength {
			return fmt.Sprintf("the name is longer than %d bytes", maxNameLength)
		}
	}
	if !filepath.IsLocal(filepath.FromSlash(cleaned)) { // such as CON on Windows
		return "the name has another meaning on this system"
	}
	return portabilityFault(cleaned, portable)
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
