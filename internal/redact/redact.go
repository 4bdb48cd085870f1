// Package redact keeps secrets out of messages and logs.
package redact

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// Format prints v as its type and its JSON, so that the tag `json:"-"` keeps a field
// out of messages and logs as well. It removes the secrets of URLs too. A Format method
// needs to call nothing else.
func Format(f fmt.State, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		data = []byte("{not printable}")
	}
	text := jsonString().ReplaceAllStringFunc(string(data), func(s string) string {
		return `"` + URLs(s[1:len(s)-1]) + `"`
	})
	_, _ = fmt.Fprintf(f, "%T%s", v, text) // fmt.State does not fail
}

// Expressions are compiled at their first use: that takes longer than everything else
// at the start of a program.

// jsonString is a string in JSON with its quotes.
var jsonString = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"(?:[^"\\]|\\.)*"`) })

// The parts of a URL that may be secret: the user information, which ends at the last
// "@" of the authority, and the query.
var (
	userinfo = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)(?:[a-z][a-z0-9+.-]*:)?//[^/\s]*@`) })
	query    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(//[^\s?]*)\?\S*`) })
)

// URLs removes the user information and the query from all URLs in text. The
// name in ssh://git@host stays, because it is part of the address.
func URLs(text string) string {
	if !strings.Contains(text, "//") {
		return text
	}
	text = userinfo().ReplaceAllStringFunc(text, func(s string) string {
		scheme, user, _ := strings.Cut(s, "//")
		if strings.Contains(strings.ToLower(scheme), "ssh") && !strings.Contains(user, ":") {
			return s
		}
		return scheme + "//"
	})
	return query().ReplaceAllString(text, "$1")
}
