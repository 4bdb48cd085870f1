package ignore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/ignore"
)

// ruleRows pin what is difficult. Each was seen to be what git says, and is
// compared to it again in TestRowsLikeGit.
var ruleRows = []struct {
	name    string
	rules   string
	ignored []string
	others  []string
}{
	{"name, at any depth", "a", []string{"a", "x/a", "a/x"}, []string{"b", "ab", "A"}},
	{"slash in front", "/a", []string{"a"}, []string{"x/a"}},
	{"slash between", "x/a", []string{"x/a"}, []string{"y/x/a", "a"}},
	{"slash at the end", "a/", []string{"a/", "x/a/", "a/b"}, []string{"a", "x/a"}},
	{"comment", "#a\n #b", []string{" #b"}, []string{"#a", "a", "b"}},
	{"escaped signs", `\#a` + "\n" + `\!b`, []string{"#a", "!b"}, []string{"a", "b", `\!b`}},
	{"taken back", "*.yaml\n!a.yaml", []string{"b.yaml"}, []string{"a.yaml", "x/a.yaml"}},
	{"the last one counts", "!a\na", []string{"a"}, nil},
	{"taken back twice", "a\n!!a", []string{"a"}, nil},
	{"taken back below an ignored folder", "x\n!x/a", []string{"x/a", "x/"}, nil},
	{"taken back with its folder", "x/*\n!x/a", []string{"x/b"}, []string{"x/", "x/a"}},
	{"blanks at the end", "a  \nb\\ \nc \\ \nd\t", []string{"a", "b ", "c  ", "d\t"}, []string{"a ", "b", "c", "d"}},
	{"blank in front", " a", []string{" a"}, []string{"a"}},
	{"backslash at the end", "a\\\nb\\/", nil, []string{"a", "a\\", "b", "b/", "b\\/"}},
	{"CRLF", "a\r\n!\r\nb\r\r\n", []string{"a", "b\r"}, []string{"b", "a\r"}},
	{"carriage return at the end of the file", "a\r", []string{"a"}, []string{"a\r"}},
	{"BOM", "\ufeffa\n\ufeffb", []string{"a", "\ufeffb"}, []string{"b", "\ufeffa"}},
	{"BOM before a comment", "\ufeff#a\nb", []string{"b"}, []string{"a", "#a"}},
	{"NUL", "a\x00b\nc", []string{"a", "c"}, []string{"ab", "b"}},
	{"nothing but signs", "/\n//\n!\n!/\n \n", nil, []string{"a", "x/a"}},

	{"star", "a*c", []string{"ac", "abc", "x/abbc"}, []string{"a/c", "abcd"}},
	{"star in a path", "x/*/a", []string{"x/y/a"}, []string{"x/a", "x/y/z/a"}},
	{"star before a slash", "x*/a", []string{"x/a", "xy/a"}, []string{"x/y/a"}},
	{"question mark", "a?", []string{"ab", "x/a\xc3"}, []string{"a", "a/b", "abc"}},
	{"two stars in front", "**/a", []string{"a", "x/a", "x/y/a"}, []string{"xa", "x/ya"}},
	{"two stars at the end", "x/**", []string{"x/a", "x/y/a"}, []string{"x/"}},
	{"two stars between", "x/**/a", []string{"x/a", "x/y/a", "x/y/z/a"}, []string{"xa", "x/ya", "z/x/a"}},
	{"two stars alone", "**", []string{"a", "x/a"}, nil},
	{"three stars", "x/***/a", []string{"x/a", "x/y/z/a"}, nil},
	{"two stars in a name", "/xa**b/c", []string{"xab/c", "xayb/c"}, []string{"xa/b/c"}},
	{"two stars behind a literal start afresh", "a**/b", []string{"ab", "ax/b", "ax/y/b", "a/b"}, []string{"xa/b"}},
	{"two stars at the end behind a literal", "x/a*\n!/x/a**", nil, []string{"x/a", "x/ab"}},
	{"two stars behind a wildcard are one", "?a**/b", []string{"xa/b", "xay/b"}, []string{"xa/y/b", "xab"}},
	{"two stars and an escaped slash", `x/**\/a`, []string{"x/y/a", "x/y/z/a"}, []string{"x/a"}},
	{"several times", "**/x/**/y/**", []string{"x/y/a", "z/x/z/y/z/a"}, []string{"x/y/", "y/x/a"}},

	{"bracket", "[ab]c", []string{"ac", "bc"}, []string{"cc", "c", "abc"}},
	{"range", "[a-c][0-9]", []string{"a0", "c9"}, []string{"d0", "B0", "a-"}},
	{"range upside down has its start", "[c-a]", []string{"c"}, []string{"a", "b", "-"}},
	{"not", "[!a]\n[^b]c", []string{"b", "ac"}, []string{"a", "bc"}},
	{"closing bracket first", "[]a]\n[!]]b", []string{"]", "a", "ab"}, []string{"]b"}},
	{"hyphens", "[a-]x\n[-a]y\n[+--]z", []string{"-x", "ax", "-y", "ay", "-z", ",z", "+z"}, []string{"bx"}},
	{"hyphen after a range", "[a-c-e]", []string{"b", "-", "e"}, []string{"d"}},
	{"escapes in brackets", `[\]]` + "\n" + `[\a-\c]x` + "\n" + `[a\-c]y`, []string{"]", "bx", "-y", "cy"}, []string{"\\", "by"}},
	{"classes", "[[:digit:][:upper:]]x\n[![:alpha:]]y", []string{"1x", "Ax", "1y"}, []string{"ax", ":x", "ay"}},
	{"blanks by class", "[[:space:]]\n[[:blank:]]x", []string{" ", "\t", "\r", " x", "\tx"}, []string{"\v", "\f", "\rx"}},
	{"bytes by class", "[[:print:][:cntrl:]]", []string{"a", "\x7f", "\v"}, []string{"\xff", "é"}},
	{"unknown class", "[[:word:]]\n[[:digit:]", nil, []string{"w", ":", "[", "1"}},
	{"what looks like a class", "[[:a]\n[[:b]x]", []string{"a", ":", "[", "bx]"}, []string{"b"}},
	{"unfinished", "[a\n[!\na[]\nb[[:alpha:", nil, []string{"a", "[a", "[!", "a[]", "b[[:alpha:"}},
	{"no slash by bracket", "x[/]a\nx[!b]a", []string{"xca"}, []string{"x/a"}},
	{"escaped letters", `\a\*\?`, []string{"a*?"}, []string{"a", "axx"}},
}

