package filename

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Portable returns an error for a path that does not mean the same on every system, or
// not the same to a reader as to a system. The error names the first element that
// [Fault] describes.
func Portable(path string) error {
	for element := range strings.SplitSeq(path, "/") {
		if fault := Fault(element); fault != "" {
			return fmt.Errorf("%.255q %s", element, fault)
		}
	}
	return nil
}

// Fault describes why a name of one element is not portable, or returns "". Names that
// differ by Unicode normalization only are not compared: that takes tables that the
// standard library does not have.
func Fault(name string) string {
	switch plain := isPlain(name); {
	case !plain && !utf8.ValidString(name):
		return "is not UTF-8"
	case !plain && strings.ContainsFunc(name, unicode.IsControl):
		return "contains a control character"
	case isDevice(name):
		return "is a device name, which Windows refuses"
	case plain:
		return ""
	case strings.HasSuffix(name, ".") || strings.HasSuffix(name, " "):
		return "ends in a dot or space, which Windows refuses"
	case strings.ContainsAny(name, `:<>"|?*\`):
		return "contains a reserved character, which Windows refuses"
	}
	if i := strings.IndexFunc(name, isInvisible); i >= 0 {
		r, _ := utf8.DecodeRuneInString(name[i:])
		return fmt.Sprintf("contains %U, which is invisible", r)
	}
	return ""
}

// isPlain reports whether a name has only letters, digits, hyphens, underscores and dots of
// ASCII, as nearly all names do, and does not end in a dot.
func isPlain(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return !strings.HasSuffix(name, ".")
}

// isDevice reports whether Windows opens a device by this name, which may have an
// extension.
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.TrimRight(stem, " ")
	if len(stem) > len("CONOUT$") { // the longest one
		return false
	}
	stem = strings.ToUpper(stem)
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	number, found := strings.CutPrefix(stem, "COM")
	if !found {
		number, found = strings.CutPrefix(stem, "LPT")
	}
	return found && len(number) > 0 && strings.Contains("1 2 3 4 5 6 7 8 9 ¹ ² ³", number) && utf8.RuneCountInString(number) == 1
}

// IsDrive reports whether a name is that of a drive on Windows, such as C:, below which a
// path is an absolute one there.
func IsDrive(name string) bool {
	return len(name) == 2 && name[1] == ':' && 'a' <= name[0]|0x20 && name[0]|0x20 <= 'z'
}

// isInvisible reports whether r has no shape of its own: it changes the direction of
// other text, ends a line, or makes two names that look alike.
func isInvisible(r rune) bool {
	if r < unicode.MaxASCII {
		return false
	}
	return unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r) // visible, although of class Cf
}

func isASCII(name string) bool {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Fold returns the same form for names that differ by case only. The form of ASCII is
// lower case.
func Fold(name string) string {
	if isASCII(name) {
		return strings.ToLower(name)
	}
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		if least < unicode.MaxASCII {
			return unicode.ToLower(least)
		}
		return least
	}, name)
}
