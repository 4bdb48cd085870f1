package redact

import (
	"regexp"
	"strings"
	"sync"
)

// Expressions are compiled at their first use: that takes longer than everything else
// at the start of a program.
func expression(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)` + text) })
}

// Parts of the expressions below. A separator or an at sign may be percent-encoded, also
// more than once, and a separator may be escaped as in JSON.
const (
	separator = `(?:[/\\]|%(?:25)*(?:2f|5c))`
	atSign    = `(?:@|%(?:25)*40)`
	colon     = `(?::|%(?:25)*3a)`
	start     = `[a-z][a-z0-9+.-]+:` + separator + `+|` + separator + `{2,}`
)

var (
	// userinfo ends at the last at sign of the authority.
	userinfo = expression(`(` + start + `)([^/\s]*` + atSign + `)`)
	// hidden is user information with a slash in the password, so that the text before it
	// looks like a host with a port that is not a number.
	hidden = expression(`(` + start + `)[^/\s@:]*` + colon + `[^/\s@]*[^/\s@0-9][^\s@]*` + atSign)
	// bare is a user and a password without a scheme, as in user:password@host/path or
	// in the user:password@host:path of SSH, or a digest in the place of the host. The
	// password has no quotes, in which other text may lie.
	bare = expression(`[^\s/\\@:"'` + "`" + `<>(){}\[\],;=|&]+:(?:` +
		`[^\s/\\@:"'<>][^\s/"'<>]*@` + `|[0-9]*[^\s/\\@:0-9"'<>][^\s@"'<>]*@` +
		`)(?:[a-z0-9+._-]+:[0-9a-f]{32,})?`)
	// token is a token in front of a host and a path without a scheme.
	token = expression(`(^|[\s"'=(<,])(:?[^\s/\\@:"'<>(){}\[\],;=|&]+)@([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?::[0-9]+)?/)`)
	// query is that of a URL, or of a path that has a value in it.
	query     = expression(`(//[^\s?]*)\?\S*`)
	bareQuery = expression(`([/:][^\s?]*)\?[^\s?=]*=\S*`)
)

// URLs removes the user information and the query from everything in text that looks
// like a URL, with or without a scheme. It removes too much rather than too little. The
// name in ssh://git@host stays, because it is part of the address, and so do addresses of
// mail and digests of images. Cut the text afterwards, not before: a part of a URL may
// not be recognized.
func URLs(text string) string {
	if !strings.ContainsAny(text, "@%?") {
		return text
	}
	text = withoutUserinfo(text)
	text = hidden().ReplaceAllString(text, "$1")
	text = bare().ReplaceAllStringFunc(text, func(s string) string {
		scheme, _, _ := strings.Cut(strings.ToLower(s), ":")
		if !strings.HasSuffix(s, "@") || scheme == "mailto" || scheme == "acct" || scheme == "xmpp" || scheme == "sip" {
			return s
		}
		return ""
	})
	text = token().ReplaceAllStringFunc(text, func(s string) string {
		parts := token().FindStringSubmatch(s)
		if strings.EqualFold(parts[2], "git") {
			return s
		}
		return parts[1] + parts[3]
	})
	return withoutQuery(text)
}

// Source returns the address of a source without its query and, if there is a credential
// in it, without its user information.
func Source(text string) string {
	switch {
	case !strings.Contains(text, "//"):
		return URLs(text)
	case HoldsCredential(text):
		text = withoutUserinfo(text)
	}
	return withoutQuery(text)
}

func withoutQuery(text string) string {
	text = query().ReplaceAllString(text, "$1")
	return bareQuery().ReplaceAllString(text, "$1")
}

func withoutUserinfo(text string) string {
	return userinfo().ReplaceAllStringFunc(text, func(s string) string {
		parts := userinfo().FindStringSubmatch(s)
		if strings.Contains(strings.ToLower(parts[1]), "ssh") && !strings.Contains(parts[2], ":") {
			return s
		}
		return parts[1]
	})
}
