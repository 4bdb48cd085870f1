package registry_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/conntest"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

func TestOptionsValidate(t *testing.T) {
	anyProxy := func(*http.Request) (*url.URL, error) { return nil, nil }
	for _, tt := range []struct {
		name, endpoint string
		opts           registry.Options
		plainHTTP      bool
	}{
		{"a host", "ghcr.io", registry.Options{}, false},
		{"a host with a port", "registry.example.com:80", registry.Options{}, false},
		{"loopback name", "localhost:5000", registry.Options{}, true},
		{"loopback address", "127.0.0.1:5000", registry.Options{}, true},
		{"loopback IPv6", "[::1]:5000", registry.Options{}, true},
		{"name in localhost", "app.localhost:5000", registry.Options{}, true},
		{"credential for a name in localhost", "App.LocalHost:5000", registry.Options{Credential: ci}, true},
		{"the same with a scheme", "http://app.localhost:5000", registry.Options{Credential: ci}, true},
		{"the same by option", "app.localhost:5000", registry.Options{Scheme: registry.SchemeHTTP, Credential: ci}, true},
		{"https and a name in localhost", "https://app.localhost:5000", registry.Options{}, false},
		{"TLS asked for with a name in localhost", "app.localhost:5000", registry.Options{Scheme: registry.SchemeHTTPS}, false},
		{"name that ends like localhost", "applocalhost", registry.Options{}, false},
		{"http", "http://registry.example.com", registry.Options{}, true},
		{"https", "https://registry.example.com", registry.Options{}, false},
		{"https on loopback", "https://localhost:5000", registry.Options{}, false},
		{"oci on loopback", "oci://localhost:5000", registry.Options{}, true},
		{"oci", "oci://ghcr.io", registry.Options{}, false},
		{"asked for", "registry.example.com", registry.Options{Scheme: registry.SchemeHTTP}, true},
		{"TLS asked for on loopback", "localhost:5000", registry.Options{Scheme: registry.SchemeHTTPS}, false},
		{"asked for in both ways", "http://registry.example.com", registry.Options{Scheme: registry.SchemeHTTP}, true},
		{"TLS settings", "ghcr.io", registry.Options{InsecureSkipVerify: true}, false},
		{"TLS settings on loopback", "https://localhost", registry.Options{RootCAs: x509.NewCertPool()}, false},
		{"proxy and plain HTTP", "http://registry.example.com", registry.Options{Proxy: anyProxy}, true},
		{"transport and plain HTTP", "localhost", registry.Options{Transport: inProcess{}}, true},
		{"credential on loopback", "localhost", registry.Options{Credential: ci}, true},
		{"credential over TLS", "ghcr.io", registry.Options{Credential: ci}, false},
		{
			"credential over plain HTTP by permission", "http://registry.example.com",
			registry.Options{Credential: ci, AllowPlainHTTPCredentials: true}, true,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			endpoint := parseEndpoint(t, tt.endpoint)
			decided, err := tt.opts.ForEndpoint(endpoint)
			require.NoError(t, err)
			want := registry.SchemeHTTPS
			if tt.plainHTTP {
				want = registry.SchemeHTTP
			}
			assert.Equal(t, want, decided.Scheme)
			again, err := decided.ForEndpoint(endpoint)
			require.NoError(t, err)
			assert.Equal(t, want, again.Scheme, "resolving again changes nothing")
			_, err = registry.NewClient(tt.endpoint, tt.opts)
			require.NoError(t, err)
		})
	}
}

