package reference

import (
	"slices"
	"strings"
)

// screen refuses text that may hold a secret. It comes before every other check,
// so that no other error can repeat the secret.
func screen(s string) *Error {
	switch {
	case mayHoldPassword(s):
		return &Error{
			Kind:   ErrCredentialsInReference,
			Reason: `the text before "@" may be a password`,
			hint:   `set Username and Password in place of it; ":" precedes a tag, "@sha256:" a digest`,
		}
	case strings.Contains(s, "?"):
		return &Error{
			Kind:   ErrInvalidOCIFormat,
			Reason: `the text after "?" may be a secret`,
			hint:   `remove the "?" and the text after it`,
		}
	}
	return nil
}

// mayHoldPassword reports whether s has an "@" other than the one before a
// digest. It looks at the whole text: in oci://user:p/w@host/app the password has a
// slash, so that the "@" is not even in the authority as RFC 3986 section 3.2
// defines it. In doubt it returns true.
func mayHoldPassword(s string) bool {
	before, after, found := strings.Cut(s, "@")
	if !found {
		return strings.Contains(s, "%40") // an "@" that somebody escaped
	}
	if scheme := strings.LastIndex(before, "://"); scheme >= 0 {
		before = before[scheme+len("://"):]
	}
	return !strings.Contains(before, "/") || !resemblesDigest(after)
}

// resemblesDigest reports whether s is a digest, well-formed or not, rather than
// a host with or without a path.
func resemblesDigest(s string) bool {
	algorithm, encoded, found := strings.Cut(s, ":")
	return found && !strings.ContainsAny(encoded, "@/") &&
		slices.Contains([]string{"sha256", "sha512", "sha384", "sha1", "md5", "blake3"}, strings.ToLower(algorithm))
}
