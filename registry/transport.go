package registry

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Bounds on what a registry may make a Client wait for or hold.
const (
	dialTimeout           = 10 * time.Second
	responseHeaderTimeout = 30 * time.Second
	stallTimeout          = 30 * time.Second
	maxHeaderBytes        = 1 << 20
)

func (o Options) newTransport() *http.Transport {
	findProxy := o.Proxy
	if findProxy == nil {
		findProxy = o.proxyFromEnvironment
	}
	dial := (&net.Dialer{Timeout: dialTimeout}).DialContext
	if o.dialsLocalNames() {
		dial = dialLocalNames(dial)
	}
	return &http.Transport{
		Proxy:                  findProxy,
		DialContext:            dial,
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  responseHeaderTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxIdleConns:           2 * maxRequests,
		MaxIdleConnsPerHost:    maxRequests,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second, // for servers that do not know it
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // content has a digest, and is sent as it is
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			RootCAs:            o.RootCAs,
			Certificates:       o.ClientCertificates,
			InsecureSkipVerify: o.InsecureSkipVerify,
		},
	}
}

// proxyFromEnvironment returns no proxy for a loopback host, however it is
// written; net/http knows it in lower case only.
func (o Options) proxyFromEnvironment(req *http.Request) (*url.URL, error) {
	if o.isLoopback(req.URL.Hostname()) {
		return nil, nil
	}
	return http.ProxyFromEnvironment(req)
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// dialLocalNames connects to names in .localhost on this machine, without a lookup.
func dialLocalNames(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil || !isLocalName(host) {
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
