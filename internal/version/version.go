// Package version tells tags that are versions, as semver.org defines them, from others.
package version

import "strings"

// Selectable returns the tag to use in place of a version with a plus sign, which no tag
// can have, or with an underscore, with which the range of an engine matches no tag. It
// reports whether the tag is such a version.
//
// A hyphen in place of a plus sign would make a pre-release of a release, and ranges such
// as >=1.0.0 pass over pre-releases. Therefore the build metadata is dropped, as is what
// follows the underscore that some programs write in place of the plus sign.
func Selectable(tag string) (proposal string, unselectable bool) {
	rest, isVersion := after(tag)
	if !isVersion || !strings.ContainsAny(rest, "+_") {
		return "", false
	}
	core := strings.TrimSuffix(tag, rest)
	prerelease, _, _ := strings.Cut(rest, "+")
	if !strings.HasPrefix(prerelease, "-") {
		return core, true
	}
	prerelease = strings.ReplaceAll(prerelease, "_", "-")
	return core + strings.TrimRight(prerelease, "-."), true
}

// after returns the part of a tag after major.minor.patch, and whether it begins with
// those.
func after(tag string) (rest string, isVersion bool) {
	core := tag
	if i := strings.IndexAny(tag, "-+_"); i >= 0 {
		core, rest = tag[:i], tag[i:]
	}
	parts := strings.Split(strings.TrimPrefix(core, "v"), ".")
	number := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return rest, len(parts) == 3 && number(parts[0]) && number(parts[1]) && number(parts[2])
}