func TestOptionsValidateRefuses(t *testing.T) {
	const (
		invalid    = "invalid registry options: "
		both       = invalid + "a Transport together with settings for TLS or a proxy"
		tlsOnPlain = invalid + "settings for TLS together with plain HTTP"
		readable   = "invalid registry credential: not sent over plain HTTP to a host that is not loopback, unless AllowPlainHTTPCredentials allows it"
	)
	anyProxy := func(*http.Request) (*url.URL, error) { return nil, nil }
	for _, tt := range []struct {
		name, endpoint string
		opts           registry.Options
		kind           error
		text           string // empty for an error of another package
	}{
		{"no endpoint", "", registry.Options{}, reference.ErrInvalidHost, ""},
		{"path", "ghcr.io/org", registry.Options{}, reference.ErrInvalidOCIFormat, ""},
		{"user in the endpoint", "https://ci:" + password + "@ghcr.io", registry.Options{}, reference.ErrCredentialsInReference, ""},
		{"plain HTTP and https", "https://ghcr.io", registry.Options{Scheme: registry.SchemeHTTP}, registry.ErrInvalidOptions, invalid + "scheme http for an endpoint that begins with https://"},
		{"TLS and http", "http://ghcr.io", registry.Options{Scheme: registry.SchemeHTTPS}, registry.ErrInvalidOptions, invalid + "scheme https for an endpoint that begins with http://"},
		{"unknown scheme", "ghcr.io", registry.Options{Scheme: "ftp"}, registry.ErrInvalidOptions, invalid + `unknown scheme "ftp"`},
		{
			"two Docker configurations", "ghcr.io", registry.Options{DockerConfig: "config.json", DockerConfigJSON: []byte("{}")},
			registry.ErrInvalidOptions, invalid + "two Docker configurations",
		},
		{"transport and proxy", "ghcr.io", registry.Options{Transport: inProcess{}, Proxy: anyProxy}, registry.ErrInvalidOptions, both},
		{"transport and authorities", "ghcr.io", registry.Options{Transport: inProcess{}, RootCAs: x509.NewCertPool()}, registry.ErrInvalidOptions, both},
		{"transport and any certificate", "ghcr.io", registry.Options{Transport: inProcess{}, InsecureSkipVerify: true}, registry.ErrInvalidOptions, both},
		{"transport and certificate", "ghcr.io", registry.Options{Transport: inProcess{}, ClientCertificates: make([]tls.Certificate, 1)}, registry.ErrInvalidOptions, both},
		{"time-out before the beginning", "ghcr.io", registry.Options{Timeout: -1}, registry.ErrInvalidOptions, invalid + "Timeout is -1ns, not within 0 and 24h0m0s"},
		{"time-out without end", "ghcr.io", registry.Options{VerifyTimeout: 25 * time.Hour}, registry.ErrInvalidOptions, invalid + "VerifyTimeout is 25h0m0s, not within 0 and 24h0m0s"},
		{"negative wait", "ghcr.io", registry.Options{Retry: registry.RetryPolicy{MinWait: -1}}, registry.ErrInvalidOptions, invalid + "Retry.MinWait is -1ns, not within 0 and 24h0m0s"},
		{"wait without end", "ghcr.io", registry.Options{Retry: registry.RetryPolicy{MaxWait: 1 << 62}}, registry.ErrInvalidOptions, invalid + "Retry.MaxWait is 1281023h53m38.427387904s, not within 0 and 24h0m0s"},
		{"negative attempts", "ghcr.io", registry.Options{Retry: registry.RetryPolicy{MaxAttempts: -1}}, registry.ErrInvalidOptions, invalid + "Retry.MaxAttempts is -1, not within 0 and 100"},
		{"attempts without end", "ghcr.io", registry.Options{Retry: registry.RetryPolicy{MaxAttempts: 101}}, registry.ErrInvalidOptions, invalid + "Retry.MaxAttempts is 101, not within 0 and 100"},
		{"authorities on loopback", "localhost", registry.Options{RootCAs: x509.NewCertPool()}, registry.ErrInvalidOptions, tlsOnPlain},
		{"any certificate and http", "http://ghcr.io", registry.Options{InsecureSkipVerify: true}, registry.ErrInvalidOptions, tlsOnPlain},
		{"certificate and plain HTTP", "ghcr.io", registry.Options{Scheme: registry.SchemeHTTP, ClientCertificates: make([]tls.Certificate, 1)}, registry.ErrInvalidOptions, tlsOnPlain},
		{"credential for a name in localhost that a transport looks up", "app.localhost", registry.Options{Transport: inProcess{}, Credential: ci}, registry.ErrInvalidCredential, readable},
		{"the same by a proxy", "app.localhost", registry.Options{Proxy: anyProxy, Credential: ci}, registry.ErrInvalidCredential, readable},
		{"credential over http", "http://registry.example.com", registry.Options{Credential: ci}, registry.ErrInvalidCredential, readable},
		{"credential over plain HTTP", "registry.example.com", registry.Options{Scheme: registry.SchemeHTTP, Credential: ci}, registry.ErrInvalidCredential, readable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, err := registry.NewClient(tt.endpoint, tt.opts)
			require.ErrorIs(t, err, tt.kind)
			if tt.text != "" {
				require.EqualError(t, err, tt.text)
			}
			requirePresentable(t, err.Error())
			assert.Nil(t, client)
		})
	}
}

