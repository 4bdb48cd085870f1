package ignore_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/ignore"
)

// FuzzMatch compares one rule with an equivalent regular expression.
func FuzzMatch(f *testing.F) {
	for _, tt := range ruleTests {
		for rule := range strings.SplitSeq(tt.rules, "\n") {
			for _, p := range append(tt.ignored, tt.others...) {
				f.Add(rule, strings.TrimSuffix(p, "/"), strings.HasSuffix(p, "/"))
			}
		}
	}
	longest := strings.Repeat("a", ignore.MaxPatternLen)
	for _, rule := range []string{
		"", "/", "//", "!", "!/", "**/", "/**/", "**/a", "**/*", "**/a*", "**/**/a", "**/a/", "**//", `**/\/`, "**/[/]", "**/!a", "a*a", "*a*", "**a", "a**", "*", "?", "-1", "0",
		"2147483648", "9223372036854775807", longest, longest[1:] + "*", "**/" + longest[3:], longest[:500] + "*" + longest[:523], strings.Repeat("*", 1024),
	} {
		for _, name := range []string{"a", "aa", "a/a", "!a", "/", "b/a/a", "-1", "0", "9223372036854775807", longest, longest[:500], longest[:1023], strings.Repeat("a/", 500) + "a"} {
			f.Add(rule, name, false)
			f.Add(rule, name, true)
		}
	}
	f.Fuzz(func(t *testing.T, rule, name string, isDir bool) {
		if strings.ContainsAny(rule, "\n") || len(rule) > ignore.MaxPatternLen || strings.HasPrefix(rule, "\ufeff") || !clean(name) {
			return
		}
		rules, err := ignore.Parse([]byte(rule), "")
		require.NoError(t, err)
		var m *ignore.Matcher
		_, ignored := m.Add(".", rules).Match(name, isDir)
		if want, known := ignoredByRegexp(rule, name, isDir); known {
			require.Equal(t, want, ignored)
		}
	})
}

// clean reports whether a walk can produce the path.
func clean(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == "" {
			return false
		}
	}
	return !strings.Contains(name, "\x00")
}

// ignoredByRegexp supports simple bracket expressions only; known is false for others.
func ignoredByRegexp(rule, name string, isDir bool) (ignored, known bool) {
	rule = strings.TrimSuffix(rule, "\r")
	if i := strings.IndexByte(rule, 0); i >= 0 {
		rule = rule[:i]
	}
	if strings.HasPrefix(rule, "#") || strings.HasPrefix(rule, "!") {
		return false, true
	}
	for strings.HasSuffix(rule, " ") && !escapedAt(rule, len(rule)-1) {
		rule = rule[:len(rule)-1]
	}
	if strings.HasSuffix(rule, "/") {
		if !isDir {
			return false, true
		}
		rule = rule[:len(rule)-1]
	}
	if !strings.Contains(rule, "/") {
		name = name[strings.LastIndex(name, "/")+1:]
	}
	if rule = strings.TrimPrefix(rule, "/"); escapedAt(rule, len(rule)) {
		return false, !strings.Contains(rule, "[")
	}
	expression, known := toRegexp(rule)
	return known && regexp.MustCompile(expression).MatchString(latin(name)), known
}

// escapedAt reports whether an odd number of backslashes precedes the byte at i.
func escapedAt(s string, i int) bool {
	before := s[:i]
	return (len(before)-len(strings.TrimRight(before, `\`)))%2 == 1
}

// latin converts bytes to runes, because regular expressions match runes.
func latin(s string) string {
	var runes []rune
	for i := range len(s) {
		runes = append(runes, rune(s[i]))
	}
	return string(runes)
}

// parts are the elements of a glob and their counterparts in a regular expression.
var parts = []struct {
	form  *regexp.Regexp
	start bool // of the glob, or of a name in it
	as    string
}{
	{regexp.MustCompile(`^\*\*+/`), true, `(?:.*/)?`},
	{regexp.MustCompile(`^\*\*+$`), true, `.*`},
	{regexp.MustCompile(`^\*\*+\\/`), true, `.*/`},
	{regexp.MustCompile(`^\*+`), false, `[^/]*`},
	{regexp.MustCompile(`^\?`), false, `[^/]`},
	{regexp.MustCompile(`^\[([a-z0-9]+|[a-m]-[n-z])\]`), false, `[$1]`},
	{regexp.MustCompile(`^\[[!^]([a-z0-9]+)\]`), false, `[^/$1]`},
}

func toRegexp(glob string) (expression string, known bool) {
	var b strings.Builder
	plain := true // only literals so far
next:
	for rest := glob; rest != ""; {
		start := plain || strings.HasSuffix(glob[:len(glob)-len(rest)], "/")
		for _, part := range parts {
			text := part.form.FindString(rest)
			if text == "" || part.start && !start {
				continue
			}
			b.WriteString(part.form.ReplaceAllString(text, part.as))
			rest, plain = rest[len(text):], false
			continue next
		}
		switch rest[0] {
		case '[':
			return "", false
		case '\\':
			rest, plain = rest[1:], false
		}
		b.WriteString(regexp.QuoteMeta(latin(rest[:1])))
		rest = rest[1:]
	}
	return `^(?s:` + b.String() + `)$`, true
}
