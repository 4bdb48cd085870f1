package reference

import (
	"net/netip"
	"strings"
)

// Endpoint names a registry. Only a value that [ParseEndpoint] returned is known to
// be legal.
type Endpoint struct {
	// Scheme is "http" or "https" when the endpoint was written with it, and ""
	// when the choice is open.
	Scheme string
	// Host is a domain name as it was written, or an IPv6 address without brackets.
	Host string
	// Port is 0 when the endpoint has none.
	Port int32
}

// ParseEndpoint takes apart an endpoint of the form
//
//	[http://|https://|oci://]<host>[:<port>][/]
//
// and checks each part; the package comment has the grammar. A scheme of oci leaves
// Scheme empty, because it does not select a transport. "" is an error.
//
// The error is an [*Error]. Its kind is the first that applies of
// [ErrCredentialsInReference], [ErrInvalidOCIFormat] for a "?",
// [ErrInvalidOCIScheme], [ErrInvalidHost], [ErrInvalidPort] and
// [ErrInvalidOCIFormat] for a path, which is never dropped.
func ParseEndpoint(s string) (Endpoint, error) {
	if err := screen(s); err != nil {
		return Endpoint{}, err
	}
	e, err := parseEndpoint(s)
	if err != nil {
		return Endpoint{}, err.in(s)
	}
	return e, nil
}

func parseEndpoint(s string) (Endpoint, *Error) {
	scheme, rest, found := strings.Cut(s, "://")
	switch {
	case !found:
		scheme, rest = "", s
	case scheme == "oci":
		scheme = ""
	case scheme != "http" && scheme != "https":
		return Endpoint{}, newError(ErrInvalidOCIScheme, scheme, "not http, https or oci",
			"write http://, https:// or no scheme, in lower case")
	}
	authority, path, _ := strings.Cut(rest, "/")
	host, port, err := parseAuthority(authority)
	if err != nil {
		return Endpoint{}, err
	}
	if path != "" {
		return Endpoint{}, newError(ErrInvalidOCIFormat, "", "has a path", "write the registry alone in RegistryEndpoint and the path in Repository, or use WithReference for a whole oci:// reference")
	}
	return Endpoint{Scheme: scheme, Host: host, Port: port}, nil
}

// String returns host[:port], with brackets around an IPv6 address and without the
// scheme.
func (e Endpoint) String() string { return formatAuthority(e.Host, e.Port) }

// Loopback reports whether the host names this machine: localhost or a name below
// it, in any case (RFC 6761 section 6.3), an address in 127.0.0.0/8, the same mapped
// to IPv6 (RFC 4291 section 2.5.5.2), or ::1. Names are not looked up.
func (e Endpoint) Loopback() bool {
	if host := strings.Map(lowerASCII, e.Host); host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(e.Host)
	return err == nil && address.IsLoopback()
}
