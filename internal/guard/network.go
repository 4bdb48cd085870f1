package guard

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Network decides which hosts a server may lead a client to, by a redirect, an upload
// location or the address of a token service.
type Network struct {
	// Host is the server's own host, without a port. It is always allowed.
	Host string
	// Local are the addresses of this machine, of its link, and of the metadata
	// services of clouds. No server leads there.
	Local []netip.Prefix
	// Private are the addresses of private networks. A public server does not lead
	// there.
	Private []netip.Prefix
	// AllowAll turns the checks off.
	AllowAll bool
	// LocalNames is set if names in .localhost are dialled on loopback.
	LocalNames bool
}

// Forbids reports whether the server must not lead a client to the host. Names are
// looked up; one that cannot be is left to a proxy.
func (n Network) Forbids(ctx context.Context, host string) bool {
	if n.AllowAll || strings.EqualFold(host, n.Host) {
		return false
	}
	addresses := n.lookUp(ctx, host)
	return contains(n.Local, addresses) || contains(n.Private, addresses) && n.isPublic(ctx)
}

// isPublic reports whether the server is known to be elsewhere than on this machine
// or a private network.
func (n Network) isPublic(ctx context.Context) bool {
	addresses := n.lookUp(ctx, n.Host)
	return len(addresses) > 0 && !contains(n.Local, addresses) && !contains(n.Private, addresses)
}

// lookupTimeout bounds the wait for a name server, which need not exist behind a
// proxy.
const lookupTimeout = 2 * time.Second

// lookUp returns the addresses of a host, which may be an address itself.
func (n Network) lookUp(ctx context.Context, host string) []netip.Addr {
	if n.LocalNames && IsLocalName(host) {
		return []netip.Addr{netip.IPv6Loopback()}
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil
	}
	return addresses
}

func contains(prefixes []netip.Prefix, addresses []netip.Addr) bool {
	return slices.ContainsFunc(addresses, func(a netip.Addr) bool {
		return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a.Unmap().WithZone("")) })
	})
}
