package registry

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/kubeoci/oci/internal/guard"
)

// secretGuard sees every request as it is sent, those for tokens included. It keeps
// secrets from networks where anyone can read them, records those that are sent, so
// that no message repeats them, and refuses responses that are none.
type secretGuard struct {
	keys       *keyring
	next       http.RoundTripper
	readable   bool // secrets may be sent over plain HTTP
	isLoopback func(host string) bool
}

// ownRequest is the key of a header that marks the requests of this package, and those
// that are redirected. The ones that package auth makes for a token do not have it. It is
// not the name of a header, and is removed from requests that are sent.
const ownRequest = "own request"

// isToken reports whether a request, or the one that was redirected to it, is a
// request for a token. No URL tells: a registry may name one of its own.
func isToken(req *http.Request) bool {
	_, own := req.Header[ownRequest]
	return !own
}

func (g *secretGuard) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.check(req); err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // as a RoundTripper has to
		}
		return nil, err
	}
	sent := req.WithContext(req.Context()) // a copy
	sent.Header = req.Header.Clone()
	delete(sent.Header, ownRequest)
	pending := subject(req.Method, req.URL.Path)
	if isToken(req) {
		pending = nameOfService(req.URL)
	}
	responded := callIn(req.Context()).noteRequest(pending)
	resp, err := g.next.RoundTrip(sent)
	if err == nil {
		responded()
	}
	if err != nil {
		err = explainForbidden(req, err)
		if isToken(req) && !isFinal(err) {
			err = &serviceError{req.URL, err}
		}
		return nil, err
	}
	if resp.StatusCode == http.StatusProxyAuthRequired {
		_ = resp.Body.Close() // not needed
		return nil, &proxyError{status: resp.StatusCode}
	}
	if resp.StatusCode < http.StatusOK {
		_ = resp.Body.Close() // after 101 it is the connection, which no context ends
		return nil, &localError{ErrNotRegistry, earlyStatus(resp.StatusCode)}
	}
	resp.Request = req
	if resp.StatusCode == http.StatusUnauthorized && !isToken(req) {
		resp.Header = withOneChallenge(resp.Header)
	}
	if seen := lastResponseIn(req.Context()); seen != nil {
		seen.note(req, resp)
	}
	return resp, nil
}

func (g *secretGuard) check(req *http.Request) error {
	_, secret, shown := strings.Cut(req.Header.Get("Authorization"), " ")
	token := isToken(req)
	readable := req.URL.Scheme != "https" && !g.isLoopback(req.URL.Hostname()) && !g.readable
	switch {
	case token && req.URL.Host == "":
		return &realmError{errNoRealm}
	case readable && (shown || token && req.Method == http.MethodPost): // the body has a secret
		return &localError{nil, errPlainCredential}
	case readable && token: // the response has a secret
		return &localError{ErrAuthRequired, fmt.Errorf("%w: %s", errPlainToken, req.URL.Host)}
	}
	g.keys.note(secret)
	return nil
}

var (
	errNoRealm    = errors.New("the registry asks for a token, and names no token service with an http or https URL")
	errPlainToken = errors.New("the token would come over plain HTTP from a host that is not loopback, unless AllowPlainHTTPCredentials allows it")
)

// earlyStatus is the status of a response that ends no request. Only 101 gets through
// net/http.
type earlyStatus int

func (s earlyStatus) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("status %d, %s", int(s), http.StatusText(int(s))), ", ")
}

// checkRedirect follows the redirects that [guard.MayFollow] allows. The response is
// that of the last request otherwise, which no registry gives.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	req.Header.Del("Referer") // it has the name of the repository
	switch {
	case len(via) >= guard.MaxRedirects:
		return tooManyRedirects(req)
	case !guard.MayFollow(req, via):
		return http.ErrUseLastResponse
	}
	return nil
}

// tooManyRedirects returns the error for a redirect loop. The token service of GHCR has
// one at times.
func tooManyRedirects(req *http.Request) error {
	e := newResponseError(req.Response)
	odd := &malformedError{what: "too many redirects", status: e.status, contentType: e.contentType, transient: isToken(req)}
	if odd.transient {
		odd.service = e.from
	}
	return odd
}

// errLocalService reports a registry that leads to a forbidden address.
var errLocalService = errors.New("the registry leads to a local address")

// explainForbidden returns the error to report for one of package guard.
func explainForbidden(req *http.Request, err error) error {
	forbidden, ok := errors.AsType[*guard.ForbiddenError](err)
	switch {
	case !ok:
		return err
	case forbidden.Unknown:
		return &localError{ErrUnsupported, fmt.Errorf("%w, or to one that cannot be looked up: %s", errLocalService, req.URL.Host)}
	}
	return localService(req.URL.Host)
}

func localService(host string) error {
	return &localError{ErrUnsupported, fmt.Errorf("%w: %s", errLocalService, host)}
}
