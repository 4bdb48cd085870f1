package guard_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubeoci/oci/internal/guard"
)

// addresses are those that a server must not lead to, by the way they are written. Those
// that are false are allowed if the server is on this machine or in a private network
// itself.
var addresses = []struct {
	name    string
	always  bool
	address []string
}{
	{"this machine", false, []string{"127.0.0.1", "127.255.255.254", "::1"}},
	{"no address", true, []string{"0.0.0.0", "0.1.2.3", "::"}},
	{"link", true, []string{"169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1"}},
	{"metadata", true, []string{"169.254.169.254", "192.0.0.192", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"}},
	{"many machines", true, []string{"224.0.0.1", "239.255.255.250", "255.255.255.255", "ff02::1", "ff05::2"}},
	{"private network", false, []string{"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "240.0.0.1", "fc00::1", "fdff::1", "fec0::1"}},

	{"IPv4-mapped", true, []string{"::ffff:169.254.169.254"}},
	{"IPv4-mapped, not public", false, []string{"::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:7f00:1"}},
	{"IPv4-compatible", true, []string{"::a9fe:a9fe"}},
	{"IPv4-compatible, not public", false, []string{"::10.0.0.1", "::127.0.0.1", "::7f00:1"}},
	{"IPv4-translated, not public", false, []string{"::ffff:0:127.0.0.1"}},
	{"NAT64", true, []string{"64:ff9b::169.254.169.254", "64:ff9b::a9fe:a9fe"}},
	{"NAT64, not public", false, []string{"64:ff9b::10.0.0.1", "64:ff9b::7f00:1"}},
	{"local NAT64", true, []string{"64:ff9b:1::169.254.169.254", "64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1:a9:fe:a9fe::", "64:ff9b:1:0:a9:fea9:fe00:0"}},
	{"local NAT64, not public", false, []string{"64:ff9b:1::10.0.0.1", "64:ff9b:1::198.51.100.1"}},
	{"6to4", true, []string{"2002:a9fe:a9fe::1"}},
	{"6to4, not public", false, []string{"2002:a00:1::1", "2002:7f00:1::"}},
	{"Teredo, client", true, []string{"2001:0:c633:6401::5601:5601"}},
	{"Teredo, server that is not public", false, []string{"2001:0:7f00:1::39cc:9bfe"}},
	{"ISATAP", true, []string{"2a00::5efe:169.254.169.254"}},
	{"ISATAP, not public", false, []string{"2a00::5efe:10.0.0.1", "2a00::200:5efe:127.0.0.1"}},
}

func network(server string) *guard.Network {
	return &guard.Network{Server: &url.URL{Scheme: "https", Host: server}}
}

func TestForbiddenAddresses(t *testing.T) {
	for _, tt := range addresses {
		t.Run(tt.name, func(t *testing.T) {
			for _, address := range tt.address {
				assert.True(t, network("198.51.100.1").Forbids(t.Context(), address), address)
				assert.Equal(t, tt.always, network("10.0.0.2").Forbids(t.Context(), address), address)
				assert.Equal(t, tt.always, network("127.0.0.1:5000").Forbids(t.Context(), address), address)
				all := network("198.51.100.1")
				all.AllowAll = true
				assert.False(t, all.Forbids(t.Context(), address), address)
			}
		})
	}
	for _, address := range []string{
		"198.51.100.2", "8.8.8.8", "100.128.0.1", "172.32.0.1", "192.0.1.1", "223.255.255.255", "2a00::1", "2001:db8::1", "2606:4700::6810:84e5",
		"::ffff:198.51.100.1", "64:ff9b::198.51.100.1", "2002:c633:6401::1", "2001:0:c633:6401::39cc:9bfe", "2a00::5efe:198.51.100.1",
	} {
		assert.False(t, network("198.51.100.1").Forbids(t.Context(), address), address)
	}
}

// The list of package auth, which checks the addresses of token services only, is part of
// this one.
func TestForbiddenAddressesAreThoseOfOras(t *testing.T) {
	prefixes := append(auth.DefaultBlockedRealmPrefixes(), auth.PrivateRealmPrefixes()...)
	assert.NotEmpty(t, prefixes)
	for _, first := range texts(prefixes) {
		assert.True(t, network("198.51.100.1").Forbids(t.Context(), first), first)
	}
}