func TestRules(t *testing.T) {
	for _, row := range ruleRows {
		t.Run(row.name, func(t *testing.T) {
			for _, p := range row.ignored {
				assert.True(t, ignores(t, row.rules, p), "%q is to be ignored", p)
			}
			for _, p := range row.others {
				assert.False(t, ignores(t, row.rules, p), "%q is not to be ignored", p)
			}
		})
	}
}

// TestRowsLikeGit shows that git agrees with the rows.
func TestRowsLikeGit(t *testing.T) {
	var cases []gitCase
	for _, row := range ruleRows {
		for _, p := range append(row.ignored, row.others...) {
			cases = append(cases, gitCase{paths: []string{p}, rules: map[string]string{".": row.rules}})
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

func TestMatcherByFolder(t *testing.T) {
	parse := func(rules, source string) []ignore.Pattern {
		patterns, err := ignore.Parse([]byte(rules), source)
		require.NoError(t, err)
		return patterns
	}
	var none *ignore.Matcher
	root := none.Add(".", parse("# first\n*.env\n/x/y\n", "root"))
	inner := root.Add("x", parse("!a.env\n/b\nz/c\n", "inner"))
	require.Same(t, inner, inner.Add("x/y", nil), "a file without rules")
	for _, row := range []struct {
		name    string
		matcher *ignore.Matcher
		path    string
		rule    string
		ignored bool
	}{
		{"no rules", none, "a.env", "", false},
		{"outer", root, "a.env", "root:2 *.env", true},
		{"outer, from inside", inner, "x/b.env", "root:2 *.env", true},
		{"inner wins", inner, "x/a.env", "inner:1 !a.env", false},
		{"inner, deeper", inner, "x/z/a.env", "inner:1 !a.env", false},
		{"relative to the inner folder", inner, "x/b", "inner:2 /b", true},
		{"path of the inner folder", inner, "x/z/c", "inner:3 z/c", true},
		{"path of the outer one", inner, "x/y", "root:3 /x/y", true},
		{"none matches", inner, "x/q/b", "", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, ignored := row.matcher.Match(row.path, false)
			assert.Equal(t, row.ignored, ignored)
			if row.rule == "" {
				require.Nil(t, p)
				return
			}
			require.NotNil(t, p)
			source, rest, _ := strings.Cut(row.rule, ":")
			assert.Equal(t, source, p.Source)
			assert.Equal(t, rest, string(rune('0'+p.Line))+" "+p.Text)
			assert.Equal(t, !row.ignored, p.Negated())
		})
	}
}

func TestUseless(t *testing.T) {
	for rule, want := range map[string]bool{
		"a": false, "*": false, "!a": false, "[a]": false, "a/": false, " ": true, "/": true, "!": true, "//": true, "[a": true, `a\`: true, "x/[[:no:]]": true,
	} {
		patterns, err := ignore.Parse([]byte(rule), "")
		require.NoError(t, err)
		require.Len(t, patterns, 1)
		assert.Equal(t, want, patterns[0].Useless(), "%q", rule)
	}
}

func TestLimits(t *testing.T) {
	for _, row := range []struct {
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
		t.Run(row.name, func(t *testing.T) {
			_, err := ignore.Parse([]byte(row.data), "")
			require.ErrorIs(t, err, row.err)
		})
	}
}

// TestHostilePatterns takes patterns for which backtracking would take years.
func TestHostilePatterns(t *testing.T) {
	name := strings.Repeat("a", 250)
	deep := strings.Repeat("a/", 120) + "a"
	for _, rule := range []string{
		strings.Repeat("*a", 500) + "*?c*", strings.Repeat("a*", 100) + "[b]", "x/../" + strings.Repeat("**/*a*/", 140) + "[b]",
		strings.Repeat("**/", 300) + "[b]", strings.Repeat("**/a/", 200) + "?[b]", strings.Repeat("?*", 500), strings.Repeat("*", 1000) + "[b]",
	} {
		patterns, err := ignore.Parse([]byte(rule), "")
		require.NoError(t, err)
		var m *ignore.Matcher
		m = m.Add(".", patterns)
		start := time.Now()
		for _, p := range []string{name, deep} {
			_, ignored := m.Match(p, false)
			assert.False(t, ignored, "%.20q", rule)
		}
		assert.Less(t, time.Since(start), 5*time.Second, "%.20q", rule)
	}
}
