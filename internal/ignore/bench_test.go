package ignore_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/ignore"
)

// BenchmarkMatch matches one path with usual rules, and with an ignore file full of
// rules that are meant to be slow.
func BenchmarkMatch(b *testing.B) {
	hostile := strings.Repeat("*a", 100) + "[c]*"
	for _, tt := range []struct{ name, rules, path string }{
		{"usual", "*.jpg\n*.tar.gz\n/charts/\n**/.sops.yaml\ntest-*.yaml\n!test-keep.yaml\ndocs/**/*.yaml\n", "apps/base/frontend/deployment.yaml"},
		{"hostile", strings.Repeat(hostile+"\n", ignore.MaxSize/(len(hostile)+1)), strings.Repeat("a", 255)},
	} {
		b.Run(tt.name, func(b *testing.B) {
			rules, err := ignore.Parse([]byte(tt.rules), "")
			require.NoError(b, err)
			var m *ignore.Matcher
			m = m.Add(".", rules)
			b.ReportAllocs()
			for b.Loop() {
				m.Match(tt.path, false)
			}
		})
	}
}
