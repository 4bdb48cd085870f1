package guard_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/guard"
	"github.com/kubeoci/oci/internal/testing/dnstest"
)

// texts returns the first address of each prefix.
func texts(prefixes []netip.Prefix) (addresses []string) {
	for _, p := range prefixes {
		addresses = append(addresses, p.Addr().String())
	}
	return addresses
}

func TestNetworkForbids(t *testing.T) {
	dnstest.Install(t, func(name string) []string {
		return map[string][]string{
			"public.test": {"198.51.100.1"}, "private.test": {"10.0.0.1"}, "mixed.test": {"10.0.0.1", "198.51.100.1"},
			"local.test": {"198.51.100.1", "127.0.0.1"},
		}[name]
	})
	for _, tt := range []struct {
		name, server, host string
		want               bool
	}{
		{"public", "198.51.100.1", "198.51.100.2", false},
		{"this machine", "198.51.100.1", "127.0.0.1", true},
		{"this machine from a private server", "10.0.0.2", "127.0.0.1", false},
		{"this machine from a loopback server", "127.0.0.1:5000", "127.0.0.2", false},
		{"private network of a loopback server", "127.0.0.1:5000", "10.0.0.1", false},
		{"localhost of a loopback server", "127.0.0.1:5000", "localhost", false},
		{"metadata service from a loopback server", "127.0.0.1:5000", "169.254.169.254", true},
		{"metadata service from a private server", "10.0.0.2", "169.254.169.254", true},
		{"link-local address from a private server", "10.0.0.2", "fe80::1", true},
		{"unspecified address from a loopback server", "127.0.0.1:5000", "0.0.0.0", true},
		{"this machine from an unknown server", "unknown.test", "127.0.0.1", true},
		{"this machine from a server with a public address", "mixed.test", "127.0.0.1", true},
		{"private network of a public server", "198.51.100.1", "10.0.0.1", true},
		{"private network of a private server", "10.0.0.2", "10.0.0.1", false},
		{"the server itself", "127.0.0.1", "127.0.0.1", false},
		{"another port of the server", "127.0.0.1:5000", "127.0.0.1", false},
		{"the server itself, in another case", "LocalHost", "localhost", false},
		{"localhost", "198.51.100.1", "LocalHost", true},
		{"name in .localhost", "a.localhost", "b.localhost", false},
		{"name in .localhost from a public server", "198.51.100.1", "b.localhost", true},
		{"private network of a server in .localhost", "a.localhost", "10.0.0.1", false},
		{"unknown name", "198.51.100.1", "unknown.test", false},
		{"private network of an unknown server", "unknown.test", "10.0.0.1", true},
		{"public name", "198.51.100.1", "public.test", false},
		{"private name", "public.test", "private.test", true},
		{"private name of a private server", "private.test", "10.0.0.7", false},
		{"name with a private address", "public.test", "mixed.test", true},
		{"private network of a server with a public address", "mixed.test", "10.0.0.7", true},
		{"name with a local address", "private.test", "local.test", false},
		{"name with a local address, of a public server", "public.test", "local.test", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, network(tt.server).Forbids(t.Context(), tt.host))
		})
	}
}

// server accepts connections on all addresses of this machine, and counts them.
func server(t *testing.T) (port string, accepted <-chan struct{}) {
	t.Helper()
	listener, err := net.Listen("tcp4", "0.0.0.0:0")
	require.NoError(t, err)
	seen := make(chan struct{}, 100)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			seen <- struct{}{}
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close() })
	_, port, err = net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return port, seen
}

// otherAddress returns an address of this machine that is not loopback.
func otherAddress(t *testing.T) string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	require.NoError(t, err)
	for _, a := range all {
		if address, err := netip.ParsePrefix(a.String()); err == nil && address.Addr().Is4() && !address.Addr().IsLoopback() {
			return address.Addr().String()
		}
	}
	t.Skip("this machine has only loopback addresses")
	return ""
}

