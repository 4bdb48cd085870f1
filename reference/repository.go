package reference

import (
	"strconv"
	"strings"
)

const (
	maxName = 255 // OCI distribution specification, section "Pulling manifests"

	separators = "._-"
)

// CheckRepository checks s against the grammar of <name> in the OCI distribution
// specification 1.1, section "Pulling manifests": path segments of lower-case
// letters and digits, inside which ".", "_", "__" or hyphens separate. It has from
// 1 to 255 bytes. Only [Parse] checks the limit on registry and repository together.
//
// The error is an [*Error] of kind [ErrInvalidRepository]. Its hint fits the reason:
// a tag or a digest, oci:// in front, a slash at either end. For a name that is
// illegal in its upper case alone, it is the name in lower case. Text that may hold
// a secret is not repeated.
func CheckRepository(s string) error {
	if screen(s) != nil {
		return &Error{
			Kind: ErrInvalidRepository, Reason: `"@" and "?" are not allowed`,
			hint: "write the repository without a tag, digest or password, such as org/my-app",
		}
	}
	if err := checkRepository(s); err != nil {
		return err
	}
	return nil
}

// repositoryHint returns the advice that fits an illegal repository. It quotes text
// only if that is a legal repository.
func repositoryHint(s string) string {
	folded := strings.Map(lowerASCII, s)
	_, after, hasDigest := strings.Cut(s, "@")
	name, tag, hasTag := strings.Cut(s, ":")
	switch {
	case strings.HasPrefix(folded, scheme):
		return "write the part after the host and its slash, or use ParseReference and WithReference for a whole reference"
	case hasDigest && resemblesDigest(after):
		return "remove the digest: it is the result of a push"
	case hasTag && repositoryReason(name) == "" && checkTag(tag) == nil:
		return "remove the tag: the tag belongs in Version"
	case strings.Trim(s, "/") != s && repositoryReason(strings.Trim(s, "/")) == "":
		return "remove the slash at the beginning or end"
	case folded != s && repositoryReason(folded) == "":
		return "write " + strconv.Quote(folded)
	}
	return "write lower-case letters and digits, such as org/my-app"
}

func checkRepository(s string) *Error {
	reason := repositoryReason(s)
	if reason == "" {
		return nil
	}
	return newError(ErrInvalidRepository, s, reason, repositoryHint(s))
}

func repositoryReason(s string) string {
	switch {
	case s == "":
		return "missing"
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

// NormalizeRepository turns any text, such as the name of a directory, into a
// repository: upper-case ASCII letters become lower-case, each run of illegal
// characters becomes a hyphen, and separators at the ends of a path segment, empty
// segments and everything beyond 255 bytes are removed. Letters outside ASCII are
// illegal; they are not transliterated.
//
// A legal repository is returned unchanged. The result is "" if no legal character
// remains, and otherwise passes [CheckRepository]. Different texts can give the same
// repository.
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

// normalizeSegment copies words of letters and digits, with the text between two
// words if it is a separator, and else with a hyphen.
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

// isSeparator is true for "" too, the text after the last word.
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