// A credential that is looked up is withheld only then: a configuration may hold none for
// the registry.
func TestFoundCredentialIsNotSentOverPlainHTTP(t *testing.T) {
	const host = "registry.example.com"
	found := func(c registry.Credential) registry.CredentialFunc {
		return func(context.Context, string) (registry.Credential, error) { return c, nil }
	}
	for _, tt := range []struct {
		name string
		opts registry.Options
		kind error // of the package, nil if the credential is withheld
	}{
		{"function", registry.Options{CredentialFunc: found(ci)}, nil},
		{"configuration", registry.Options{DockerConfig: writeConfig(t, "%s", authEntry(host, ci))}, nil},
		{"nothing by a function", registry.Options{CredentialFunc: found(registry.Credential{})}, registry.ErrAuthRequired},
		{"nothing in the configuration", registry.Options{DockerConfig: writeConfig(t, `{}`)}, registry.ErrAuthRequired},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachScheme(t, func(t *testing.T, opts memregistry.Options) {
				inner := memregistry.Handler(opts)
				tt.opts.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
					assert.Empty(t, r.Header.Get("Authorization"))
					return inProcess{inner}.RoundTrip(r)
				})
				err := newClient(t, "http://"+host, tt.opts).VerifyAccess(t.Context(), repository)
				requireKind(t, err, tt.kind)
				assert.Equal(t, tt.kind == nil, errors.Is(err, registry.ErrInvalidCredential))

				allowed := tt.opts
				allowed.AllowPlainHTTPCredentials, allowed.Transport = true, inProcess{inner}
				err = newClient(t, "http://"+host, allowed).VerifyAccess(t.Context(), repository)
				assert.Equal(t, tt.kind == nil, err == nil, "%v", err)
			})
		})
	}
}

// startTLS starts a registry with a certificate of its own authority.
func startTLS(t *testing.T, config *tls.Config) *server {
	t.Helper()
	srv := newServer(memregistry.Options{Users: users})
	srv.TLS = config
	srv.StartTLS()
	srv.host = srv.Listener.Addr().String()
	t.Cleanup(srv.Close)
	return srv
}

// trust returns the authority of the server's certificate.
func (s *server) trust() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

func TestTLS(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts func(*server) registry.Options
	}{
		{"its authority", func(s *server) registry.Options { return registry.Options{RootCAs: s.trust()} }},
		{"any certificate", func(*server) registry.Options { return registry.Options{InsecureSkipVerify: true} }},
		{"own transport", func(s *server) registry.Options { return registry.Options{Transport: s.Client().Transport} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, a := startTLS(t, nil), newArtifact(t, "demo")
			opts := tt.opts(srv)
			opts.Credential = ci
			_, err := a.push(t, newClient(t, srv.URL, opts), registry.PushOptions{}, "v1")
			require.NoError(t, err)
			assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v1"))
		})
	}
}

func TestTLSUnknownAuthority(t *testing.T) {
	srv := startTLS(t, nil)
	err := newClient(t, srv.URL, registry.Options{Credential: ci}).VerifyAccess(t.Context(), repository)
	failed := requireKind(t, err, registry.ErrUnreachable)
	var untrusted *tls.CertificateVerificationError
	require.ErrorAs(t, err, &untrusted)
	assert.Contains(t, failed.Hint(), "certificate authority")
	assert.Empty(t, srv.log)
}

