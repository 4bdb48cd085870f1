package registry

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	orasregistry "oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubeoci/oci/internal/guard"
	"github.com/kubeoci/oci/reference"
)

// Client talks to one registry. It is safe for concurrent use, and keeps
// connections and tokens between calls until it is closed.
type Client struct {
	host           string // host[:port], as in references
	address        string // the host to connect to, which differs for docker.io
	plainHTTP      bool
	foreignUploads bool
	network        *guard.Network
	userAgent      string
	timeout        time.Duration
	verifyTimeout  time.Duration
	retryPolicy    RetryPolicy

	http *http.Client
	own  *ownTransport // nil if it is the caller's
	keys *keyring
	gate *guard.Gate

	singlePost ability // a blob is sent with the request that opens its upload
	streaming  ability // a blob is sent before its size and digest are known

	given    bool // the options have a credential
	mu       sync.Mutex
	accounts map[string]*account // by repository
}

// maxRequests is how many requests a Client makes concurrently. Registries throttle
// clients that make more.
const maxRequests = 16

// maxAccounts bounds for how many repositories a Client remembers tokens.
const maxAccounts = 1024

// account holds the credentials for a repository. Whether there are any decides how a
// refusal is classified.
type account struct {
	auth  *auth.Client
	given atomic.Bool
	owner atomic.Pointer[owner] // of the credential that was found last
}

// NewClient returns a Client for the registry at endpoint, which is
// "host[:port]" with or without a scheme in front. It makes no request.
//
// The error is that of [reference.ParseEndpoint] or [Options.ForEndpoint]. A Docker
// configuration that cannot be read is the error of the calls that need a credential.
func NewClient(endpoint string, opts Options) (*Client, error) {
	parsed, err := reference.ParseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	opts, err = opts.ForEndpoint(parsed)
	if err != nil {
		return nil, err
	}
	address := orasregistry.Reference{Registry: parsed.String()}.Host()
	client := &Client{
		host:      parsed.String(),
		address:   address,
		plainHTTP: opts.Scheme == SchemeHTTP,
		network: &guard.Network{
			Server:     &url.URL{Scheme: string(opts.Scheme), Host: address},
			AllowAll:   opts.AllowLocalServices,
			LocalNames: opts.dialsLocalNames(),
		},
		foreignUploads: opts.AllowCrossOriginUploads,
		userAgent:      cmp.Or(opts.UserAgent, "kubeoci-oci"),
		timeout:        cmp.Or(opts.Timeout, 5*time.Minute),
		verifyTimeout:  cmp.Or(opts.VerifyTimeout, 30*time.Second),
		retryPolicy:    opts.Retry.withDefaults(),
		keys:           &keyring{host: address, find: opts.finder()},
		given:          !opts.Credential.IsZero(),
		gate:           guard.NewGate(maxRequests),
		accounts:       map[string]*account{},
	}
	var transport http.RoundTripper
	if opts.Transport != nil {
		transport = guard.Prompt{Next: guard.Checked{Network: client.network, Next: opts.Transport, Strict: true}}
	} else {
		client.own = opts.newTransport(client.network, client.keys)
		transport = client.own
	}
	client.http = &http.Client{
		Transport: &secretGuard{
			keys:       client.keys,
			next:       guard.Watched{Next: transport, Limit: stallTimeout},
			readable:   opts.AllowPlainHTTPCredentials,
			isLoopback: opts.isLoopback,
		},
		CheckRedirect: client.checkRedirect,
	}
	return client, nil
}

// accountFor returns the account for a repository. A Docker configuration may have one
// for each.
func (c *Client) accountFor(repository string) *account {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found := c.accounts[repository]; found != nil {
		return found
	}
	if len(c.accounts) >= maxAccounts {
		clear(c.accounts)
	}
	made := new(account)
	made.given.Store(c.given)
	made.auth = &auth.Client{
		Client: c.http,
		Header: http.Header{"User-Agent": {c.userAgent}},
		Cache:  newTokenCache(),
		Credential: func(ctx context.Context, host string) (auth.Credential, error) {
			if ctx.Err() == nil { // else the response took all the time
				defer callIn(ctx).noteCredential(ctx)
			}
			cred, from, err := c.keys.credential(ctx, host, repository)
			made.owner.Store(&owner{from.describe(), from.origin})
			if cred != auth.EmptyCredential {
				made.given.Store(true)
			}
			return cred, err
		},
		BlockedRealmPrefixes: []netip.Prefix{}, // guard.Network does that, for all requests
	}
	c.accounts[repository] = made
	return made
}

// forget drops the tokens of all repositories, so that calls that begin later look
// the credential up again. ECR answers 403, which package auth does not take for an
// expired password.
func (c *Client) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.accounts)
}

// Close closes idle connections, which ends their goroutines, and a pause that the
// registry asked for. A Client can still be used afterwards. Close does not touch a
// Transport from the options.
func (c *Client) Close() {
	if c == nil || c.http == nil {
		return
	}
	c.gate.Resume()
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
}

// Format keeps credentials out of what fmt prints of a Client.
func (c *Client) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "registry.Client(%s)", c.host) // fmt.State does not fail
}
