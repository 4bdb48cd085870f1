package ignore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/ignore"
)

// ruleTests pin the difficult cases. TestRulesLikeGit compares each with git.
var ruleTests = []struct {
	name    string
	rules   string
	ignored []string
	others  []string
}{
	{"name, at any depth", "a", []string{"a", "x/a", "a/x"}, []string{"b", "ab", "A"}},
	{"leading slash", "/a", []string{"a"}, []string{"x/a"}},
	{"slash in the middle", "x/a", []string{"x/a"}, []string{"y/x/a", "a"}},
	{"trailing slash", "a/", []string{"a/", "x/a/", "a/b"}, []string{"a", "x/a"}},
	{"comment", "#a\n #b", []string{" #b"}, []string{"#a", "a", "b"}},
	{"escaped signs", `\#a` + "\n" + `\!b`, []string{"#a", "!b"}, []string{"a", "b", `\!b`}},
	{"included again", "*.yaml\n!a.yaml", []string{"b.yaml"}, []string{"a.yaml", "x/a.yaml"}},
	{"the last rule decides", "!a\na", []string{"a"}, nil},
	{"two exclamation marks", "a\n!!a", []string{"a"}, nil},
	{"below an ignored directory", "x\n!x/a", []string{"x/a", "x/"}, nil},
	{"included again with its directory", "x/*\n!x/a", []string{"x/b"}, []string{"x/", "x/a"}},
	{"trailing blanks", "a  \nb\\ \nc \\ \nd\t", []string{"a", "b ", "c  ", "d\t"}, []string{"a ", "b", "c", "d"}},
	{"leading blank", " a", []string{" a"}, []string{"a"}},
	{"trailing backslash", "a\\\nb\\/", nil, []string{"a", "a\\", "b", "b/", "b\\/"}},
	{"CRLF", "a\r\n!\r\nb\r\r\n", []string{"a", "b\r"}, []string{"b", "a\r"}},
	{"carriage return at the end of the file", "a\r", []string{"a"}, []string{"a\r"}},
	{"BOM", "\ufeffa\n\ufeffb", []string{"a", "\ufeffb"}, []string{"b", "\ufeffa"}},
	{"BOM before a comment", "\ufeff#a\nb", []string{"b"}, []string{"a", "#a"}},
	{"NUL", "a\x00b\nc", []string{"a", "c"}, []string{"ab", "b"}},
	{"only signs", "/\n//\n!\n!/\n \n", nil, []string{"a", "x/a"}},

	{"star", "a*c", []string{"ac", "abc", "x/abbc"}, []string{"a/c", "abcd"}},
	{"star in a path", "x/*/a", []string{"x/y/a"}, []string{"x/a", "x/y/z/a"}},
	{"star before a slash", "x*/a", []string{"x/a", "xy/a"}, []string{"x/y/a"}},
	{"question mark", "a?", []string{"ab", "x/a\xc3"}, []string{"a", "a/b", "abc"}},
	{"two leading stars", "**/a", []string{"a", "x/a", "x/y/a"}, []string{"xa", "x/ya"}},
	{"two trailing stars", "x/**", []string{"x/a", "x/y/a"}, []string{"x/"}},
	{"two stars in the middle", "x/**/a", []string{"x/a", "x/y/a", "x/y/z/a"}, []string{"xa", "x/ya", "z/x/a"}},
	{"two stars alone", "**", []string{"a", "x/a"}, nil},
	{"three stars", "x/***/a", []string{"x/a", "x/y/z/a"}, nil},
	{"two stars in a name", "/xa**b/c", []string{"xab/c", "xayb/c"}, []string{"xa/b/c"}},
	{"two stars after a literal start the pattern", "a**/b", []string{"ab", "ax/b", "ax/y/b", "a/b"}, []string{"xa/b"}},
	{"two trailing stars after a literal", "x/a*\n!/x/a**", nil, []string{"x/a", "x/ab"}},
	{"two stars after a wildcard are one", "?a**/b", []string{"xa/b", "xay/b"}, []string{"xa/y/b", "xab"}},
	{"two stars and an escaped slash", `x/**\/a`, []string{"x/y/a", "x/y/z/a"}, []string{"x/a"}},
	{"several times", "**/x/**/y/**", []string{"x/y/a", "z/x/z/y/z/a"}, []string{"x/y/", "y/x/a"}},

	{"bracket", "[ab]c", []string{"ac", "bc"}, []string{"cc", "c", "abc"}},
	{"range", "[a-c][0-9]", []string{"a0", "c9"}, []string{"d0", "B0", "a-"}},
	{"reversed range matches its start", "[c-a]", []string{"c"}, []string{"a", "b", "-"}},
	{"negated", "[!a]\n[^b]c", []string{"b", "ac"}, []string{"a", "bc"}},
	{"closing bracket first", "[]a]\n[!]]b", []string{"]", "a", "ab"}, []string{"]b"}},
	{"hyphens", "[a-]x\n[-a]y\n[+--]z", []string{"-x", "ax", "-y", "ay", "-z", ",z", "+z"}, []string{"bx"}},
	{"hyphen after a range", "[a-c-e]", []string{"b", "-", "e"}, []string{"d"}},
	{"escapes in brackets", `[\]]` + "\n" + `[\a-\c]x` + "\n" + `[a\-c]y`, []string{"]", "bx", "-y", "cy"}, []string{"\\", "by"}},
	{"classes", "[[:digit:][:upper:]]x\n[![:alpha:]]y", []string{"1x", "Ax", "1y"}, []string{"ax", ":x", "ay"}},
	{"blanks by class", "[[:space:]]\n[[:blank:]]x", []string{" ", "\t", "\r", " x", "\tx"}, []string{"\v", "\f", "\rx"}},
	{"bytes by class", "[[:print:][:cntrl:]]", []string{"a", "\x7f", "\v"}, []string{"\xff", "é"}},
	{"unknown class", "[[:word:]]\n[[:digit:]", nil, []string{"w", ":", "[", "1"}},
	{"similar to a class", "[[:a]\n[[:b]x]", []string{"a", ":", "[", "bx]"}, []string{"b"}},
	{"unfinished", "[a\n[!\na[]\nb[[:alpha:", nil, []string{"a", "[a", "[!", "a[]", "b[[:alpha:"}},
	{"brackets do not match slashes", "x[/]a\nx[!b]a", []string{"xca"}, []string{"x/a"}},
	{"escaped letters", `\a\*\?`, []string{"a*?"}, []string{"a", "axx"}},
}