func TestTLSOldVersion(t *testing.T) {
	srv := startTLS(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	err := newClient(t, srv.URL, registry.Options{InsecureSkipVerify: true}).VerifyAccess(t.Context(), repository)
	assert.Contains(t, requireKind(t, err, registry.ErrUnreachable).Hint(), "TLS 1.2")
	assert.Empty(t, srv.log)
}

func TestTLSClientCertificate(t *testing.T) {
	srv := startTLS(t, &tls.Config{ClientAuth: tls.RequireAnyClientCert})
	opts := registry.Options{Credential: ci, RootCAs: srv.trust()}
	failed := requireKind(t, newClient(t, srv.URL, opts).VerifyAccess(t.Context(), repository), registry.ErrUnreachable)
	assert.False(t, failed.Retryable())
	assert.Contains(t, failed.Hint(), "Registry.ClientCertificates")
	assert.Empty(t, srv.log)

	opts.ClientCertificates = srv.TLS.Certificates // any will do
	require.NoError(t, newClient(t, srv.URL, opts).VerifyAccess(t.Context(), repository))
}

// Some registries, such as zot, accept connections without a certificate as anonymous.
func TestTLSClientCertificateInPlaceOfAPassword(t *testing.T) {
	srv := startTLS(t, &tls.Config{ClientAuth: tls.RequestClientCert})
	srv.fail(fault{"", func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) == 0 {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			refusal(http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")(w, r)
			return
		}
		r.SetBasicAuth(ci.Username, ci.Password)
		srv.registry.ServeHTTP(w, r)
	}})
	opts := registry.Options{RootCAs: srv.trust()}
	failed := requireKind(t, newClient(t, srv.URL, opts).VerifyAccess(t.Context(), repository), registry.ErrAuthRequired)
	assert.Equal(t, http.StatusUnauthorized, failed.StatusCode)

	opts.ClientCertificates = srv.TLS.Certificates // any will do
	client := newClient(t, srv.URL, opts)
	require.NoError(t, client.VerifyAccess(t.Context(), repository))
	_, err := newArtifact(t, "demo").push(t, client, registry.PushOptions{}, "v1")
	require.NoError(t, err)
}

func TestProxy(t *testing.T) {
	proxy := start(t, memregistry.Options{}, fault{"GET manifests/", func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "registry.example.com", r.Host)
		assert.Equal(t, "Basic "+basic(ci), r.Header.Get("Proxy-Authorization"))
		w.WriteHeader(http.StatusNotFound)
	}})
	client := newClient(t, "http://registry.example.com", registry.Options{
		Proxy: func(*http.Request) (*url.URL, error) {
			return &url.URL{Scheme: "http", Host: proxy.host, User: url.UserPassword(ci.Username, ci.Password)}, nil
		},
	})
	a := newArtifact(t, "demo")
	_, err := a.push(t, client, registry.PushOptions{}, "v1")
	require.NoError(t, err)
	assert.Equal(t, a.Manifest.Digest, proxy.digestOf(t, "v1"))
}

func TestProxyThatFails(t *testing.T) {
	errNoProxy := errors.New(`no route to "http://ci:` + password + `@proxy.example.com:3128/?key=` + password + `"`)
	for _, tt := range []struct {
		name  string
		proxy func(*http.Request) (*url.URL, error)
	}{
		{"to be found", func(*http.Request) (*url.URL, error) { return nil, errNoProxy }},
		{"to answer", func(*http.Request) (*url.URL, error) {
			return url.Parse("http://ci:" + password + "@" + closedPort(t))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, endpoint := range []string{"http://registry.example.com", "https://registry.example.com"} {
				err := newClient(t, endpoint, registry.Options{Proxy: tt.proxy}).VerifyAccess(t.Context(), repository)
				requireKind(t, err, registry.ErrUnreachable)
			}
		})
	}
}

func TestUserAgent(t *testing.T) {
	for _, tt := range []struct{ name, given, want string }{
		{"default", "", "kubeoci-oci"},
		{"given", "deployer/1.0", "deployer/1.0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inner := memregistry.Handler(memregistry.Options{Users: users, Bearer: true})
			client := newClient(t, "localhost", registry.Options{
				Credential: ci,
				UserAgent:  tt.given,
				Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					assert.Equal(t, []string{tt.want}, r.Header.Values("User-Agent"), r.URL.Path)
					return inProcess{inner}.RoundTrip(r)
				}),
			})
			require.NoError(t, client.VerifyAccess(t.Context(), repository))
		})
	}
}

// Repeated pushes must not accumulate connections.
func TestCloseEndsIdleConnections(t *testing.T) {
	srv := conntest.Start(t, memregistry.Handler(memregistry.Options{}))
	client := newClient(t, srv.URL, registry.Options{})
	for range 2 { // a Client can be used after it was closed
		require.NoError(t, client.VerifyAccess(t.Context(), repository))
		client.Close()
		srv.RequireNoneOpen(t)
	}
}

func parseEndpoint(t *testing.T, s string) reference.Endpoint {
	t.Helper()
	endpoint, err := reference.ParseEndpoint(s)
	require.NoError(t, err)
	return endpoint
}
