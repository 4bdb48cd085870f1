package registry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/kubeoci/oci/internal/redact"
	"github.com/kubeoci/oci/reference"
)

// Bounds on what a registry may make a Client wait for or hold.
const (
	dialTimeout           = 10 * time.Second
	responseHeaderTimeout = 30 * time.Second
	stallTimeout          = 30 * time.Second
	maxHeaderBytes        = 1 << 20
)

// ErrInvalidOptions reports options that contradict each other. It is found
// before any request.
var ErrInvalidOptions = errors.New("invalid registry options")

// Options say how to connect to a registry. The zero value is TLS with the
// system's certificate authorities, or plain HTTP for a loopback host, and no
// credential.
type Options struct {
	// PlainHTTP speaks HTTP without TLS, and TLS speaks TLS. Where neither is
	// set, and the endpoint is not written "http://…" or "https://…", a loopback
	// host is spoken to without TLS and any other with it. There is never a
	// fall-back from one to the other.
	PlainHTTP, TLS bool
	// PlainHTTPCredentials lets a credential be sent over plain HTTP to a host
	// that is not loopback, where anyone on the way can read it.
	PlainHTTPCredentials bool

	// The credential is looked for in the first of the following that is set,
	// and in no other.

	// Credential is shown to the registry and to no other host.
	Credential Credential
	// Credentials finds the credential. It is asked only for the registry's own
	// host.
	Credentials CredentialFunc `json:"-"`
	// DockerConfig is the path of a Docker configuration file, usually
	// ~/.docker/config.json, or of Podman's auth.json, whose entries and
	// credential helpers are asked. It is only ever read, and need not exist.
	// docs/credentials.md says which entry answers.
	DockerConfig string

	// RootCAs are the certificate authorities to trust. Nil means those of the
	// system.
	RootCAs *x509.CertPool `json:"-"`
	// ClientCertificates are shown to a registry that asks for one.
	ClientCertificates []tls.Certificate `json:"-"`
	// InsecureSkipVerify accepts any certificate. A private certificate
	// authority needs RootCAs, not this.
	InsecureSkipVerify bool
	// Proxy picks the proxy of a request. Nil means none for loopback hosts, and
	// for others what the environment says, see [http.ProxyFromEnvironment].
	Proxy func(*http.Request) (*url.URL, error) `json:"-"`

	// Transport sends the requests instead of one that is made from the four
	// fields above, which then have to be empty.
	Transport http.RoundTripper `json:"-"`
	// UserAgent is sent with every request. Empty means "kubeoci-oci".
	UserAgent string

	// Timeout bounds a push or pull, with all attempts and waits. Zero means
	// DefaultTimeout.
	Timeout time.Duration
	// VerifyTimeout bounds the verification of access. Zero means
	// DefaultVerifyTimeout.
	VerifyTimeout time.Duration
	// Retry says what to do about failures that may pass.
	Retry Retry
	// ForeignUploads sends blobs to other hosts than the registry where that
	// says so, without a credential. It is an error otherwise.
	ForeignUploads bool
	// LocalServices lets the registry name a token service, or redirect to a
	// storage, that is on this machine or at a link-local address. That is none
	// of a foreign registry's business, and only needed where the registry is
	// under another name.
	LocalServices bool
}

// Defaults of [Options].
const (
	DefaultTimeout       = 5 * time.Minute
	DefaultVerifyTimeout = 30 * time.Second
)

// maxTimeout is the longest that can be asked for.
const maxTimeout = 24 * time.Hour

// Format keeps the credential and private keys out of what fmt prints.
func (o Options) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// ForEndpoint decides what the options leave open for an endpoint: in those that
// it returns either PlainHTTP or TLS is set. It neither sends nor reads anything.
//
// The error is that of [reference.ParseEndpoint], or matches
// [ErrInvalidOptions] or [ErrInvalidCredential].
func (o Options) ForEndpoint(endpoint string) (Options, error) {
	parsed, err := reference.ParseEndpoint(endpoint)
	if err != nil {
		return Options{}, err
	}
	if o.PlainHTTP && (o.TLS || parsed.Scheme == "https") || o.TLS && parsed.Scheme == "http" {
		return Options{}, fmt.Errorf("%w: both plain HTTP and TLS are asked for", ErrInvalidOptions)
	}
	if !o.TLS && !o.PlainHTTP {
		o.PlainHTTP = parsed.Scheme == "http" || parsed.Scheme == "" && parsed.Loopback()
		o.TLS = !o.PlainHTTP
	}
	if strings.ContainsFunc(o.UserAgent, unicode.IsControl) {
		return Options{}, fmt.Errorf("%w: control characters in the user agent", ErrInvalidOptions)
	}
	if err := o.checkLimits(); err != nil {
		return Options{}, err
	}
	ownTLS := o.RootCAs != nil || len(o.ClientCertificates) > 0 || o.InsecureSkipVerify
	switch {
	case o.Transport != nil && (ownTLS || o.Proxy != nil):
		err = fmt.Errorf("%w: a Transport together with settings for TLS or a proxy", ErrInvalidOptions)
	case o.PlainHTTP && ownTLS:
		err = fmt.Errorf("%w: settings for TLS together with plain HTTP", ErrInvalidOptions)
	case !o.Credential.IsZero() && o.PlainHTTP && !parsed.Loopback() && !o.PlainHTTPCredentials:
		err = errReadable
	default:
		err = o.Credential.Validate()
	}
	if err != nil {
		return Options{}, err
	}
	return o, nil
}

// checkLimits refuses what is negative or beyond all measure.
func (o Options) checkLimits() error {
	for _, limit := range []struct {
		name  string
		value time.Duration
	}{
		{"Timeout", o.Timeout},
		{"VerifyTimeout", o.VerifyTimeout},
		{"Retry.MinWait", o.Retry.MinWait},
		{"Retry.MaxWait", o.Retry.MaxWait},
	} {
		if limit.value < 0 || limit.value > maxTimeout {
			return fmt.Errorf("%w: %s is %v, not within 0 and %v", ErrInvalidOptions, limit.name, limit.value, maxTimeout)
		}
	}
	if n := o.Retry.MaxAttempts; n < 0 || n > maxAttempts {
		return fmt.Errorf("%w: Retry.MaxAttempts is %d, not within 0 and %d", ErrInvalidOptions, n, maxAttempts)
	}
	return nil
}

// errReadable keeps a credential from a network where anyone can read it.
var errReadable = fmt.Errorf("%w: not sent over plain HTTP to a host that is not loopback, unless PlainHTTPCredentials allows it", ErrInvalidCredential)

func (o Options) newTransport() *http.Transport {
	findProxy := o.Proxy
	if findProxy == nil {
		findProxy = proxy
	}
	return &http.Transport{
		Proxy:                  findProxy,
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  responseHeaderTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxIdleConns:           2 * maxRequests,
		MaxIdleConnsPerHost:    maxRequests,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second, // for those who know nothing of it
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // what has a digest is sent as it is
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			RootCAs:            o.RootCAs,
			Certificates:       o.ClientCertificates,
			InsecureSkipVerify: o.InsecureSkipVerify,
		},
	}
}
