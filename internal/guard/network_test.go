package guard_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/guard"
)

func TestNetworkForbids(t *testing.T) {
	local := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("169.254.0.0/16")}
	private := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, tt := range []struct {
		name    string
		network guard.Network
		host    string
		want    bool
	}{
		{"public", guard.Network{Host: "198.51.100.1"}, "198.51.100.2", false},
		{"this machine", guard.Network{Host: "198.51.100.1"}, "127.0.0.1", true},
		{"this machine, IPv6", guard.Network{Host: "198.51.100.1"}, "::1", true},
		{"this machine, mapped", guard.Network{Host: "198.51.100.1"}, "::ffff:127.0.0.1", true},
		{"metadata service", guard.Network{Host: "198.51.100.1"}, "169.254.169.254", true},
		{"private network of a public server", guard.Network{Host: "198.51.100.1"}, "10.0.0.1", true},
		{"private network of a private server", guard.Network{Host: "10.0.0.2"}, "10.0.0.1", false},
		{"this machine from a private server", guard.Network{Host: "10.0.0.2"}, "127.0.0.1", true},
		{"the server itself", guard.Network{Host: "127.0.0.1"}, "127.0.0.1", false},
		{"the server itself, in another case", guard.Network{Host: "LocalHost"}, "localhost", false},
		{"allowed", guard.Network{Host: "198.51.100.1", AllowAll: true}, "127.0.0.1", false},
		{"name in .localhost", guard.Network{Host: "a.localhost", LocalNames: true}, "b.localhost", true},
		{"private network of a server in .localhost", guard.Network{Host: "a.localhost", LocalNames: true}, "10.0.0.1", false},
		{"unknown name", guard.Network{Host: "198.51.100.1"}, "no-such-host.invalid", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.network.Local, tt.network.Private = local, private
			assert.Equal(t, tt.want, tt.network.Forbids(t.Context(), tt.host))
		})
	}
}

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