func TestRules(t *testing.T) {
	for _, tt := range ruleTests {
		t.Run(tt.name, func(t *testing.T) {
			for _, p := range tt.ignored {
				assert.True(t, ignores(t, tt.rules, p), "%q must be ignored", p)
			}
			for _, p := range tt.others {
				assert.False(t, ignores(t, tt.rules, p), "%q must not be ignored", p)
			}
		})
	}
}

func TestRulesLikeGit(t *testing.T) {
	var cases []gitCase
	for _, tt := range ruleTests {
		for _, p := range append(tt.ignored, tt.others...) {
			cases = append(cases, gitCase{paths: []string{p}, rules: map[string]string{".": tt.rules}})
		}
	}
	for i, want := range git(t, cases) {
		assert.Equal(t, want, cases[i].decide(t), "%q, rules %q", cases[i].paths, cases[i].rules)
	}
}

func ignores(t *testing.T, rules, p string) bool {
	t.Helper()
	d := gitCase{paths: []string{p}, rules: map[string]string{".": rules}}.decide(t)[0]
	return d.text != "" && !strings.HasPrefix(d.text, "!")
}

func TestMatcherByDirectory(t *testing.T) {
	parse := func(rules, source string) ignore.Rules {
		parsed, err := ignore.Parse([]byte(rules), source)
		require.NoError(t, err)
		return parsed
	}
	var none *ignore.Matcher
	root := none.Add(".", parse("# first\n*.env\n/x/y\n", "root"))
	inner := root.Add("x", parse("!a.env\n/b\nz/c\n", "inner"))
	require.Same(t, inner, inner.Add("x/y", ignore.Rules{}), "a file without rules")
	for _, tt := range []struct {
		name    string
		matcher *ignore.Matcher
		path    string
		rule    string
		ignored bool
	}{
		{"no rules", none, "a.env", "", false},
		{"outer", root, "a.env", "root:2 *.env", true},
		{"outer, from inside", inner, "x/b.env", "root:2 *.env", true},
		{"inner takes precedence", inner, "x/a.env", "inner:1 !a.env", false},
		{"inner, deeper", inner, "x/z/a.env", "inner:1 !a.env", false},
		{"relative to the inner directory", inner, "x/b", "inner:2 /b", true},
		{"path in the inner directory", inner, "x/z/c", "inner:3 z/c", true},
		{"path in the outer directory", inner, "x/y", "root:3 /x/y", true},
		{"none matches", inner, "x/q/b", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, ignored := tt.matcher.Match(tt.path, false)
			assert.Equal(t, tt.ignored, ignored)
			if tt.rule == "" {
				require.Nil(t, p.Pattern)
				return
			}
			require.NotNil(t, p.Pattern)
			source, rest, _ := strings.Cut(tt.rule, ":")
			assert.Equal(t, source, p.Source)
			assert.Equal(t, rest, string(rune('0'+p.Line))+" "+p.Text)
		})
	}
}

