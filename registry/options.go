package registry

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kubeoci/oci/internal/guard"
	"github.com/kubeoci/oci/internal/redact"
	"github.com/kubeoci/oci/reference"
)

// Scheme is the scheme of the URLs of a registry.
type Scheme string

const (
	// SchemeHTTP is HTTP without TLS.
	SchemeHTTP Scheme = "http"
	// SchemeHTTPS is HTTP over TLS.
	SchemeHTTPS Scheme = "https"
)

// Options configure the connection to a registry. The zero value uses TLS with the
// system's certificate authorities, or plain HTTP for a loopback host, and no
// credential.
type Options struct {
	// Scheme is SchemeHTTP or SchemeHTTPS. If it is empty, the scheme in front of
	// the endpoint decides, and without one a loopback host is reached by plain
	// HTTP and any other by TLS. There is never a fall-back from one to the other.
	//
	// A host in .localhost is a loopback host (RFC 6761 section 6.3): connections to
	// it go to 127.0.0.1 or [::1] without a lookup. With a Transport or Proxy of the
	// caller, which may look the name up, it counts as any other host.
	Scheme Scheme
	// AllowPlainHTTPCredentials lets a credential be sent over plain HTTP to a host
	// that is not loopback, where anyone on the way can read it.
	AllowPlainHTTPCredentials bool

	// Credential is sent to the registry and to no other host. The credential comes from the
	// first of Credential, CredentialFunc, DockerConfig and DockerConfigJSON that is set, and
	// from no other.
	Credential Credential
	// CredentialFunc finds the credential. It is called only for the registry's own
	// host.
	CredentialFunc CredentialFunc `json:"-"`
	// DockerConfig is the path of a Docker configuration file, usually
	// ~/.docker/config.json, or of Podman's auth.json. Its entries and credential
	// helpers are used. It is never written, and need not exist. It is read again
	// each time a credential is needed, also after a denial.
	// docs/credentials.md describes which entry is used.
	DockerConfig string
	// DockerConfigJSON is the content of such a file, for example of a Kubernetes
	// Secret of type kubernetes.io/dockerconfigjson. It never starts a credential
	// helper: an entry that needs one is [ErrInvalidCredential]. It excludes
	// DockerConfig.
	DockerConfigJSON []byte `json:"-"`

	// RootCAs are the certificate authorities to trust. Nil means those of the
	// system. RootCAs, ClientCertificates or InsecureSkipVerify together with plain HTTP, the
	// default for a loopback host, is [ErrInvalidOptions].
	RootCAs *x509.CertPool `json:"-"`
	// ClientCertificates are presented to a registry that asks for one.
	ClientCertificates []tls.Certificate `json:"-"`
	// InsecureSkipVerify accepts any certificate. A private certificate
	// authority needs RootCAs, not this.
	InsecureSkipVerify bool
	// Proxy returns the proxy for a request. Nil means none for loopback hosts, and
	// [http.ProxyFromEnvironment] for others.
	Proxy func(*http.Request) (*url.URL, error) `json:"-"`

	// Transport sends the requests instead of one that is made from the four
	// fields above, which then have to be empty. It should end a request with its
	// context: a call does not wait for it any longer, but nothing else ends its
	// goroutine. A panic in a goroutine of its own, such as the one in which
	// [http.Transport] dials, ends the process. One with HTTP/2 should set
	// [http.HTTP2Config.SendPingTimeout]: a connection that is dead is used again otherwise.
	Transport http.RoundTripper `json:"-"`
	// UserAgent is sent with every request. Empty means "kubeoci-oci".
	UserAgent string

	// Timeout bounds each call except a verification of access, including all attempts and
	// waits. Zero means five minutes, and a negative value or more than 24 hours is an error.
	Timeout time.Duration
	// VerifyTimeout bounds the verification of access. Zero means
	// 30 seconds, and a negative value or more than 24 hours is an error.
	VerifyTimeout time.Duration
	// Retry configures how transient failures are retried.
	Retry RetryPolicy
	// AllowCrossOriginUploads sends blobs to other hosts if the registry asks for
	// it, without a credential. By default that is an error.
	AllowCrossOriginUploads bool
	// AllowLocalServices lets the registry name a token service, or redirect to a
	// storage, at a link-local address or at a metadata service and, if the registry has
	// a public address, on this machine or in a private network. By default that is
	// refused, so that a registry cannot reach services that it has no access to.
	//
	// The address is checked when the connection is made, and so is an IPv4 address
	// within it, except for a NAT64 prefix of the network's own. Only a lookup before
	// the request can tell if a proxy or the caller's Transport connects: these have to
	// refuse such addresses themselves.
	AllowLocalServices bool

	// localNames is set for a host in .localhost, which is reached on this machine.
	localNames bool
}

