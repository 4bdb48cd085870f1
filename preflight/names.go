package preflight

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/filename"
)

// names holds the faults of names, wherever the engines look.
type names struct {
	refused    []Finding // by some unpackers
	unportable []Finding
	twins      []Finding
}

// findNames finds names that some unpackers or systems refuse.
func (m *model) findNames() {
	m.findRefusedNames()
	m.findUnportableNames()
	m.findCaseTwins()
}

// findRefusedNames lists the names that some unpackers refuse.
func (m *model) findRefusedNames() {
	for _, s := range m.sources {
		name := s.file.Path // below a prefix, which is clean
		if strings.Contains(name, `\`) || strings.Contains(name, "../") || strings.HasPrefix(name, "/") || path.Clean(name) != name {
			m.names.refused = append(m.names.refused, Finding{File: name, Message: fmt.Sprintf("not every reader can unpack an entry with the name %.255q", m.copies[0]+name)})
		}
	}
}

// checkEntryNames reports names that some unpackers refuse, each file once.
func checkEntryNames(m *model, r *report) {
	for _, f := range m.names.refused {
		r.refuse(f, m.views)
	}
}

// findUnportableNames lists a directory once, at the first file in it, and the prefix.
func (m *model) findUnportableNames() {
	prefix := m.prefix()
	if fault := filename.Fault(prefix); fault != "" {
		m.names.unportable = append(m.names.unportable, Finding{Message: fmt.Sprintf("%.255q %s", prefix, fault)})
	}
	before := ""
	for _, s := range m.sources {
		if m.ended() {
			return
		}
		for name := s.file.Path; name != "." && name != "/" && !isAt(before, name); name = path.Dir(name) {
			if fault := filename.Fault(path.Base(name)); fault != "" {
				m.names.unportable = append(m.names.unportable, Finding{File: s.file.Path, Message: fmt.Sprintf("%.255q %s", name, fault)})
			}
		}
		before = s.file.Path
	}
}

// isAt reports whether a file is below a directory.
func isAt(file, dir string) bool {
	return len(file) > len(dir) && file[len(dir)] == '/' && strings.HasPrefix(file, dir)
}

func checkPortableNames(m *model, r notes) {
	for _, f := range m.names.unportable {
		r.add(f)
	}
}

// findCaseTwins lists names of files and directories that are one on a file
// system that ignores case, each pair once.
func (m *model) findCaseTwins() {
	prefix := m.prefix()
	changes := func(name string) bool { return filename.Fold(name) != name }
	if !changes(prefix) && !slices.ContainsFunc(m.sources, func(s *source) bool { return changes(s.file.Path) }) {
		return
	}
	first := map[string]string{}
	if len(m.copies) > 1 { // the prefix lies beside the tree
		first[filename.Fold(prefix)] = prefix
	}
	reported := map[string]bool{}
	before := ""
	for _, s := range m.sources {
		if m.ended() {
			return
		}
		last := before
		before = s.file.Path
		for name := s.file.Path; name != "." && name != "/" && !isAt(last, name); name = path.Dir(name) {
			folded := filename.Fold(name)
			twin, found := first[folded]
			switch {
			case !found:
				first[folded] = name
			case twin != name && !reported[name] && path.Dir(twin) == path.Dir(name):
				reported[name] = true
				m.names.twins = append(m.names.twins, Finding{File: s.file.Path, Message: fmt.Sprintf("%.255q and %.255q are the same name on a file system that ignores case", twin, name)})
			}
		}
	}
}

func checkCaseTwins(m *model, r notes) {
	for _, f := range m.names.twins {
		r.add(f)
	}
}
