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

// Instance is a running registry. It is safe for concurrent use: Kill, Restart and
// Close wait for each other.
type Instance struct {
	Kind    Kind
	Version string
	// Host is the host:port of the registry.
	Host string
	// PlainHTTP reports that the registry does not serve TLS.
	PlainHTTP bool
	// RootCAs holds the authority of its certificate. Nil means the system's.
	RootCAs *x509.CertPool
	// ClientCertificates holds a certificate that it accepts, if it requires one.
	ClientCertificates []tls.Certificate
	// Writer has write access. It is zero if no credential is needed.
	Writer registry.Credential
	// Reader has read access only. It is zero if there is no such user.
	Reader registry.Credential

	prefix string
	server server        // nil for a given registry
	relay  *relay        // to the server
	output func() string // output of the server; nil if unknown
	http   *http.Client
	life   sync.Mutex // held while the server starts or stops

	mu           sync.Mutex
	repositories map[string]bool
}

// server is a registry that can be stopped and restarted.
type server interface {
	// start returns the host:port on which it listens.
	start(context.Context) (string, error)
	// kill ends it immediately and keeps its data.
	kill(context.Context) error
	// remove ends it and removes its data.
	remove() error
}

// newInstance completes an instance.
func newInstance(t *Instance) *Instance {
	t.prefix = "oci-test-" + strings.ToLower(rand.Text()[:12])
	t.repositories = map[string]bool{}
	t.http = &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: t.RootCAs, Certificates: t.ClientCertificates},
	}}
	return t
}

// Options returns options to connect to the registry with write access.
func (t *Instance) Options() registry.Options { return t.OptionsFor(t.Writer) }

// OptionsFor returns options to connect to the registry with another credential.
func (t *Instance) OptionsFor(credential registry.Credential) registry.Options {
	return registry.Options{
		Scheme:                    t.scheme(),
		AllowPlainHTTPCredentials: t.PlainHTTP,
		RootCAs:                   t.RootCAs,
		ClientCertificates:        t.ClientCertificates,
		Credential:                credential,
	}
}

func (t *Instance) scheme() registry.Scheme {
	if t.PlainHTTP {
		return registry.SchemeHTTP
	}
	return registry.SchemeHTTPS
}

// Repository returns the full name of a repository, under a prefix that is unique to
// the run, and records it for [Instance.CleanUp].
func (t *Instance) Repository(name string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	full := t.prefix + "/" + name
	t.repositories[full] = true
	return full
}

// Repositories lists the repositories that [Instance.Repository] named, in order.
func (t *Instance) Repositories() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(maps.Keys(t.repositories))
}

// CanRestart reports whether the registry can be killed and restarted.
func (t *Instance) CanRestart() bool { return t.server != nil }

// errGiven reports a registry that was not started by this package.
var errGiven = errors.New("the registry was not started by the test")

// Kill ends the registry immediately. Connections to it are reset from then on.
func (t *Instance) Kill(ctx context.Context) error {
	if t.server == nil {
		return errGiven
	}
	t.life.Lock()
	defer t.life.Unlock()
	err := t.server.kill(ctx)
	t.relay.redirect("")
	return err
}

// Restart starts a killed registry with the same Host and data. It returns when the
// registry responds.
func (t *Instance) Restart(ctx context.Context) error {
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
	t.relay.redirect(addr)
	return nil
}

// Close stops a registry that was started, and cleans up a given one.
func (t *Instance) Close() error {
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

// launch starts a server and a relay to it, so that a server restarted on another port
// keeps its address.
func launch(ctx context.Context, s server, t *Instance) (*Instance, error) {
	addr, err := s.start(ctx)
	if err != nil {
		return nil, errors.Join(err, s.remove())
	}
	if t.relay, err = newRelay(addr); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	t.server, t.Host = s, t.relay.host()
	return newInstance(t), nil
}
