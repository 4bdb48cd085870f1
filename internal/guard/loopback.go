package guard

import (
	"context"
	"net"
	"strings"

	"github.com/kubeoci/oci/reference"
)

// IsLoopback reports whether a host is this machine by its very name. That is so for
// names in .localhost too if localNames is set: they are dialled by [DialLocalNames].
func IsLoopback(host string, localNames bool) bool {
	return reference.Endpoint{Host: host}.Loopback() || localNames && IsLocalName(host)
}

// IsLocalName reports whether a name is in .localhost, in any case (RFC 6761
// section 6.3).
func IsLocalName(host string) bool {
	return strings.HasSuffix(strings.ToLower(host), ".localhost")
}

// DialFunc is the type of [net.Dialer.DialContext].
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// DialLocalNames connects to names in .localhost on 127.0.0.1 or else [::1], without
// a lookup, and to others as dial does.
func DialLocalNames(dial DialFunc) DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil || !IsLocalName(host) {
			return dial(ctx, network, address)
		}
		conn, err := dial(ctx, network, net.JoinHostPort("127.0.0.1", port))
		if err == nil || ctx.Err() != nil {
			return conn, err
		}
		if conn, v6 := dial(ctx, network, net.JoinHostPort("::1", port)); v6 == nil {
			return conn, nil
		}
		return nil, err
	}
}
