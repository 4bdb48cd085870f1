package guard

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// Network decides which hosts a server may lead a client to, by a redirect, an upload
// location or the address of a token service.
type Network struct {
	// Server is the server's own URL. Its host and port are always allowed, because
	// the user has named them. Other ports of its host are allowed at addresses of the
	// same kind.
	Server *url.URL
	// AllowAll turns the checks off.
	AllowAll bool
	// LocalNames makes Dial connect to names in .localhost on loopback.
	LocalNames bool

	home atomic.Int32 // the widest reach that the server was connected at, or 0
}

// ForbiddenError reports a host that the server must not lead to.
type ForbiddenError struct {
	Host string
	// Unknown is set if the address could not be looked up in time.
	Unknown bool
}

func (e *ForbiddenError) Error() string { return "connections to " + e.Host + " are forbidden" }

type hostKey struct{}

// Dial returns the dial function of a transport that connects to the hosts themselves,
// not to a proxy. It checks the addresses that it connects to: a name may have another
// one each time it is looked up.
//
// The rules depend on host and port only. So a transport may share a connection among
// all requests to that host and port.
func (n *Network) Dial(dialer net.Dialer) DialFunc {
	dialer.ControlContext = n.control
	dial := DialFunc(dialer.DialContext)
	if n.LocalNames {
		dial = DialLocalNames(dial)
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(context.WithValue(ctx, hostKey{}, address), network, address)
		if err == nil && n.isServer(address) {
			n.note(conn.RemoteAddr())
		}
		return conn, err
	}
}

// control is called with each address before a connection to it is made.
func (n *Network) control(ctx context.Context, _, address string, _ syscall.RawConn) error {
	asked := ctx.Value(hostKey{}).(string)
	if n.AllowAll || n.isServer(asked) {
		return nil
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(asked)
	if err != nil {
		return err
	}
	r := reachOf(to.Addr())
	forbidden := n.forbidsReach(ctx, r)
	if home := n.home.Load(); home != 0 && n.hasName(host) {
		forbidden = r > reach(home) // the name has another address than before
	}
	if forbidden {
		return &ForbiddenError{Host: asked}
	}
	return nil
}

// isServer reports whether an address is that of the server: host and port.
func (n *Network) isServer(address string) bool {
	return strings.EqualFold(address, net.JoinHostPort(n.Server.Hostname(), port(n.Server)))
}

// hasName reports whether a host is that of the server.
func (n *Network) hasName(host string) bool { return strings.EqualFold(host, n.Server.Hostname()) }

// note remembers where the server was connected. One that has several addresses counts as
// public if one of them is.
func (n *Network) note(at net.Addr) {
	to, err := netip.ParseAddrPort(at.String())
	if err != nil {
		return
	}
	for r := int32(reachOf(to.Addr())); ; {
		home := n.home.Load()
		if home != 0 && home <= r || n.home.CompareAndSwap(home, r) {
			return
		}
	}
}

// forbidsReach reports whether the server must not lead to addresses of a reach.
func (n *Network) forbidsReach(ctx context.Context, r reach) bool {
	return r == local || r != public && n.isPublic(ctx)
}

// Forbids reports whether the server must not lead a client to the host, as far as a
// lookup tells. A name that cannot be looked up is left to Dial, [Checked] or a proxy.
func (n *Network) Forbids(ctx context.Context, host string) bool {
	forbidden, _ := n.forbids(ctx, host)
	return forbidden
}

// forbids returns the error of the lookup, too.
func (n *Network) forbids(ctx context.Context, host string) (bool, error) {
	if n.AllowAll || n.hasName(host) {
		return false, nil
	}
	found, err := lookUp(ctx, host)
	return err == nil && n.forbidsReach(ctx, slices.Max(found)), err
}

// isPublic reports whether the server is not known to be on this machine or a private
// network.
func (n *Network) isPublic(ctx context.Context) bool {
	if home := n.home.Load(); home != 0 {
		return reach(home) == public
	}
	found, err := lookUp(ctx, n.Server.Hostname())
	return err != nil || slices.Min(found) == public
}

// lookupTimeout bounds the wait for a name server, which need not exist behind a
// proxy.
const lookupTimeout = 2 * time.Second

// lookUp returns the reaches of the addresses of a host, which may be an address itself.
// There is at least one without an error.
func lookUp(ctx context.Context, host string) ([]reach, error) {
	if IsLocalName(host) || strings.EqualFold(host, "localhost") {
		return []reach{loopback}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err == nil && len(addresses) == 0 {
		err = &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	}
	found := make([]reach, len(addresses))
	for i, address := range addresses {
		found[i] = reachOf(address)
	}
	return found, err
}

// Checked is a RoundTripper that refuses requests to forbidden hosts, with
// a [*ForbiddenError], where Next does not dial by [Network.Dial]. It looks names up
// itself. Next, or a proxy, does so again, and may find another address.
type Checked struct {
	Network *Network
	Next    http.RoundTripper
	// Strict refuses names whose lookup takes too long. Behind a proxy that is usual:
	// there may be no name server, and only the proxy knows the names.
	Strict bool
}

// RoundTrip implements [http.RoundTripper].
func (c Checked) RoundTrip(req *http.Request) (*http.Response, error) {
	forbidden, err := c.Network.forbids(req.Context(), req.URL.Hostname())
	slow := c.Strict && isTimeout(err)
	if err := req.Context().Err(); err != nil || forbidden || slow {
		if req.Body != nil {
			_ = req.Body.Close() // as a RoundTripper has to
		}
		if err != nil {
			return nil, err
		}
		return nil, &ForbiddenError{req.URL.Host, slow}
	}
	return c.Next.RoundTrip(req)
}
