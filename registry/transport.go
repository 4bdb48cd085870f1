package registry

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/internal/guard"
)

// Bounds on what a registry may make a Client wait for or hold.
const (
	dialTimeout           = 10 * time.Second
	responseHeaderTimeout = 30 * time.Second
	stallTimeout          = 30 * time.Second
	// maxSilence bounds how long a step waits for a silent registry, so that a call ends
	// within a minute.
	maxSilence = 50 * time.Second
	// maxDoubt bounds the wait for a question without which a push goes on.
	maxDoubt       = 5 * time.Second
	maxHeaderBytes = 1 << 20
	// A connection of HTTP/2 outlives the requests that it stalls. A dead one is closed before
	// stallTimeout, or the next attempt would use it again. The response to a ping may take
	// long on a slow network, where the ping waits for what an upload has buffered.
	sendPingTimeout = 10 * time.Second
	pingTimeout     = 15 * time.Second
)

// writeBufferSize is that of a connection. Package net/http sends a body of unknown size in
// chunks of 32 KiB and flushes each of them: a buffer that holds one with its frame makes
// that one system call, where the default of 4 KiB needs three.
const writeBufferSize = 36 << 10

// ownTransport is the transport of a Client whose options have none. Requests for a proxy
// have connections of their own: those without one check the address that they are
// connected to.
type ownTransport struct {
	keys            *keyring // learns the passwords of proxies
	findProxy       func(*http.Request) (*url.URL, error)
	direct, proxied *http.Transport
	checked         http.RoundTripper // proxied, for hosts that are not forbidden
}

type proxyKey struct{}

func (o Options) newTransport(network *guard.Network, keys *keyring) *ownTransport {
	dialer := net.Dialer{Timeout: dialTimeout}
	t := &ownTransport{
		keys:      keys,
		findProxy: o.Proxy,
		direct:    o.newHTTPTransport(network.Dial(dialer)),
		proxied:   o.newHTTPTransport(dialer.DialContext),
	}
	if t.findProxy == nil {
		t.findProxy = o.proxyFromEnvironment
	}
	t.proxied.Proxy = func(req *http.Request) (*url.URL, error) {
		return req.Context().Value(proxyKey{}).(*url.URL), nil
	}
	t.proxied.OnProxyConnectResponse = checkProxy
	t.checked = guard.Checked{Network: network, Next: t.proxied}
	return t
}

// RoundTrip implements [http.RoundTripper]. A function that finds the proxy may ignore the
// context.
func (t *ownTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	proxy, err := calls.Await(ctx, func(context.Context) (*url.URL, error) { return t.findProxy(req) })
	switch {
	case err != nil:
		if req.Body != nil {
			_ = req.Body.Close() // as a RoundTripper has to
		}
		return nil, err
	case proxy == nil:
		return t.direct.RoundTrip(req)
	}
	if password, given := proxy.User.Password(); given {
		t.keys.noteBasic(proxy.User.Username(), password)
	}
	return t.checked.RoundTrip(req.WithContext(context.WithValue(ctx, proxyKey{}, proxy)))
}

// CloseIdleConnections closes the connections that are not in use.
func (t *ownTransport) CloseIdleConnections() {
	t.direct.CloseIdleConnections()
	t.proxied.CloseIdleConnections()
}

func (o Options) newHTTPTransport(dial guard.DialFunc) *http.Transport {
	return &http.Transport{
		DialContext:            dial,
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  responseHeaderTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		WriteBufferSize:        writeBufferSize,
		MaxIdleConns:           2 * maxRequests,
		MaxIdleConnsPerHost:    maxRequests,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second, // for servers that do not know it
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: sendPingTimeout, PingTimeout: pingTimeout},
		DisableCompression:     true, // content has a digest, and is sent as it is
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			RootCAs:            o.RootCAs,
			Certificates:       o.ClientCertificates,
			InsecureSkipVerify: o.InsecureSkipVerify,
		},
	}
}
