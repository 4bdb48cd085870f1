package advice_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/advice"
)

func TestPath(t *testing.T) {
	for _, tt := range []struct{ path, want string }{
		{"clusters/eu-1/a_b.yaml", "clusters/eu-1/a_b.yaml"},
		{"Version", `"Version"`},
		{"my app", `"my app"`},
		{"a\nb", `"a\nb"`},
		{strings.Repeat("a", 300), `"` + strings.Repeat("a", 255) + `"`},
	} {
		assert.Equal(t, tt.want, advice.Path(tt.path))
	}
}
