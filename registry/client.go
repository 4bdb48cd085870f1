package registry

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	orasregistry "oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubeoci/oci/internal/redact"
	"github.com/kubeoci/oci/reference"
)

// Bounds on what a registry may make a Client wait for or hold.
const (
	dialTimeout           = 10 * time.Second
	responseHeaderTimeout = 30 * time.Second
	maxHeaderBytes        = 1 << 20
	maxManifestBytes      = 4 << 20 // distribution-spec v1.1, "Pushing Manifests"
)

// ErrInvalidOptions reports options that contradict each other. It is found
// before any request.
var ErrInvalidOptions = errors.New("invalid registry options")

// Options say how to connect to a registry. The zero value is TLS with the
// system's certificate authorities, or plain HTTP for a loopback host, and no
// credential.
type Options struct {
	// PlainHTTP speaks HTTP without TLS. There is never a fall-back from one to
	// the other. An endpoint written "http://…" or "https://…" decides by
	// itself, and a loopback host means plain HTTP where neither does.
	PlainHTTP bool
	// PlainHTTPCredentials allows to send a credential over plain HTTP to a
	// host that is not loopback, where anyone on the way can read it.
	PlainHTTPCredentials bool

	// Credential is shown to the registry and to no other host. Zero means
	// what Credentials or DockerConfig find.
	Credential Credential
	// Credentials finds the credential. It is asked only for the registry's own
	// host, and not where Credential is set.
	Credentials CredentialFunc `json:"-"`
	// DockerConfig is the path of a Docker configuration file, usually
	// ~/.docker/config.json, whose entries and credential helpers are asked
	// where Credential and Credentials are not set. Empty means none. It is
	// only ever read, and need not exist.
	DockerConfig string

	// RootCAs are the certificate authorities to trust. Nil means those of the
	// system.
	RootCAs *x509.CertPool `json:"-"`
	// ClientCertificates are shown to a registry that asks for one.
	ClientCertificates []tls.Certificate `json:"-"`
	// InsecureSkipVerify accepts any certificate. A private certificate
	// authority needs RootCAs, not this.
	InsecureSkipVerify bool
	// Proxy picks the proxy of a request. Nil means what the environment says,
	// see [http.ProxyFromEnvironment].
	Proxy func(*http.Request) (*url.URL, error) `json:"-"`

	// Transport sends the requests instead of one that is made from the four
	// fields above, which then have to be empty.
	Transport http.RoundTripper `json:"-"`
	// UserAgent is sent with every request. Empty means "kubeoci-oci".
	UserAgent string
}

// Format keeps the credential and private keys out of what fmt prints.
func (o Options) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// Validate reports whether the options fit together and the endpoint, and
// whether they come to plain HTTP there. It neither sends nor reads anything.
//
// The error is that of [reference.ParseEndpoint], or matches
// [ErrInvalidOptions] or [ErrInvalidCredential].
func (o Options) Validate(endpoint string) (plainHTTP bool, err error) {
	parsed, err := reference.ParseEndpoint(endpoint)
	if err != nil {
		return false, err
	}
	plainHTTP = o.PlainHTTP || parsed.Scheme == "http" || parsed.Scheme == "" && parsed.Loopback()
	ownTLS := o.RootCAs != nil || len(o.ClientCertificates) > 0 || o.InsecureSkipVerify
	switch {
	case o.PlainHTTP && parsed.Scheme == "https":
		err = fmt.Errorf("%w: plain HTTP for an endpoint written https://", ErrInvalidOptions)
	case o.Transport != nil && (ownTLS || o.Proxy != nil):
		err = fmt.Errorf("%w: a Transport together with settings for TLS or a proxy", ErrInvalidOptions)
	case plainHTTP && ownTLS:
		err = fmt.Errorf("%w: settings for TLS together with plain HTTP", ErrInvalidOptions)
	case !o.Credential.IsZero() && plainHTTP && !o.mayShow(parsed):
		err = errReadable
	default:
		err = o.Credential.Validate()
	}
	return plainHTTP, err
}

// errReadable keeps a credential from a network where anyone can read it.
var errReadable = fmt.Errorf("%w: not sent over plain HTTP to a host that is not loopback, unless PlainHTTPCredentials allows it", ErrInvalidCredential)

// mayShow reports whether a credential may go to the endpoint over plain HTTP.
func (o Options) mayShow(endpoint reference.Endpoint) bool {
	return endpoint.Loopback() || o.PlainHTTPCredentials
}

// Client talks to one registry. It is safe for concurrent use, and keeps
// connections and tokens between calls.
type Client struct {
	host      string // host[:port], as in references
	plainHTTP bool
	auth      *auth.Client
	keys      *keyring
}

// NewClient returns a Client for the registry at endpoint, which is
// "host[:port]" with or without a scheme in front. It sends nothing.
//
// The error is that of [reference.ParseEndpoint], or matches
// [ErrInvalidOptions] or [ErrInvalidCredential].
func NewClient(endpoint string, opts Options) (*Client, error) {
	plainHTTP, err := opts.Validate(endpoint)
	if err != nil {
		return nil, err
	}
	parsed, err := reference.ParseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	find, err := opts.credentialFunc()
	if err != nil {
		return nil, err
	}
	host := orasregistry.Reference{Registry: parsed.String()}.Host() // docker.io has another
	keys := &keyring{host: host, find: find, withhold: plainHTTP && !opts.mayShow(parsed)}
	client := &auth.Client{
		Client:     &http.Client{Transport: opts.transport()},
		Header:     http.Header{"User-Agent": {cmp.Or(opts.UserAgent, "kubeoci-oci")}},
		Cache:      auth.NewCache(),
		Credential: keys.credential,
	}
	return &Client{host: parsed.String(), plainHTTP: plainHTTP, auth: client, keys: keys}, nil
}

// Format keeps credentials out of what fmt prints of a Client.
func (c *Client) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "registry.Client(%s)", c.host) // fmt.State does not fail
}

func (o Options) transport() http.RoundTripper {
	if o.Transport != nil {
		return o.Transport
	}
	proxy := o.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	return &http.Transport{
		Proxy:                  proxy,
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  responseHeaderTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        90 * time.Second,
		ForceAttemptHTTP2:      true,
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			RootCAs:            o.RootCAs,
			Certificates:       o.ClientCertificates,
			InsecureSkipVerify: o.InsecureSkipVerify, //nolint:gosec // asked for by name
		},
	}
}

// repository returns oras-go's view of a repository, after checking its name.
func (c *Client) repository(name string) (*remote.Repository, error) {
	if err := reference.CheckRepository(name); err != nil {
		return nil, err
	}
	return &remote.Repository{
		Client:           c.auth,
		Reference:        orasregistry.Reference{Registry: c.host, Repository: name},
		PlainHTTP:        c.plainHTTP,
		MaxMetadataBytes: maxManifestBytes,
	}, nil
}
