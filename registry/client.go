package registry

import (
	"cmp"
	"fmt"
	"net/http"

	orasregistry "oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubeoci/oci/reference"
)

// Client talks to one registry. It is safe for concurrent use, and keeps
// connections and tokens between calls until it is closed.
type Client struct {
	host      string // host[:port], as in references
	plainHTTP bool
	auth      *auth.Client
	keys      *keyring
	own       *http.Transport // nil if it is the caller's
}

// NewClient returns a Client for the registry at endpoint, which is
// "host[:port]" with or without a scheme in front. It sends nothing.
//
// The error is that of [Options.ForEndpoint], or matches [ErrInvalidCredential]
// for a Docker configuration that cannot be read.
func NewClient(endpoint string, opts Options) (*Client, error) {
	opts, err := opts.ForEndpoint(endpoint)
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
	keys := &keyring{host: host, find: find, given: !opts.Credential.IsZero()}
	client := &Client{host: parsed.String(), plainHTTP: opts.PlainHTTP, keys: keys}
	transport := opts.Transport
	if transport == nil {
		client.own = opts.newTransport()
		transport = client.own
	}
	client.auth = &auth.Client{
		Client: &http.Client{
			Transport:     &guard{next: transport, keys: keys, readable: opts.PlainHTTPCredentials},
			CheckRedirect: checkRedirect,
		},
		Header:     http.Header{"User-Agent": {cmp.Or(opts.UserAgent, "kubeoci-oci")}},
		Cache:      auth.NewCache(),
		Credential: keys.credential,
	}
	return client, nil
}

// Close closes the connections that are idle, and with them the goroutines that
// watch them. A Client can still be used afterwards. A Transport from the
// options is left alone.
func (c *Client) Close() {
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
}

// Format keeps credentials out of what fmt prints of a Client.
func (c *Client) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "registry.Client(%s)", c.host) // fmt.State does not fail
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
