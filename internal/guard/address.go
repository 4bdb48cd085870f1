package guard

import (
	"net/netip"
	"slices"
)

// reach tells from where an address can be connected to. A higher one is narrower.
type reach int

const (
	public reach = iota + 1
	// private addresses are those of private networks. A public server does not lead
	// there.
	private
	// loopback addresses are those of this machine. A public server does not lead there.
	loopback
	// local addresses are those of the link, of the metadata services of clouds, and those
	// of no single machine. No server leads there.
	local
)

// reaches lists the addresses that are not public. References are to the IANA
// special-purpose address registries, unless a cloud's name is given.
var reaches = map[reach][]netip.Prefix{
	loopback: prefixes("127.0.0.0/8", "::1/128"),
	local: prefixes(
		"0.0.0.0/8",          // this network; Linux connects 0.0.0.0 to this machine
		"169.254.0.0/16",     // link-local, and the metadata services of most clouds
		"192.0.0.0/24",       // protocol assignments, and metadata of Oracle (192.0.0.192)
		"224.0.0.0/4",        // multicast
		"255.255.255.255/32", // broadcast
		"100.100.100.200/32", // metadata of Alibaba
		"168.63.129.16/32",   // metadata of Azure
		"::/128",             // unspecified
		"fe80::/10",          // link-local
		"ff00::/8",           // multicast
		"fd00:ec2::/32",      // metadata and other services of Amazon
		"fd20:ce::254/128",   // metadata of Google
	),
	private: prefixes(
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // RFC 1918
		"100.64.0.0/10",  // shared by the customers of a provider
		"240.0.0.0/4",    // reserved, and used inside clouds
		"fc00::/7",       // unique local
		"fec0::/10",      // site-local, deprecated
		"64:ff9b:1::/48", // NAT64 of a private network (RFC 8215)
	),
}

func prefixes(texts ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		parsed[i] = netip.MustParsePrefix(text)
	}
	return parsed
}

// reachOf returns the narrowest reach of an address and of the IPv4 addresses within it.
func reachOf(address netip.Addr) reach {
	address = address.Unmap().WithZone("")
	narrowest := public
	for _, a := range append(embedded(address), address) {
		for r, all := range reaches {
			if r > narrowest && slices.ContainsFunc(all, func(p netip.Prefix) bool { return p.Contains(a) }) {
				narrowest = r
			}
		}
	}
	return narrowest
}

// embeddings lists where IPv6 addresses hold an IPv4 address that a router on the way
// delivers to. A NAT64 prefix that a network has chosen for itself is not known here.
var embeddings = []struct {
	prefix netip.Prefix
	bytes  [4]int
}{
	{netip.MustParsePrefix("::/96"), last},                         // IPv4-compatible (RFC 4291 section 2.5.5.1)
	{netip.MustParsePrefix("::ffff:0:0:0/96"), last},               // IPv4-translated (RFC 2765)
	{netip.MustParsePrefix("64:ff9b::/96"), last},                  // NAT64 (RFC 6052)
	{netip.MustParsePrefix("64:ff9b:1::/48"), last},                // NAT64, in each of the forms of
	{netip.MustParsePrefix("64:ff9b:1::/48"), [4]int{6, 7, 9, 10}}, // RFC 6052 section 2.2
	{netip.MustParsePrefix("64:ff9b:1::/48"), [4]int{7, 9, 10, 11}},
	{netip.MustParsePrefix("64:ff9b:1::/48"), [4]int{9, 10, 11, 12}},
	{netip.MustParsePrefix("2002::/16"), [4]int{2, 3, 4, 5}}, // 6to4 (RFC 3056)
	{teredo, [4]int{4, 5, 6, 7}},                             // the server
	{teredo, last},                                           // the client, inverted
}

var (
	teredo = netip.MustParsePrefix("2001::/32") // RFC 4380 section 4
	last   = [4]int{12, 13, 14, 15}
)

// embedded returns the IPv4 addresses that an IPv6 address may stand for.
func embedded(address netip.Addr) []netip.Addr {
	if !address.Is6() {
		return nil
	}
	var found []netip.Addr
	b := address.As16()
	for _, e := range embeddings {
		if !e.prefix.Contains(address) {
			continue
		}
		var v4 [4]byte
		for i, at := range e.bytes {
			v4[i] = b[at]
			if e.prefix == teredo && e.bytes == last {
				v4[i] = ^b[at]
			}
		}
		if v4[0] != 0 { // or it is another form
			found = append(found, netip.AddrFrom4(v4))
		}
	}
	if b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe { // ISATAP (RFC 5214 section 6.1)
		found = append(found, netip.AddrFrom4([4]byte(b[12:])))
	}
	return found
}
