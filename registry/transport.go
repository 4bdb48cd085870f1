package registry

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/kubeoci/oci/internal/guard"
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
	dial := guard.DialFunc((&net.Dialer{Timeout: dialTimeout}).DialContext)
	if o.dialsLocalNames() {
		dial = guard.DialLocalNames(dial)
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