func TestUseless(t *testing.T) {
	for rule, want := range map[string]bool{
		"a": false, "*": false, "!a": false, "[a]": false, "a/": false, " ": true, "/": true, "!": true, "//": true, "[a": true, `a\`: true, "x/[[:no:]]": true,
	} {
		rules, err := ignore.Parse([]byte(rule), "")
		require.NoError(t, err)
		require.Len(t, rules.Patterns(), 1)
		assert.Equal(t, want, rules.Patterns()[0].Useless(), "%q", rule)
	}
}

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		name string
		data string
		err  error
	}{
		{"largest file", strings.Repeat("a\n", ignore.MaxSize/2), nil},
		{"larger", strings.Repeat("a\n", ignore.MaxSize/2) + "a", ignore.ErrTooLarge},
		{"longest line", "b\n" + strings.Repeat("a", ignore.MaxPatternLen), nil},
		{"longer", "b\n" + strings.Repeat("a", ignore.MaxPatternLen+1), ignore.ErrTooLarge},
		{"long comment", "#" + strings.Repeat("a", 2*ignore.MaxPatternLen), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ignore.Parse([]byte(tt.data), "")
			require.ErrorIs(t, err, tt.err)
		})
	}
}

// Backtracking would take years for these patterns.
func TestHostilePatterns(t *testing.T) {
	name := strings.Repeat("a", 250)
	deep := strings.Repeat("a/", 120) + "a"
	for _, rule := range []string{
		strings.Repeat("*a", 500) + "*?c*", strings.Repeat("a*", 100) + "[b]", "x/../" + strings.Repeat("**/*a*/", 140) + "[b]",
		strings.Repeat("**/", 300) + "[b]", strings.Repeat("**/a/", 200) + "?[b]", strings.Repeat("?*", 500), strings.Repeat("*", 1000) + "[b]",
	} {
		rules, err := ignore.Parse([]byte(rule), "")
		require.NoError(t, err)
		var m *ignore.Matcher
		m = m.Add(".", rules)
		start := time.Now()
		for _, p := range []string{name, deep} {
			_, ignored := m.Match(p, false)
			assert.False(t, ignored, "%.20q", rule)
		}
		assert.Less(t, time.Since(start), 5*time.Second, "%.20q", rule)
	}
}
