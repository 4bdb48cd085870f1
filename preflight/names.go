package preflight

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// checkNames is about the names of entries, whoever unpacks them.
func (c *checker) checkNames() {
	reported := map[string]bool{} // files, which may have two entries
	for _, e := range c.entries {
		if reported[e.File.Path] {
			continue
		}
		if strings.Contains(e.Path, `\`) || strings.Contains(e.Path, "../") || strings.HasPrefix(e.Path, "/") || path.Clean(e.Path) != e.Path {
			reported[e.File.Path] = true
			refusing := c.viewsWhere(func(*view) bool { return true })
			c.addRefused(Finding{Code: CodeEntryName, File: e.File.Path, Message: fmt.Sprintf("the entry %.255q has a name that cannot be unpacked everywhere", e.Path)}, refusing)
		}
	}
	c.checkPortable()
	c.checkCase()
}

// checkPortable names a folder once, at the first file in it.
func (c *checker) checkPortable() {
	before := ""
	for _, s := range c.sources {
		for name := s.file.Path; name != "." && name != "/" && !strings.HasPrefix(before, name+"/"); name = path.Dir(name) {
			if why := unportable(path.Base(name)); why != "" {
				c.add(Finding{Code: CodePortableName, Severity: Warning, File: s.file.Path, Message: fmt.Sprintf("%.255q %s, which Windows refuses", name, why)}, nil)
			}
		}
		before = s.file.Path
	}
}

// unportable says what is wrong with a name on Windows.
func unportable(name string) string {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	stem = strings.TrimRight(stem, " ")
	device := len(stem) == 4 && (stem[:3] == "COM" || stem[:3] == "LPT") && stem[3] >= '1' && stem[3] <= '9'
	switch {
	case device || slices.Contains([]string{"CON", "PRN", "AUX", "NUL"}, stem):
		return "has the name of a device"
	case strings.HasSuffix(name, ".") || strings.HasSuffix(name, " "):
		return "ends in a dot or blank"
	case strings.ContainsAny(name, `:<>"|?*`):
		return "holds a reserved character"
	}
	return ""
}

// checkCase finds names of files and folders that are one where case makes no
// difference, each pair once.
func (c *checker) checkCase() {
	if !slices.ContainsFunc(c.sources, func(s *source) bool { return strings.ToLower(s.file.Path) != s.file.Path }) {
		return
	}
	type place struct {
		name string
		file *source
	}
	first := map[string]place{}
	reported := map[string]bool{}
	for _, s := range c.sources {
		for name := s.file.Path; name != "." && name != "/"; name = path.Dir(name) {
			folded := strings.ToLower(name)
			before, found := first[folded]
			switch {
			case !found:
				first[folded] = place{name, s}
			case before.name != name && !reported[name] && path.Dir(before.name) == path.Dir(name):
				reported[name] = true
				c.add(Finding{Code: CodeCaseTwins, Severity: Warning, File: s.file.Path, Message: fmt.Sprintf("%.255q and %.255q are one name where case makes no difference", before.name, name)}, nil)
			}
		}
	}
}
