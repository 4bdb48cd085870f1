package preflight

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// checkEntryNames reports names that some unpackers refuse, each file once.
func checkEntryNames(m *model, r *report) {
	reported := map[string]bool{}
	for _, e := range m.entries {
		bad := strings.Contains(e.Path, `\`) || strings.Contains(e.Path, "../") || strings.HasPrefix(e.Path, "/") || path.Clean(e.Path) != e.Path
		if bad && !reported[e.File.Path] {
			reported[e.File.Path] = true
			r.refuse(Finding{File: e.File.Path, Message: fmt.Sprintf("not every reader can unpack an entry with the name %.255q", e.Path)}, m.views)
		}
	}
}

// checkPortableNames reports a directory once, at the first file in it.
func checkPortableNames(m *model, r *report) {
	before := ""
	for _, s := range m.sources {
		if m.ended() {
			return
		}
		for name := s.file.Path; name != "." && name != "/" && !isAt(before, name); name = path.Dir(name) {
			if why := unportable(path.Base(name)); why != "" {
				r.add(Finding{File: s.file.Path, Message: fmt.Sprintf("%.255q %s, which Windows refuses", name, why)})
			}
		}
		before = s.file.Path
	}
}

// isAt reports whether a file is below a directory.
func isAt(file, dir string) bool {
	return len(file) > len(dir) && file[len(dir)] == '/' && strings.HasPrefix(file, dir)
}

// unportable describes the part of a name that Windows refuses, or returns "".
func unportable(name string) string {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	stem = strings.TrimRight(stem, " ")
	device := len(stem) == 4 && (stem[:3] == "COM" || stem[:3] == "LPT") && stem[3] >= '1' && stem[3] <= '9'
	switch {
	case device || slices.Contains([]string{"CON", "PRN", "AUX", "NUL"}, stem):
		return "is a device name"
	case strings.HasSuffix(name, ".") || strings.HasSuffix(name, " "):
		return "ends in a dot or space"
	case strings.ContainsAny(name, `:<>"|?*`):
		return "contains a reserved character"
	}
	return ""
}

// checkCaseTwins reports names of files and directories that are one on a file
// system that ignores case, each pair once.
func checkCaseTwins(m *model, r *report) {
	if !slices.ContainsFunc(m.sources, func(s *source) bool { return strings.ToLower(s.file.Path) != s.file.Path }) {
		return
	}
	first := map[string]string{}
	reported := map[string]bool{}
	before := ""
	for _, s := range m.sources {
		if m.ended() {
			return
		}
		last := before
		before = s.file.Path
		for name := s.file.Path; name != "." && name != "/" && !isAt(last, name); name = path.Dir(name) {
			folded := strings.ToLower(name)
			twin, found := first[folded]
			switch {
			case !found:
				first[folded] = name
			case twin != name && !reported[name] && path.Dir(twin) == path.Dir(name):
				reported[name] = true
				r.add(Finding{File: s.file.Path, Message: fmt.Sprintf("%.255q and %.255q are the same name on a file system that ignores case", twin, name)})
			}
		}
	}
}
