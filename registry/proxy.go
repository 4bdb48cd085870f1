package registry

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// proxyError reports a proxy that does not connect to the host, or asks for a credential.
// The status text of the proxy is not repeated: it is arbitrary.
type proxyError struct {
	host   string // of the proxy, or "" if it is that of the caller's Transport
	status int
}

func (e *proxyError) Error() string {
	proxy := "a proxy"
	if e.host != "" {
		proxy = "the proxy " + e.host
	}
	return fmt.Sprintf("%s responds with status %d", proxy, e.status)
}

// transient reports whether the proxy may connect later.
func (e *proxyError) transient() bool {
	return e.status == http.StatusTooManyRequests || e.status >= http.StatusInternalServerError
}

// Hint returns advice for the error.
func (e *proxyError) Hint() string {
	if e.status == http.StatusProxyAuthRequired {
		return "check the user and the password in the URL of the proxy, which Registry.Proxy or the environment names"
	}
	return "check the proxy, which Registry.Proxy or the environment names, and what it allows; NO_PROXY exempts hosts"
}

// checkProxy is called with the response of a proxy to CONNECT.
func checkProxy(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return &proxyError{proxy.Host, resp.StatusCode}
	}
	return nil
}

// proxyFromEnvironment returns no proxy for a loopback host, however it is
// written; net/http knows it in lower case only.
func (o Options) proxyFromEnvironment(req *http.Request) (*url.URL, error) {
	if o.isLoopback(req.URL.Hostname()) {
		return nil, nil
	}
	return http.ProxyFromEnvironment(req)
}
