package registry

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"oras.land/oras-go/v2/registry/remote/auth"
)

// errLocalService reports a registry that leads to where it has no business.
var errLocalService = errors.New("the registry leads to a local address")

// Addresses that are not those of a registry's services: of this machine, of its
// link, and of the metadata services of clouds; and those of private networks,
// which are none of a public registry's business.
var (
	localAddresses   = auth.DefaultBlockedRealmPrefixes()
	privateAddresses = auth.PrivateRealmPrefixes()
)

// isForeign reports whether a host is one that the registry, which is another,
// has no business to lead to. What a name stands for is looked up; one that cannot
// be is for a proxy to know.
func (c *Client) isForeign(ctx context.Context, host string) bool {
	if c.localServices || strings.EqualFold(host, c.hostname) {
		return false
	}
	addresses := c.lookUp(ctx, host)
	return isAmong(addresses, localAddresses) ||
		isAmong(addresses, privateAddresses) && c.isPublic(ctx)
}

// isPublic reports whether the registry is known to be elsewhere than on this
// machine or a private network.
func (c *Client) isPublic(ctx context.Context) bool {
	addresses := c.lookUp(ctx, c.hostname)
	return len(addresses) > 0 && !isAmong(addresses, localAddresses) && !isAmong(addresses, privateAddresses)
}

// lookupTimeout is how long a name server is waited for, which behind a proxy
// there need not be.
const lookupTimeout = 2 * time.Second

// lookUp returns the addresses of a host, which may be an address itself.
func (c *Client) lookUp(ctx context.Context, host string) []netip.Addr {
	if c.localNames && isLocalName(host) { // it is dialled there too
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

func isAmong(addresses []netip.Addr, prefixes []netip.Prefix) bool {
	return slices.ContainsFunc(addresses, func(a netip.Addr) bool {
		return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a.Unmap().WithZone("")) })
	})
}
