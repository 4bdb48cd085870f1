package registry

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/kubeoci/oci/reference"
)

// maxRedirects is the limit of net/http.
const maxRedirects = 10

// guard sees every request as it is sent, those for tokens included.
type guard struct {
	next     http.RoundTripper
	keys     *keyring
	readable bool // secrets may go where others can read them
}

// RoundTrip keeps secrets from networks where anyone can read them, and takes
// note of those that are sent, so that no message repeats them.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, secret, found := strings.Cut(req.Header.Get("Authorization"), " "); found {
		host := reference.Endpoint{Host: req.URL.Hostname()}
		if req.URL.Scheme != "https" && !host.Loopback() && !g.readable {
			return nil, &localError{errReadable}
		}
		g.keys.note(secret)
	}
	return g.next.RoundTrip(req)
}

// checkRedirect follows what only reads, and nothing from TLS to plain HTTP.
// What is sent stays with the origin it was meant for: another one could take
// it and say that all is well. A redirect that is not followed is an answer that
// no registry gives.
func checkRedirect(req *http.Request, via []*http.Request) error {
	reads := req.Method == http.MethodGet || req.Method == http.MethodHead
	switch first := via[0].URL; {
	case len(via) >= maxRedirects:
		return errors.New("too many redirects")
	case first.Scheme == "https" && req.URL.Scheme != "https", !reads && !sameOrigin(first, req.URL):
		return http.ErrUseLastResponse
	}
	return nil
}

// sameOrigin compares scheme, host and port (RFC 6454 section 4).
func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) &&
		strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if u.Port() == "" && strings.EqualFold(u.Scheme, "https") {
		return "443"
	}
	return cmp.Or(u.Port(), "80")
}

// proxy is what the environment says. A loopback host has none, in whichever way
// it is written; net/http knows it in lower case only.
func proxy(req *http.Request) (*url.URL, error) {
	if (reference.Endpoint{Host: req.URL.Hostname()}).Loopback() {
		return nil, nil
	}
	return http.ProxyFromEnvironment(req)
}
