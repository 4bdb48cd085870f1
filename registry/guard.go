package registry

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// maxRedirects is the limit of net/http.
const maxRedirects = 10

// guard sees every request as it is sent, those for tokens included.
type guard struct {
	client     *Client
	next       http.RoundTripper
	readable   bool // secrets may go where others can read them
	isLoopback func(host string) bool
}

// RoundTrip keeps secrets from networks where anyone can read them, takes note of
// those that are sent, so that no message repeats them, and asks no token service
// that a registry has no business with. It ends what stalls.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	seen := lastAnswerIn(req.Context())
	if err := g.check(req, seen); err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // as a RoundTripper has to
		}
		return nil, err
	}
	watched, dog := watch(req, stallTimeout)
	resp, err := g.next.RoundTrip(watched)
	if err != nil {
		dog.end()
		return nil, dog.explain(err)
	}
	if resp.Body == nil { // which net/http puts up with
		resp.Body = http.NoBody
	}
	dog.answered()
	resp.Body = &receivedBody{ReadCloser: resp.Body, dog: dog}
	resp.Request = req
	if seen != nil {
		seen.note(req, resp)
	}
	return resp, nil
}

func (g *guard) check(req *http.Request, seen *lastAnswer) error {
	_, secret, shown := strings.Cut(req.Header.Get("Authorization"), " ")
	token := seen != nil && seen.isToken(req)
	// A token service may be sent a secret in the body.
	secretive := shown || token && req.Method == http.MethodPost
	switch {
	case secretive && req.URL.Scheme != "https" && !g.isLoopback(req.URL.Hostname()) && !g.readable:
		return &localError{errPlainCredential}
	case token && g.client.isForeign(req.Context(), req.URL.Hostname()):
		return &localError{fmt.Errorf("%w: %s", errLocalService, req.URL.Host)}
	}
	g.client.keys.note(secret)
	return nil
}

// checkRedirect follows what only reads, and nothing from TLS to plain HTTP.
// What is sent stays with the origin it was meant for: another one could take
// it and say that all is well. A redirect that is not followed is an answer that
// no registry gives.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	reads := req.Method == http.MethodGet || req.Method == http.MethodHead
	switch first := via[0].URL; {
	case len(via) >= maxRedirects:
		return malformed(req.Response, "too many redirects")
	case c.isForeign(req.Context(), req.URL.Hostname()):
		return &localError{fmt.Errorf("%w: %s", errLocalService, req.URL.Host)}
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
