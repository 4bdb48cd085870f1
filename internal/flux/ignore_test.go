package flux_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/flux"
)

// ignoring returns the rules of an artifact with one ignore file.
func ignoring(path, text string) *flux.Ignore {
	return flux.NewIgnore([]flux.File{{Path: path, Rules: flux.ParseRules([]byte(text))}})
}

func drops(i *flux.Ignore, name string) bool {
	rule, _ := i.Match(name)
	return rule != nil
}

// The rows were compared with what Flux does.
func TestRules(t *testing.T) {
	for _, tt := range []struct {
		name    string
		rules   string
		dropped []string
		kept    []string
	}{
		{"a name", "a", []string{"a", "x/a", "a/x", "x/a/y"}, []string{"b", "ab", "A"}},
		{"a directory", "a/", []string{"a/x", "x/a/y"}, []string{"a", "x/a"}},
		{"slash in front", "/a", []string{"a", "a/x"}, []string{"x/a"}},
		{"slash between", "x/a", []string{"x/a", "x/a/y"}, []string{"a", "y/x/a"}},
		{"slash in front and at the end", "/a/", []string{"a/x"}, []string{"a", "x/a/y"}},
		{"an ending", "*.a", []string{"b.a", ".a", "x/b.a", "b.a/x"}, []string{"b.ab", "a"}},
		{"star", "a*c", []string{"ac", "abc"}, []string{"abcd", "a/c"}},
		{"question mark", "a?", []string{"ab"}, []string{"a", "abc"}},
		{"brackets", "[ab]\n[^c-d]x", []string{"a", "b", "ax"}, []string{"c", "cx", "dx"}},
		{"an exclamation mark in brackets is one", "[!a]", []string{"!", "a"}, []string{"b"}},
		{"a broken pattern", "[a\n/x/[b", nil, []string{"a", "[a", "x/[b"}},
		{"escaped", `\*a` + "\n" + `\#b`, []string{"*a", "#b"}, []string{"xa"}},
		{"comments and blanks", "#a\n\n   \n b", []string{" b"}, []string{"#a", "b"}},
		{"blanks at the end", "a  \nb\\ ", []string{"a", "b "}, []string{"a  ", "b"}},
		{"negated", "*.yaml\n!a.yaml", []string{"b.yaml"}, []string{"a.yaml", "x/a.yaml"}},
		{"negated below a directory", "x\n!x/a", []string{"x/b"}, []string{"x/a", "x/a/b"}},
		{"the last one decides", "!a\na\n!b\nb\n!b", []string{"a"}, []string{"b"}},
		{"two stars in front", "**/a", []string{"a", "x/a", "x/y/a/z"}, []string{"xa"}},
		{"two stars between", "x/**/a", []string{"x/a", "x/y/a", "x/y/z/a/b"}, []string{"a", "y/x/a"}},
		{"two stars at the end", "x/**", []string{"x/a", "x/y/a", "x"}, []string{"a/x"}},
		{"two stars alone", "**", []string{"a", "x/a"}, nil},
		{"two stars behind a slash", "/**", nil, []string{"a", "x/a"}},
		{"two stars in a name", "x/a**", nil, []string{"x/a", "x/ab"}},
		{"the first position counts", "**/x/a", []string{"x/a", "y/x/a"}, []string{"x/y/x/a"}},
		{"an empty name after two stars", "x/**//a", []string{"x/a"}, []string{"x/y/a"}},
		{"longer than the path", "x/a/b", []string{"x/a/b"}, []string{"x/a", "x"}},
		{"nothing but signs", "/\n//\n!\n!/", nil, []string{"a", "x/a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ignore := ignoring(".sourceignore", tt.rules)
			for _, name := range tt.dropped {
				assert.True(t, drops(ignore, name), "%q", name)
			}
			for _, name := range tt.kept {
				assert.False(t, drops(ignore, name), "%q", name)
			}
		})
	}
}

func TestDefaultsApplyWithoutRules(t *testing.T) {
	for _, ignore := range []*flux.Ignore{flux.NewIgnore(nil), ignoring(".sourceignore", "# later\n")} {
		for _, name := range []string{".git/config", "a/.gitignore", "logo.png", ".github/a.yaml", "a/b/.sops.yaml", "cloudbuild.yaml"} {
			assert.True(t, drops(ignore, name), name)
			_, file := ignore.Match(name)
			assert.Empty(t, file)
		}
		for _, name := range []string{"app.yaml", ".github", "cloudbuild.yml", "logo.PNG"} {
			assert.False(t, drops(ignore, name), name)
		}
	}
}

// A path is matched only because of a part that may match.
func TestMayMatch(t *testing.T) {
	for _, text := range flux.DefaultIgnore() {
		name := strings.NewReplacer("**/", "a/", "*", "b").Replace(text)
		if strings.HasSuffix(name, "/") {
			name += "c.yaml"
		}
		for _, ignore := range []*flux.Ignore{flux.NewIgnore(nil), ignoring("a/.sourceignore", "*.yaml")} {
			assert.True(t, ignore.MayMatch(name), name)
		}
		assert.True(t, drops(flux.NewIgnore(nil), name), name)
	}
	assert.False(t, flux.NewIgnore(nil).MayMatch("git/a.github/b.png.yaml"))
}

func TestAnyRuleReplacesTheDefaultsExceptVersionControl(t *testing.T) {
	ignore := ignoring("a/.sourceignore", "*.md\n")
	assert.False(t, drops(ignore, "logo.png"))
	assert.True(t, drops(ignore, ".gitignore"))
	assert.False(t, drops(ignoring(".sourceignore", "!.gitignore"), ".gitignore"))
}

func TestInnermostDirectoryDecides(t *testing.T) {
	ignore := flux.NewIgnore([]flux.File{
		{Path: ".sourceignore", Rules: flux.ParseRules([]byte("# the root\nb.yaml\nc.yaml\n"))},
		{Path: "a/.sourceignore", Rules: flux.ParseRules([]byte("!b.yaml\n/d.yaml\n"))},
	})
	for name, want := range map[string]string{
		"b.yaml": ".sourceignore:2 b.yaml", "a/c.yaml": ".sourceignore:3 c.yaml", "a/d.yaml": "a/.sourceignore:2 /d.yaml",
		"a/b.yaml": "", "d.yaml": "", "a/e/d.yaml": "",
	} {
		got := ""
		if rule, file := ignore.Match(name); rule != nil {
			got = fmt.Sprintf("%s:%d %s", file, rule.Line, rule.Text)
		}
		assert.Equal(t, want, got, name)
	}
}
