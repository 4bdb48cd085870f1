package registrytest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/kubeoci/oci/registry"
)

// Target is a registry that answers. It is safe for concurrent use: what kills it
// and what starts it again wait for each other.
type Target struct {
	Kind    Kind
	Version string
	// Host is its host:port.
	Host string
	// PlainHTTP says that it does not speak TLS.
	PlainHTTP bool
	// RootCAs are who signed its certificate, and nil for the system's.
	RootCAs *x509.CertPool
	// ClientCertificates are what it lets in, where it wants one.
	ClientCertificates []tls.Certificate
	// Writer may do everything. Without a credential, anybody may.
	Writer registry.Credential
	// Reader may only read. It is zero where there is no such user.
	Reader registry.Credential

	prefix string
	server server        // nil for one that is given
	relay  *relay        // to the server
	output func() string // what the server said; nil where that cannot be known
	http   *http.Client
	life   sync.Mutex // held while the server starts or ends

	mu           sync.Mutex
	repositories map[string]bool
}

// server is a registry that was started, and can be started again.
type server interface {
	// start returns the host:port where it listens.
	start(context.Context) (string, error)
	// kill ends it at once. What it holds is kept.
	kill(context.Context) error
	// remove ends it, and leaves nothing of it behind.
	remove() error
}

// newTarget completes a target.
func newTarget(t *Target) *Target {
	t.prefix = "oci-test-" + strings.ToLower(rand.Text()[:12])
	t.repositories = map[string]bool{}
	t.http = &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: t.RootCAs, Certificates: t.ClientCertificates},
	}}
	return t
}

// Options are how to connect to the registry as one who may write.
func (t *Target) Options() registry.Options { return t.OptionsFor(t.Writer) }

// OptionsFor are how to connect to the registry with another credential.
func (t *Target) OptionsFor(credential registry.Credential) registry.Options {
	return registry.Options{
		Scheme:                    t.scheme(),
		AllowPlainHTTPCredentials: t.PlainHTTP,
		RootCAs:                   t.RootCAs,
		ClientCertificates:        t.ClientCertificates,
		Credential:                credential,
	}
}

func (t *Target) scheme() registry.Scheme {
	if t.PlainHTTP {
		return registry.SchemeHTTP
	}
	return registry.SchemeHTTPS
}

// Repository returns the full name of a repository, which is below a prefix that
// no other run has. [Target.CleanUp] remembers it.
func (t *Target) Repository(name string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	full := t.prefix + "/" + name
	t.repositories[full] = true
	return full
}

// Repositories are all that [Target.Repository] named, in order.
func (t *Target) Repositories() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(maps.Keys(t.repositories))
}

// CanRestart reports whether the registry can be killed and started again.
func (t *Target) CanRestart() bool { return t.server != nil }

// errGiven reports a registry that somebody else runs.
var errGiven = errors.New("the registry was not started here")

// Kill ends the registry at once. Connections to it are reset from then on.
func (t *Target) Kill(ctx context.Context) error {
	if t.server == nil {
		return errGiven
	}
	t.life.Lock()
	defer t.life.Unlock()
	err := t.server.kill(ctx)
	t.relay.lead("")
	return err
}

// Restart starts the registry that was killed, under the same Host and with what
// it held. It returns when the registry answers.
func (t *Target) Restart(ctx context.Context) error {
	if t.server == nil {
		return errGiven
	}
	t.life.Lock()
	defer t.life.Unlock()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	addr, err := t.server.start(ctx)
	if err != nil {
		return err
	}
	t.relay.lead(addr)
	return nil
}

// Close stops the registry if it was started, and cleans up after itself
// otherwise.
func (t *Target) Close() error {
	defer t.http.CloseIdleConnections()
	if t.server == nil {
		ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
		defer cancel()
		return t.CleanUp(ctx)
	}
	t.life.Lock()
	defer t.life.Unlock()
	t.relay.close()
	return t.server.remove()
}

// launch starts a server, and a relay to it, so that it can be restarted at
// another port and be found under the same one.
func launch(ctx context.Context, s server, t *Target) (*Target, error) {
	addr, err := s.start(ctx)
	if err != nil {
		return nil, errors.Join(err, s.remove())
	}
	if t.relay, err = newRelay(addr); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	t.server, t.Host = s, t.relay.host()
	return newTarget(t), nil
}
