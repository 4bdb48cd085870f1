package filename

import "strings"

// IsVersionControl reports whether a name of one element is that of the data of a
// version-control system, or the same to a file system. Programs that find such data run
// the commands in it. Files such as .gitignore are plain files.
//
// NTFS ignores dots and spaces at the end and text behind a colon, and has a short name
// for each name. HFS+ ignores invisible characters. Git refuses the same forms of .git.
func IsVersionControl(name string) bool {
	if len(name) > len("_darcs") && isPlain(name) { // the usual case has to be fast
		return false
	}
	name, _, _ = strings.Cut(name, ":")
	name = strings.Map(func(r rune) rune {
		if isInvisible(r) {
			return -1
		}
		return r
	}, name)
	name = strings.TrimRight(name, ". ")
	switch Fold(name) {
	case ".git", ".hg", ".svn", ".bzr", ".jj", "_darcs",
		"git~1", "hg~1", "svn~1", "bzr~1", "jj~1":
		return true
	}
	return name == "CVS" // in lower case it is more likely something else
}
