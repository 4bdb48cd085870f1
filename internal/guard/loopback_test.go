package guard_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/guard"
)

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string][2]bool{ // without and with local names
		"localhost": {true, true}, "LOCALHOST": {true, true}, "127.1.2.3": {true, true}, "::1": {true, true},
		"app.localhost": {false, true}, "a.b.LocalHost": {false, true},
		"applocalhost": {}, "localhost.example.com": {}, ".example.com": {}, "198.51.100.1": {},
	} {
		assert.Equal(t, want[0], guard.IsLoopback(host, false), host)
		assert.Equal(t, want[1], guard.IsLoopback(host, true), host)
	}
}

func TestDialLocalNames(t *testing.T) {
	errDown := errors.New("down")
	for _, tt := range []struct {
		address string
		up      string // the address that accepts connections
		want    []string
	}{
		{"app.localhost:5000", "127.0.0.1:5000", []string{"127.0.0.1:5000"}},
		{"APP.localhost:5000", "[::1]:5000", []string{"127.0.0.1:5000", "[::1]:5000"}},
		{"app.localhost:5000", "", []string{"127.0.0.1:5000", "[::1]:5000"}},
		{"localhost:5000", "localhost:5000", []string{"localhost:5000"}},
		{"ghcr.io:443", "", []string{"ghcr.io:443"}},
	} {
		var dialled []string
		dial := guard.DialLocalNames(func(_ context.Context, network, address string) (net.Conn, error) {
			assert.Equal(t, "tcp", network)
			dialled = append(dialled, address)
			if address == tt.up {
				conn, other := net.Pipe()
				return conn, other.Close()
			}
			return nil, errDown
		})
		conn, err := dial(t.Context(), "tcp", tt.address)
		assert.Equal(t, tt.want, dialled)
		if tt.up == "" {
			require.ErrorIs(t, err, errDown)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
}
