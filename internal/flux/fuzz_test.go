package flux_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/flux"
)

// FuzzRules checks that a negated rule takes back exactly the files that the rule
// itself drops.
func FuzzRules(f *testing.F) {
	for _, rules := range []string{
		"a", "/a/", "x/**/a", "**", "/**", "a**/b", "[!a]\n[^a]\n[a", `\*` + "\n" + `\`, "# a\r\n \n!b ", "!\n/\n//", "*.yaml\n!a.yaml", "x//a", "**/**/a",
	} {
		f.Add(rules, "x/y/a.yaml")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		if !fs.ValidPath(name) || name == "." || strings.Contains(name, ".git") {
			t.Skip("not a path in an archive, or one that version control drops")
		}
		for _, rule := range flux.ParseRules([]byte(text)) {
			require.Positive(t, rule.Line)
			require.LessOrEqual(t, rule.Line, strings.Count(text, "\n")+1)
			positive := strings.TrimPrefix(rule.Text, "!")
			if strings.HasPrefix(positive, "!") || strings.HasPrefix(positive, "#") || strings.TrimSpace(positive) == "" {
				continue // read in another way on a line of its own
			}
			dropped := drops(ignoring(".sourceignore", positive), name)
			require.Equal(t, !dropped, drops(ignoring(".sourceignore", "*\n!"+positive), name), "%q", rule.Text)
		}
	})
}
