package version_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/version"
)

func TestSelectable(t *testing.T) {
	for _, tt := range []struct{ tag, want string }{
		{"1.2.3", ""},
		{"v1.2.3-rc.1", ""},
		{"latest_one", ""},
		{"a+b", ""},
		{"1.2+3", ""},
		{"1.2.3.4+5", ""},
		{"1.2.x+5", ""},
		{"", ""},
		{"+", ""},
		{"1.0.0+build.7", "1.0.0"},
		{"v1.0.0+build.7", "v1.0.0"},
		{"01.02.03+4", "01.02.03"},
		{"1.2.3+", "1.2.3"},
		{"1.2.3_4", "1.2.3"},
		{"1.2.3_rc.1", "1.2.3"},
		{"1.2.3-rc.1+5", "1.2.3-rc.1"},
		{"1.2.3-rc_1", "1.2.3-rc-1"},
		{"1.2.3-rc_1+a_b", "1.2.3-rc-1"},
		{"1.2.3-+5", "1.2.3"},
		{"1.2.3-rc_", "1.2.3-rc"},
	} {
		t.Run(tt.tag, func(t *testing.T) {
			got, unselectable := version.Selectable(tt.tag)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.want != "", unselectable)
			_, again := version.Selectable(got)
			assert.False(t, again, "the proposal is another such version")
		})
	}
}
