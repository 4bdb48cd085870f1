package ignore_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/ignore"
)

// gitCase is a tree with ignore files.
type gitCase struct {
	paths []string          // directories end in a slash
	rules map[string]string // by their directory, "." for the root
}

// decision is the outcome for a path, in the form of git's output.
type decision struct {
	source, line, text string
}

// decide walks the tree as callers of Match must.
func (c gitCase) decide(t *testing.T) []decision {
	t.Helper()
	decisions := make([]decision, 0, len(c.paths))
	for _, p := range c.paths {
		var m *ignore.Matcher
		var found ignore.Rule
		name := strings.TrimSuffix(p, "/")
		for end := 0; end < len(name); end++ { // each directory above the path, and the path itself
			dir := path.Dir(name[:end+1])
			if rules, has := c.rules[dir]; has && (end == 0 || name[end-1] == '/') {
				parsed, err := ignore.Parse([]byte(rules), path.Join(dir, ".gitignore"))
				require.NoError(t, err)
				m = m.Add(dir, parsed)
			}
			if end+1 < len(name) && name[end+1] != '/' {
				continue
			}
			var ignored bool
			if found, ignored = m.Match(name[:end+1], end+1 < len(p)); ignored {
				break
			}
		}
		d := decision{}
		if found.Pattern != nil {
			d = decision{found.Source, strconv.Itoa(found.Line), found.Text}
		}
		decisions = append(decisions, d)
	}
	return decisions
}

// git returns the decisions of git, which runs once for all cases.
func git(t *testing.T, cases []gitCase) [][]decision {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	if runtime.GOOS == "windows" {
		t.Skip("file systems of Windows cannot hold the names")
	}
	root := t.TempDir()
	command := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "core.ignoreCase=false", "-c", "core.excludesFile="}, args...)...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CEILING_DIRECTORIES="+filepath.Dir(root))
		cmd.Env = slices.DeleteFunc(cmd.Env, func(s string) bool { return strings.HasPrefix(s, "GIT_DIR=") || strings.HasPrefix(s, "GIT_WORK_TREE=") })
		return cmd
	}
	out, err := command("init", "-q", "--template=").CombinedOutput()
	require.NoError(t, err, "%s", out)

	var asked []byte
	for i, c := range cases {
		for _, p := range c.paths {
			full := filepath.Join(root, strconv.Itoa(i), p)
			if !strings.HasSuffix(p, "/") { // git does not check that a file exists
				full = filepath.Dir(full)
			}
			require.NoError(t, os.MkdirAll(full, 0o700))
			asked = fmt.Appendf(asked, "%d/%s\x00", i, strings.TrimSuffix(p, "/"))
		}
		for dir, rules := range c.rules {
			full := filepath.Join(root, strconv.Itoa(i), dir)
			require.NoError(t, os.MkdirAll(full, 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(full, ".gitignore"), []byte(rules), 0o600))
		}
	}
	check := command("check-ignore", "--no-index", "--verbose", "--non-matching", "--stdin", "-z")
	check.Stdin = bytes.NewReader(asked)
	var stderr bytes.Buffer
	check.Stderr = &stderr
	out, err = check.Output()
	if check.ProcessState.ExitCode() != 1 { // nothing is ignored
		require.NoError(t, err, "%s", &stderr)
	}

	fields := strings.Split(string(out), "\x00")
	all := make([][]decision, len(cases))
	for i, c := range cases {
		for _, p := range c.paths {
			require.Equal(t, fmt.Sprintf("%d/%s", i, strings.TrimSuffix(p, "/")), fields[3])
			source := strings.TrimPrefix(fields[0], strconv.Itoa(i)+"/")
			all[i] = append(all[i], decision{source, fields[1], fields[2]})
			fields = fields[4:]
		}
	}
	return all
}

// TestLikeGit compares random rules over random trees.
func TestLikeGit(t *testing.T) {
	sets := 3_000
	if testing.Short() {
		sets = 300
	}
	const seed = 5
	random := generator{rand.New(rand.NewPCG(seed, 0))}
	cases := make([]gitCase, sets)
	for i := range cases {
		cases[i] = random.tree()
	}
	asked, matched, wrong := 0, 0, 0
	for i, want := range git(t, cases) {
		got := cases[i].decide(t)
		for j, d := range want {
			asked++
			if d.text != "" {
				matched++
			}
			if !assert.Equal(t, d, got[j], "set %d: %q, rules %q", i, cases[i].paths[j], cases[i].rules) {
				wrong++
			}
		}
		require.Less(t, wrong, 5, "stopped after five")
	}
	require.Greater(t, matched, asked/4, "the rules hardly match anything")
	t.Logf("%d sets of rules, %d paths, of which a rule decided on %d", sets, asked, matched)
}

