package boundyaml_test

import (
	"bytes"
	"errors"
	"testing"

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
