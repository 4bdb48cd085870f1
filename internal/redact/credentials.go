package redact

import (
	"strings"
	"unicode"
)

var (
	// authority is what slashes begin, with the scheme before them.
	authority = expression(`([a-z][a-z0-9+.-]*:)?([/\\]+)([^/\\?#\s"'<>]*)`)
	// host is an authority without user information, and a character that may end a sentence.
	host = expression(`^(?:\[[^\]]*\]|[^:]*)(?::[0-9]*)?[).,;:!?\]}*_|]*$`)
	// tagged follows the at sign of an image, which has a tag in the place of a password.
	tagged = expression(`^[a-z0-9+._-]+:[0-9a-f]{32,}`)
	// signed is a query or a fragment with a secret.
	signed = expression(`[/:][^\s?#]*[?#](?:\S*[&;])?(?:[a-z0-9_.-]*[_.-])?(?:sig|signature|password|passwd|pwd|secret|authorization|` +
		`(?:access|auth|id|private|refresh|security|session)?token|clientsecret|(?:api|access)[_-]?key)=[^\s&;]`)
	percent = expression(`%[0-9a-f]{2}`)
)

// HoldsCredential reports whether text holds a URL with a credential: a password, user
// information for HTTP, which may be a token, or a query with a secret. Unlike [URLs], it
// passes over what only looks like one: an address of mail, a path with an at sign, and an
// image with a tag and a digest.
func HoldsCredential(text string) bool {
	const encodings = 3 // of a URL in the query of another one
	for range encodings {
		if !strings.ContainsAny(text, `/\%?`) {
			return false
		}
		if holdsUserinfo(text) || signed().MatchString(text) {
			return true
		}
		text = percent().ReplaceAllStringFunc(text, func(s string) string { return string(unescape(s)) })
	}
	return false
}

func holdsUserinfo(text string) bool {
	var at, blank, newline int // the next ones, each searched for once
	for _, m := range authority().FindAllStringSubmatchIndex(text, -1) {
		scheme := ""
		if m[2] >= 0 {
			scheme = strings.ToLower(text[m[2]:m[3]])
		}
		http := strings.HasSuffix(scheme, "http:") || strings.HasSuffix(scheme, "https:")
		if m[5]-m[4] < 2 && !http || scheme == "file:" { // it begins a path
			continue
		}
		found, end := text[m[6]:m[7]], m[7]
		if i := strings.LastIndex(found, "@"); i >= 0 {
			name, password, _ := strings.Cut(found[:i], ":")
			if http && name+password != "" || password != "" && !tagged().MatchString(found[i+1:]) {
				return true
			}
			continue
		}
		if host().MatchString(found) {
			continue
		}
		// What is in the place of a port may be the beginning of a password, if an at sign
		// follows: in the same word or, behind a blank in it, in the same line.
		at = next(text, at, end, func(r rune) bool { return r == '@' })
		blank = next(text, blank, end, unicode.IsSpace)
		newline = next(text, newline, end, func(r rune) bool { return r == '\n' })
		if at < blank || http && blank == end && at < newline {
			return true
		}
	}
	return false
}

// next returns the index of the first character from start on, or the length of text. It is
// known if it is not before start.
func next(text string, known, start int, is func(rune) bool) int {
	if known >= start && known > 0 {
		return known
	}
	if i := strings.IndexFunc(text[start:], is); i >= 0 {
		return start + i
	}
	return len(text)
}
