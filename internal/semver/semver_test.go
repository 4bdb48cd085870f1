package semver_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/semver"
)

// In ascending order; those in one line are equal (section 11 of the specification, and
// numbers that no integer type holds).
var ascending = [][]string{
	{"0.0.0-0"}, {"0.0.0", "v0.0.0", "0.0.0+build"},
	{"1.0.0--"}, {"1.0.0-alpha"}, {"1.0.0-alpha.1"}, {"1.0.0-alpha.beta"}, {"1.0.0-beta"}, {"1.0.0-beta.2"}, {"1.0.0-beta.11"}, {"1.0.0-rc.1", "1.0.0-rc.1+a"}, {"1.0.0"},
	{"1.2.0"}, {"1.10.0"}, {"2.0.0-99999999999999999999999"}, {"2.0.0-100000000000000000000000"}, {"2.0.0"}, {"99999999999999999999999.0.0"}, {"100000000000000000000000.0.0"},
}

func TestCompare(t *testing.T) {
	for i, row := range ascending {
		for _, text := range row {
			v, ok := semver.Parse(text)
			require.True(t, ok, text)
			for j, others := range ascending {
				for _, other := range others {
					w, ok := semver.Parse(other)
					require.True(t, ok, other)
					assert.Equal(t, sign(i-j), sign(v.Compare(w)), "%s and %s", text, other)
				}
			}
		}
	}
}

func sign(n int) int { return min(max(n, -1), 1) }

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0-a..b", "1.0.0+", "1.0.0-ü", " 1.0.0", "1.0.0\n", "vv1.0.0", "V1.0.0", "-1.0.0",
		"1.0.0-" + strings.Repeat("a", 300),
	} {
		_, ok := semver.Parse(text)
		assert.False(t, ok, "%q", text)
	}
}