func TestDial(t *testing.T) {
	port, accepted := server(t)
	lookups := map[string]int{}
	dnstest.Install(t, func(name string) []string {
		lookups[name]++
		switch {
		case name == "rebinding.test" && lookups[name] == 1:
			return []string{"198.51.100.1"}
		case strings.HasSuffix(name, ".test"):
			return []string{"127.0.0.1"}
		}
		return nil
	})
	for _, tt := range []struct {
		name    string
		network *guard.Network
		host    string
		allowed bool
	}{
		{"the server", network("registry.test:" + port), "registry.test", true},
		{"the server, in another case", network("registry.test:" + port), "Registry.TEST", true},
		{"another name", network("registry.test:" + port), "other.test", true},
		{"another name, of a public server", network("198.51.100.1:" + port), "other.test", false},
		{"its address", network("registry.test:" + port), "127.0.0.1", true},
		{"name that has changed", network("198.51.100.1"), "rebinding.test", false},
		{"mapped", network("198.51.100.1"), "::ffff:127.0.0.1", false},
		{"allowed", &guard.Network{Server: &url.URL{Host: "198.51.100.1"}, AllowAll: true}, "other.test", true},
		{"the server in .localhost", &guard.Network{Server: &url.URL{Host: "a.localhost:" + port}, LocalNames: true}, "a.localhost", true},
		{"another name in .localhost", &guard.Network{Server: &url.URL{Host: "a.localhost:" + port}, LocalNames: true}, "b.localhost", true},
		{"name in .localhost, of a public server", &guard.Network{Server: &url.URL{Host: "198.51.100.1"}, LocalNames: true}, "b.localhost", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.host == "rebinding.test" {
				require.False(t, tt.network.Forbids(t.Context(), tt.host), "as far as the lookup tells")
			}
			conn, err := tt.network.Dial(net.Dialer{})(t.Context(), "tcp", net.JoinHostPort(tt.host, port))
			if tt.allowed {
				require.NoError(t, err)
				require.NoError(t, conn.Close())
				<-accepted
				return
			}
			var forbidden *guard.ForbiddenError
			require.ErrorAs(t, err, &forbidden)
			assert.Equal(t, net.JoinHostPort(tt.host, port), forbidden.Host)
			assert.Equal(t, "connections to "+forbidden.Host+" are forbidden", forbidden.Error())
			assert.Empty(t, accepted)
		})
	}
}

// A name leads to other ports at the kind of address that the server was connected at.
func TestDialOtherPortsOfTheServer(t *testing.T) {
	own, _ := server(t)
	port, accepted := server(t)
	elsewhere := otherAddress(t)
	address := elsewhere
	dnstest.Install(t, func(string) []string { return []string{address} })
	n := network("registry.test:" + own)
	for _, step := range []struct {
		address, port string
		allowed       bool
	}{
		{"127.0.0.1", port, true}, // nothing else was seen yet
		{elsewhere, own, true},
		{elsewhere, port, true},
		{"127.0.0.1", port, false},
		{"127.0.0.1", own, true}, // the user has named it
		{"127.0.0.1", port, false},
	} {
		address = step.address
		conn, err := n.Dial(net.Dialer{})(t.Context(), "tcp", "registry.test:"+step.port)
		if !step.allowed {
			var forbidden *guard.ForbiddenError
			require.ErrorAs(t, err, &forbidden)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
	<-accepted
	<-accepted
	assert.Empty(t, accepted)
}

// Where another transport dials, only a lookup tells. A proxy may be the only one that
// knows a name.
func TestChecked(t *testing.T) {
	for _, tt := range []struct {
		name, host              string
		late                    time.Duration
		allowed, strict, cancel bool
	}{
		{"public", "public.test", 0, true, true, false},
		{"local", "local.test", 0, false, false, false},
		{"local, strictly", "local.test", 0, false, true, false},
		{"late", "local.test", 2500 * time.Millisecond, true, false, false},
		{"late, strictly", "local.test", 2500 * time.Millisecond, false, true, false},
		{"late and cancelled", "local.test", 2500 * time.Millisecond, false, true, true},
		{"unknown, strictly", "unknown.test", 0, true, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dnstest.Install(t, func(name string) []string {
					time.Sleep(tt.late)
					return map[string][]string{"public.test": {"198.51.100.1"}, "local.test": {"127.0.0.1"}}[name]
				})
				asked, closed := false, false
				checked := guard.Checked{Network: network("198.51.100.1"), Strict: tt.strict, Next: roundTripper(func(*http.Request) (*http.Response, error) {
					asked = true
					return new(http.Response), nil
				})}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.cancel {
					time.AfterFunc(time.Second, cancel)
				}
				req, err := http.NewRequestWithContext(ctx, http.MethodPut, "https://"+tt.host, closer{&closed})
				require.NoError(t, err)
				_, err = checked.RoundTrip(req)
				assert.Equal(t, tt.allowed, asked)
				assert.Equal(t, !tt.allowed, closed)
				switch forbidden := new(guard.ForbiddenError); {
				case tt.allowed:
					require.NoError(t, err)
				case tt.cancel:
					require.ErrorIs(t, err, context.Canceled)
				default:
					require.ErrorAs(t, err, &forbidden)
					assert.Equal(t, tt.late > 0, forbidden.Unknown)
				}
				time.Sleep(time.Minute) // the name server ends
			})
		})
	}
}

// closer is a body that notes that it was closed.
type closer struct{ closed *bool }

func (c closer) Read([]byte) (int, error) { return 0, io.EOF }

func (c closer) Close() error { *c.closed = true; return nil }
