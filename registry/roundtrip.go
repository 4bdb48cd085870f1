package registry

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubeoci/oci/internal/guard"
)

// errLocalService reports a registry that leads to a forbidden address.
var errLocalService = errors.New("the registry leads to a local address")

// Addresses that a registry must not lead to, see [guard.Network].
var (
	localAddresses   = auth.DefaultBlockedRealmPrefixes()
	privateAddresses = auth.PrivateRealmPrefixes()
)

// secretGuard sees every request as it is sent, those for tokens included. It keeps
// secrets from networks where anyone can read them, records those that are sent, so
// that no message repeats them, and sends nothing to a token service at a forbidden
// address.
type secretGuard struct {
	client     *Client
	next       http.RoundTripper
	readable   bool // secrets may be sent over plain HTTP
	isLoopback func(host string) bool
}

func (g *secretGuard) RoundTrip(req *http.Request) (*http.Response, error) {
	seen := lastAnswerIn(req.Context())
	if err := g.check(req, seen); err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // as a RoundTripper has to
		}
		return nil, err
	}
	resp, err := g.next.RoundTrip(req)
	if err == nil && seen != nil {
		seen.note(req, resp)
	}
	return resp, err
}

func (g *secretGuard) check(req *http.Request, seen *lastAnswer) error {
	_, secret, shown := strings.Cut(req.Header.Get("Authorization"), " ")
	token := seen != nil && seen.isToken(req)
	// A token service may be sent a secret in the body.
	secretive := shown || token && req.Method == http.MethodPost
	if secretive && req.URL.Scheme != "https" && !g.isLoopback(req.URL.Hostname()) && !g.readable {
		return &localError{errPlainCredential}
	}
	if token && g.client.network.Forbids(req.Context(), req.URL.Hostname()) {
		return localService(req)
	}
	g.client.keys.note(secret)
	return nil
}

// checkRedirect follows the redirects that [guard.MayFollow] allows. The response is
// that of the last request otherwise, which no registry gives.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) >= guard.MaxRedirects:
		return malformed(req.Response, "too many redirects")
	case c.network.Forbids(req.Context(), req.URL.Hostname()):
		return localService(req)
	case !guard.MayFollow(req, via):
		return http.ErrUseLastResponse
	}
	return nil
}

func localService(req *http.Request) error {
	return &localError{fmt.Errorf("%w: %s", errLocalService, req.URL.Host)}
}