// maxTimeout is the longest duration that the options accept.
const maxTimeout = 24 * time.Hour

// Format keeps the credential and private keys out of what fmt prints.
func (o Options) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// MarshalJSON omits the credential and private keys.
func (o Options) MarshalJSON() ([]byte, error) {
	type plain Options
	return redact.JSON(plain(o), redact.URLs)
}

// ForEndpoint checks the options and fills in Scheme for an endpoint. It neither
// sends nor reads anything. The error matches [ErrInvalidOptions] or
// [ErrInvalidCredential].
func (o Options) ForEndpoint(endpoint reference.Endpoint) (Options, error) {
	if err := o.resolveScheme(endpoint); err != nil {
		return Options{}, err
	}
	for _, check := range []func(reference.Endpoint) error{o.checkLimits, o.checkTransport, o.checkCredential} {
		if err := check(endpoint); err != nil {
			return Options{}, err
		}
	}
	o.DockerConfigJSON = slices.Clone(o.DockerConfigJSON)
	return o, nil
}

// resolveScheme sets Scheme and localNames.
func (o *Options) resolveScheme(endpoint reference.Endpoint) error {
	asked := Scheme(endpoint.Scheme)
	o.localNames = guard.IsLocalName(endpoint.Host)
	switch {
	case o.Scheme != "" && o.Scheme != SchemeHTTP && o.Scheme != SchemeHTTPS:
		return invalidOption("set Registry.Scheme to http or https, or leave it empty", "unknown scheme %.80q", o.Scheme)
	case o.Scheme != "" && asked != "" && o.Scheme != asked:
		return invalidOption("leave Registry.Scheme empty, or write RegistryEndpoint without a scheme",
			"scheme %s for an endpoint that begins with %s://", o.Scheme, asked)
	case o.Scheme != "":
	case asked != "":
		o.Scheme = asked
	case guard.IsLoopback(endpoint.Host, o.localNames):
		o.Scheme = SchemeHTTP
	default:
		o.Scheme = SchemeHTTPS
	}
	return nil
}

// checkLimits refuses negative and excessive values.
func (o Options) checkLimits(reference.Endpoint) error {
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
			return invalidOption("set Registry."+limit.name+" to at most 24h, or to 0 for the default", "%s is %v, not within 0 and %v", limit.name, limit.value, maxTimeout)
		}
	}
	if n := o.Retry.MaxAttempts; n < 0 || n > maxAttempts {
		return invalidOption(fmt.Sprintf("set Registry.Retry.MaxAttempts to at most %d, or to 0 for the default", maxAttempts), "Retry.MaxAttempts is %d, not within 0 and %d", n, maxAttempts)
	}
	if strings.ContainsFunc(o.UserAgent, unicode.IsControl) {
		return invalidOption("set Registry.UserAgent to text without line breaks and other control characters", "control characters in the user agent")
	}
	return nil
}

// checkTransport refuses settings that would have no effect.
func (o Options) checkTransport(reference.Endpoint) error {
	ownTLS := o.RootCAs != nil || len(o.ClientCertificates) > 0 || o.InsecureSkipVerify
	switch {
	case o.Transport != nil && (ownTLS || o.Proxy != nil):
		return invalidOption("make these settings in Registry.Transport", "a Transport together with settings for TLS or a proxy")
	case o.Scheme == SchemeHTTP && ownTLS:
		return invalidOption("remove the settings for TLS, or set Registry.Scheme to https and remove http:// from RegistryEndpoint", "settings for TLS together with plain HTTP")
	}
	return nil
}

func (o Options) checkCredential(endpoint reference.Endpoint) error {
	switch {
	case o.DockerConfig != "" && len(o.DockerConfigJSON) > 0:
		return invalidOption("set one of Registry.DockerConfig and Registry.DockerConfigJSON", "two Docker configurations")
	case !o.Credential.IsZero() && o.Scheme == SchemeHTTP && !o.isLoopback(endpoint.Host) && !o.AllowPlainHTTPCredentials:
		return errPlainCredential
	}
	return o.Credential.Validate()
}

// isLoopback reports whether connections to the host stay on this machine. A
// caller's Transport or Proxy may look up any name but localhost.
func (o Options) isLoopback(host string) bool {
	return guard.IsLoopback(host, o.dialsLocalNames())
}

// dialsLocalNames reports whether names in .localhost are dialled on loopback.
func (o Options) dialsLocalNames() bool { return o.localNames && o.Transport == nil && o.Proxy == nil }
