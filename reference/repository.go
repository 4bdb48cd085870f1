package reference

import (
	"strconv"
	"strings"
)

const (
	minRepository = 2   // go-containerregistry, with which Flux reads, takes no less
	maxName       = 255 // OCI distribution specification, section "Pulling manifests"

	separators = "._-"
)

// CheckRepository checks s against the grammar of <name> in the OCI distribution
// specification 1.1, section "Pulling manifests": path segments of lower-case
// letters and digits, inside which ".", "_", "__" or hyphens separate. It has from
// 2 to 255 bytes. The limit on registry and repository together is checked by
// [Parse] alone.
//
// The error is an [*Error] of kind [ErrInvalidRepository]. For a name that is
// illegal in its upper case alone, the hint is the name in lower case. Text that
// may hold a secret is not repeated.
func CheckRepository(s string) error {
	if screen(s) != nil {
		return &Error{Kind: ErrInvalidRepository, Reason: `"@" and "?" are not allowed`, hint: repositoryHint}
	}
	if err := checkRepository(s); err != nil {
		return err
	}
	return nil
}

const repositoryHint = `write lower-case letters and digits, such as org/my-app`

func checkRepository(s string) *Error {
	reason := repositoryReason(s)
	if reason == "" {
		return nil
	}
	hint := repositoryHint
	if folded := strings.Map(lowerASCII, s); folded != s && repositoryReason(folded) == "" {
		hint = "write " + strconv.Quote(folded)
	}
	return newError(ErrInvalidRepository, s, reason, hint)
}

func repositoryReason(s string) string {
	switch {
	case s == "":
		return "missing"
	case len(s) < minRepository:
		return "shorter than 2 bytes"
	case len(s) > maxName:
		return "longer than 255 bytes"
	case strings.Contains("/"+s+"/", "//"):
		return "empty path segment"
	}
	if reason := checkBytes(s, lower+digits+separators+"/"); reason != "" {
		return reason
	}
	if NormalizeRepository(s) != s {
		return `misplaced ".", "_" or "-"`
	}
	return ""
}

// NormalizeRepository makes a repository of any text, such as the name of a
// directory: upper-case ASCII letters become lower-case, each run of what is not
// legal at its place becomes a hyphen, separators at the ends of a path segment
// and empty segments go, and so does all beyond 255 bytes. Nothing is
// transliterated: letters outside ASCII are not legal.
//
// A legal repository comes back unchanged. The result is "" when nothing is left,
// and otherwise passes [CheckRepository] if it has at least 2 bytes. Different
// texts can give the same repository.
func NormalizeRepository(s string) string {
	name := ""
	for segment := range strings.SplitSeq(strings.Map(lowerASCII, s), "/") {
		segment = normalizeSegment(segment)
		if name != "" && segment != "" {
			name += "/"
		}
		name += segment
		if len(name) > maxName {
			return strings.TrimRight(name[:maxName], separators+"/")
		}
	}
	return name
}

// normalizeSegment copies words of letters and digits, and what stands between two
// of them if that is a separator.
func normalizeSegment(s string) string {
	var b strings.Builder
	rest := strings.TrimFunc(s, notWord)
	for rest != "" {
		tail := strings.TrimLeft(rest, lower+digits)
		b.WriteString(rest[:len(rest)-len(tail)])
		rest = strings.TrimLeftFunc(tail, notWord)
		if between := tail[:len(tail)-len(rest)]; isSeparator(between) {
			b.WriteString(between)
		} else {
			b.WriteByte('-')
		}
	}
	return b.String()
}

// isSeparator holds for "" too, which is what stands behind the last word.
func isSeparator(s string) bool {
	return s == "." || s == "_" || s == "__" || strings.Trim(s, "-") == ""
}

func notWord(r rune) bool { return !strings.ContainsRune(lower+digits, r) }

func lowerASCII(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}
