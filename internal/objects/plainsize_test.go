package objects

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

// TestBoundsOfSizes compares the bounds of the size of an object with the size that the parser
// gives it.
func TestBoundsOfSizes(t *testing.T) {
	compared := 0
	compare := func(text []byte) {
		var s plainScanner
		objects, most, least := 0, 0, int64(0)
		s.size = func(*node) int64 {
			open := s.innermost()
			own := s.data[open.start:open.end]
			objects++
			most, least = mostJSON(own, s.saved-open.saved, 0), leastJSON(own)
			return 0
		}
		if _, ok := s.scan(text, ample.Objects); !ok || objects != 1 || bytes.Contains(text, []byte("List")) {
			return
		}
		var doc yaml.Node
		require.NoError(t, yaml.Unmarshal(text, &doc))
		if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
			return // the object is in another document
		}
		size := sizer{}.of(doc.Content[0])
		require.LessOrEqual(t, least, size, "%s", text)
		require.LessOrEqual(t, size, int64(most), "%s", text)
		compared++
	}
	rng := rand.New(rand.NewPCG(9, 10))
	texts := samples(t)
	names := slices.Sorted(maps.Keys(texts))
	for _, name := range names {
		compare(texts[name])
	}
	rounds := fewer(10_000)
	for range rounds {
		compare(change(rng, texts[names[rng.IntN(len(names))]]))
		var text bytes.Buffer
		anObject(rng, &text, "", "", 0)
		compare(text.Bytes())
		text.Reset()
		for range 1 + rng.IntN(7) {
			fmt.Fprintf(&text, "%*s%s\n", 2*rng.IntN(3)*rng.IntN(2), "", oddities[rng.IntN(len(oddities))])
		}
		compare(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
	}
	assert.Greater(t, compared, rounds/2)
}

// TestPlainAgreesOnLargeObjects covers objects around the limits of the API server, and flow
// style around those of package boundyaml.
func TestPlainAgreesOnLargeObjects(t *testing.T) {
	if testing.Short() {
		t.Skip("takes one goroutine many times longer with the race detector")
	}
	lines := func(size int, format string) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	const configMap, secret, other = "apiVersion: v1\nkind: ConfigMap\n", "apiVersion: v1\nkind: Secret\n", "apiVersion: a/v1\nkind: A\n"
	const ssa = "metadata:\n  annotations:\n    argocd.argoproj.io/sync-options: ServerSideApply=true\n"
	for _, tt := range []struct {
		name, text string
		known      bool
	}{
		{"text", other + "spec:\n" + lines(400_000, "  k%06d: some text of several words in a row\n"), true},
		{"text that Argo CD applies otherwise", other + ssa + "spec:\n" + lines(400_000, "  k%06d: some text of several words in a row\n"), true},
		{"less text than its limit", other + "spec:\n" + lines(150_000, "  k%06d: some text of several words in a row\n"), true},
		{"numbers", other + "spec:\n" + lines(500_000, "  k%[1]d: %020[1]d\n"), false},
		{"indentation", other + "spec:\n" + lines(600_000, strings.Repeat(" ", 200)+"k%d: a\n"), true},
		{"indented text in a block", other + "spec:\n  a: |\n    a\n" + lines(300_000, strings.Repeat(" ", 200)+"%d\n"), false},
		{"short lines in a block", other + "spec:\n  a: |\n" + strings.Repeat("    a\n", 88_000), false},
		{"escapes", other + "spec:\n  a: \"" + strings.Repeat(`\e`, 150_000) + "\"\n", false},
		{"words with dashes", other + "spec:\n" + lines(150_000, "  k%06d: some-text-of-several-words-in-a-row\n"), true},
		{"comments", other + "spec:\n" + lines(600_000, "  # a comment of several words in a row %d\n"), false},
		{"a ConfigMap", configMap + "data:\n  a: |\n" + lines(500_000, "    line %d of the file\n"), true},
		{"a ConfigMap in indentation", configMap + "data:\n  a: |\n" + strings.Repeat("    text\n", 33_000), true},
		{"a ConfigMap of another size", configMap + ssa + "data:\n  a: |\n" + lines(800_000, "    line %d of the file\n"), false},
		{"a huge ConfigMap", configMap + "data:\n  a: |\n" + lines(1_500_000, "    line %d of the file\n"), true},
		{"a ConfigMap of base64", configMap + "binaryData:\n  a: |\n" + lines(1_500_000, "    line%d+of/the/file\n"), false},
		{"a Secret", secret + "data:\n  a: |\n" + lines(500_000, "    line %d of the file\n"), true},
		{"a huge Secret", secret + "stringData:\n  a: |\n" + lines(1_500_000, "    line %d of the file\n"), false},
		{"a list", "kind: List\napiVersion: v1\nitems:\n" + lines(500_000, "- kind: A\n  a: b%d c\n"), true},
		{"flow style", other + "spec: [" + lines(100_000, "a%d, ") + "]\n", true},
		{"too much flow style", other + "spec: [" + lines(140_000, "a%d, ") + "]\n", false},
		{"flow style one after another", other + "spec:\n" + lines(140_000, "  k%06d: [a, b, c, d, e, f, g, h, i]\n"), false},
		{"flow style with blocks between", lines(140_000, "---\na: b\nc: [a%d, b, c, d, e, f, g, h, i]\n"), true},
		{"flow style in a large file", lines(3_000_000, "---\na: b\nc: [a%d, b, c, d, e, f, g, h, i]\n"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			requireAgreement(t, "a.yaml", []byte(tt.text))
			_, known := new(Scanner).Plain("a.yaml", []byte(tt.text), ample)
			assert.Equal(t, tt.known, known)
		})
	}
	t.Run("JSON", func(t *testing.T) {
		for _, size := range []int{200_000, 300_000} {
			text := `{"apiVersion":"a/v1","kind":"A","spec":[` + lines(size, "  {\"a\": %d},\n") + `{}]}`
			assert.True(t, requireAgreement(t, "a.json", []byte(text)))
		}
	})
}