type generator struct{ *rand.Rand }

func (g generator) pick(from []string) string { return from[g.IntN(len(from))] }

var names = []string{
	"a", "b", "c", "ab", "abc", "a.b", ".a", "aa", "A", "B", "1", "a1", "a b", "a ", " a", "a*", "*", "[a]", "!a", "#a", "a\\", "-", "]", "[", "^", "a-b",
	"é", "ab.c", "\\", "a\tb", "\v", "_", "?", "a?b", "\x7f", "~", "foo", "foobar", "bar", "a\r", "a:b", "\xff",
}

var pieces = []string{
	"a", "b", "c", "ab", "foo", "bar", ".", "-", " ", "*", "*", "*", "**", "**", "/**", "**/", "/**/", "***", "/", "/", "/", "?", "?", "a", "a", "[ab]", "[!a]",
	"[^b]", "[a-c]", "[]a]", "[!]a]", "[a-]", "[-a]", "[c-a]", "[[:alpha:]]", "[[:digit:]_]", "[![:upper:]]", "[[:punct:]]", "[[:space:]]", "[[:cntrl:]]", "[[:x:]]",
	"[[:alnum:]", "[[:blank:][:print:]]", "[[:a]", "[\\]]", "[\\a-c]", "[a-\\c]", "[a-a-c]", "[[:lower:]-z]", "[/]", "[a/b]", "[", "[]", "[!", "\\", "\\*", "\\a", "\\ ", "\\/", "\\\\",
	"!", "#", "^", "]", "é", "\t", "\r", "1", "A", "\xff", "[\xc3-\xff]", "[[:graph:]]", "[[:xdigit:]]", "[[]", "[?]", "[*]", "\x7f", "\v",
}

func (g generator) tree() gitCase {
	c := gitCase{rules: map[string]string{}}
	directories := []string{"."}
	used := map[string]bool{}
	for range 3 + g.IntN(10) {
		p := path.Join(g.pick(directories), g.pick(names))
		if used[p] {
			continue
		}
		used[p] = true
		if g.IntN(2) == 0 {
			directories = append(directories, p)
			c.paths = append(c.paths, p+"/")
			continue
		}
		c.paths = append(c.paths, p)
	}
	c.rules["."] = g.file(c.paths)
	for _, dir := range directories[1:] {
		if g.IntN(4) == 0 {
			c.rules[dir] = g.file(c.paths)
		}
	}
	return c
}

func (g generator) file(paths []string) string {
	var b strings.Builder
	if g.IntN(20) == 0 {
		b.WriteString("\ufeff")
	}
	for range 1 + g.IntN(6) {
		if g.IntN(3) == 0 {
			b.WriteString("!")
		}
		b.WriteString(g.rule(paths))
		b.WriteString(g.pick([]string{"\n", "\n", "\n", "\n", "\n", "\r\n", " \n", "/\n", "/\n", "\\ \n", "  ", "\x00x\n", "\n\n#"}))
	}
	return b.String()
}

// rule returns a random rule, or one derived from a path so that it may match.
func (g generator) rule(paths []string) string {
	if g.IntN(2) == 0 {
		var b strings.Builder
		for range 1 + g.IntN(5) {
			b.WriteString(g.pick(pieces))
		}
		return b.String()
	}
	segments := strings.Split(strings.TrimSuffix(g.pick(paths), "/"), "/")
	segments = segments[g.IntN(len(segments)):]
	for i, s := range segments {
		switch at := g.IntN(len(s)); g.IntN(8) {
		case 0:
			segments[i] = "**"
		case 1:
			segments[i] = "*"
		case 2:
			segments[i] = s[:at] + "?" + s[at+1:]
		case 3:
			segments[i] = s[:at] + "*" + s[at+g.IntN(len(s)-at):]
		case 4:
			segments[i] = s[:at] + g.pick(pieces) + s[at+1:]
		case 5:
			segments[i] = s[:at] + "**" + s[at:]
		case 6:
			segments[i] = s[:at] + "\\" + s[at:]
		}
	}
	return g.pick([]string{"", "", "", "/", "**/"}) + strings.Join(segments, g.pick([]string{"/", "/", "/", "/**/", "*/"}))
}
