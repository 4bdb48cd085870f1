// Package semver compares versions (Semantic Versioning 2.0.0).
package semver

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Version is a version. Its build metadata does not count.
type Version struct {
	numbers [3]string
	pre     []string
}

// pattern is that of semver.org, with a v in front allowed.
var pattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)` +
		`(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?` +
		`(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$`)
})

// Parse returns a version, and whether the text is one.
func Parse(text string) (v Version, ok bool) {
	if len(text) > 256 {
		return v, false
	}
	parts := pattern().FindStringSubmatch(text)
	if parts == nil {
		return v, false
	}
	copy(v.numbers[:], parts[1:4])
	if parts[4] != "" {
		v.pre = strings.Split(parts[4], ".")
	}
	return v, true
}

// Compare returns a negative number if v precedes w, a positive one if it follows it, and
// 0 if neither does (section 11).
func (v Version) Compare(w Version) int {
	for i := range v.numbers {
		if order := compareNumbers(v.numbers[i], w.numbers[i]); order != 0 {
			return order
		}
	}
	if len(v.pre) == 0 || len(w.pre) == 0 { // a release follows its pre-releases
		return cmp.Compare(len(w.pre), len(v.pre))
	}
	return slices.CompareFunc(v.pre, w.pre, compareIdentifiers)
}

// compareNumbers compares decimal numbers without leading zeros, of any size.
func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// compareIdentifiers compares parts of a pre-release: numbers precede names.
func compareIdentifiers(a, b string) int {
	isNumber := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
	switch x, y := isNumber(a), isNumber(b); {
	case x && y:
		return compareNumbers(a, b)
	case x:
		return -1
	case y:
		return 1
	}
	return strings.Compare(a, b)
}
