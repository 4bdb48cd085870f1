package guard_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/guard"
)

func TestSameOrigin(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"https://a/x", "https://a/y?z", true},
		{"https://a", "https://a:443", true},
		{"http://a", "http://A:80", true},
		{"HTTPS://[::1]:5000", "https://[::1]:5000", true},
		{"https://a", "http://a", false},
		{"https://a", "https://a:80", false},
		{"http://a:443", "https://a", false},
		{"https://a", "https://b", false},
		{"https://a", "https://a.b", false},
	} {
		a, err := url.Parse(tt.a)
		require.NoError(t, err)
		b, err := url.Parse(tt.b)
		require.NoError(t, err)
		assert.Equal(t, tt.want, guard.SameOrigin(a, b), "%s %s", tt.a, tt.b)
		assert.Equal(t, tt.want, guard.SameOrigin(b, a), "%s %s", tt.b, tt.a)
	}
}

func TestMayFollow(t *testing.T) {
	for _, tt := range []struct {
		method, from, to string
		want             bool
	}{
		{"GET", "https://a", "https://b", true},
		{"HEAD", "http://a", "http://b", true},
		{"GET", "http://a", "https://a", true},
		{"GET", "https://a", "http://a", false},
		{"GET", "http://a", "ftp://a", false},
		{"HEAD", "http://a", "file:///etc/passwd", false},
		{"GET", "https://a", "a://b", false},
		{"POST", "https://a/x", "https://a/y", true},
		{"PUT", "https://a", "https://b", false},
		{"DELETE", "http://a", "https://a", false},
		{"PUT", "https://a", "http://a", false},
	} {
		from, err := http.NewRequest(tt.method, tt.from, nil)
		require.NoError(t, err)
		to, err := http.NewRequest(tt.method, tt.to, nil)
		require.NoError(t, err)
		assert.Equal(t, tt.want, guard.MayFollow(to, []*http.Request{from}), "%s %s %s", tt.method, tt.from, tt.to)
	}
}
