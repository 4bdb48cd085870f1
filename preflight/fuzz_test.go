package preflight

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzFluxRules has each rule match what it matches when it takes files back.
func FuzzFluxRules(f *testing.F) {
	for _, rules := range []string{
		"a", "/a/", "x/**/a", "**", "/**", "a**/b", "[!a]\n[^a]\n[a", `\*` + "\n" + `\`, "# a\r\n \n!b ", "!\n/\n//", "*.yaml\n!a.yaml", "x//a", "**/**/a",
	} {
		f.Add(rules, "x/y/a.yaml")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		if !fs.ValidPath(name) || name == "." {
			t.Skip("no path in an archive")
		}
		names := strings.Split(name, "/")
		for _, rule := range parseFluxRules([]byte(text)) {
			require.Positive(t, rule.line)
			require.LessOrEqual(t, rule.line, strings.Count(text, "\n")+1)
			opposite := parseFluxRule("!" + rule.text)
			if rule.taking {
				opposite = parseFluxRule(rule.text[1:])
			}
			require.Equal(t, rule.matches(names), opposite.matches(names), "%q", rule.text)
		}
	})
}
