package boundyaml_test

import (
	"bytes"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/internal/boundyaml"
)

// FuzzLoader compares with the parser without limits.
func FuzzLoader(f *testing.F) {
	for _, text := range []string{
		"", "a: b\n---\n- c\n", "[a, {b: c}]", "{{}}{{}}", "a: [b]\nc: {d: e}\n", "- - - a", "[[[[a]]]]", "{[a]: b}: c", "? a\n: b", "a: *b", "a: [", "\ta", "--- [a]\n--- [b]\n", "\ufeffa: b", "a\xff",
	} {
		f.Add([]byte(text), 3)
	}
	f.Fuzz(func(t *testing.T, data []byte, depth int) {
		if depth < 1 || depth > boundyaml.MaxFlowDepth || len(data) > boundyaml.MaxFlow {
			t.Skip("beyond the limits of the oracle")
		}
		bounded, err := boundyaml.NewLoader(t.Context(), data, boundyaml.Limits{Depth: depth, Memory: 1 << 40})
		require.NoError(t, err)
		free, err := yaml.NewLoader(bytes.NewReader(data))
		require.NoError(t, err)
		for {
			var got, want yaml.Node
			err := bounded.Load(&got)
			if exceeded, ok := errors.AsType[*boundyaml.Error](err); ok {
				require.ErrorIs(t, exceeded, boundyaml.ErrTooDeep)
				require.True(t, exceeded.Line >= 1 && exceeded.Column >= 1, "%v", exceeded)
				return
			}
			wanted := free.Load(&want)
			require.Equal(t, wanted, err)
			require.Equal(t, want, got)
			if err != nil {
				return
			}
		}
	})
}

// FuzzRefused checks that the line is in the text, and that a text without tabs, control
// characters and escapes is not parsed.
func FuzzRefused(f *testing.F) {
	for _, text := range []string{"", "a: b\n\t\n", "-\ta", "\t", "a: |\n \tb\n", "a: \"b\\/c\"", `a: "\ud83d\ude00"`, "a: b\x7f", "a: \u0090\n", "a: &a [*a]\t", "a\t: b\n---\n\tc", "é: b\t\n"} {
		f.Add([]byte(text), true)
		f.Add([]byte(text), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, first bool) {
		line, refused, err := boundyaml.Refused(t.Context(), data, first)
		require.NoError(t, err)
		require.True(t, !refused && line == 0 || refused && line >= 1 && line <= max(1, bytes.Count(data, []byte("\n"))+1), "line %d", line)
		if !bytes.ContainsAny(data, "\t\x7f\\\u0090") && utf8.Valid(data) && !bytes.Contains(data, []byte{0xc2}) {
			require.False(t, refused)
		}
	})
}
