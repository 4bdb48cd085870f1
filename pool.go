package oci

import (
	"bytes"
	"crypto/tls"
	"reflect"
	"runtime"
	"slices"
	"sync"

	"github.com/kubeoci/oci/registry"
)

// maxClients bounds a [clientPool]: a caller whose credentials change with every build
// must not collect connections.
const maxClients = 8

// clientPool keeps the clients of the latest endpoints and options, the last used one
// last. The zero value is empty.
type clientPool struct {
	mu      sync.Mutex
	clients []*pooledClient
}

// pooledClient is a client and its users. It is closed when it is not in the pool and has
// no user.
type pooledClient struct {
	*registry.Client
	endpoint string
	opts     registry.Options
	users    int
	pooled   bool
	lost     runtime.Cleanup // closes it when nothing refers to the pool any more
}

// get returns a client for an endpoint and options, which the caller must release.
func (p *clientPool) get(endpoint string, opts registry.Options) (*pooledClient, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range p.clients {
		if c.endpoint == endpoint && sameOptions(c.opts, opts) {
			p.clients = append(slices.Delete(p.clients, i, i+1), c)
			c.users++
			return c, nil
		}
	}
	client, err := registry.NewClient(endpoint, opts)
	if err != nil {
		return nil, err
	}
	c := &pooledClient{Client: client, endpoint: endpoint, opts: opts, users: 1}
	if !canCompare(opts) {
		return c, nil
	}
	c.pooled, c.lost = true, runtime.AddCleanup(p, (*registry.Client).Close, client)
	if p.clients = append(p.clients, c); len(p.clients) > maxClients {
		p.clients[0].drop()
		p.clients = slices.Delete(p.clients, 0, 1)
	}
	return c, nil
}

// release ends the use of a client that get returned.
func (p *clientPool) release(c *pooledClient) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.users--; c.users == 0 && !c.pooled {
		c.Close()
	}
}

// close forgets all clients, and closes those without a user.
func (p *clientPool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.clients {
		c.drop()
	}
	p.clients = nil
}

func (c *pooledClient) drop() {
	c.lost.Stop()
	if c.pooled = false; c.users == 0 {
		c.Close()
	}
}

// canCompare reports whether options can be the same as others: Go cannot compare
// functions, which a value of a comparable type may hold.
func canCompare(o registry.Options) bool {
	return o.CredentialFunc == nil && o.Proxy == nil && (o.Transport == nil || reflect.ValueOf(o.Transport).Comparable())
}

// sameOptions reports whether two comparable options make the same connection. A transport
// and a pool of certificates are compared by identity, because they may be in use.
func sameOptions(a, b registry.Options) bool {
	if !canCompare(b) || a.Transport != b.Transport || a.RootCAs != b.RootCAs ||
		!slices.EqualFunc(a.ClientCertificates, b.ClientCertificates, sameCertificate) {
		return false
	}
	return reflect.DeepEqual(values(a), values(b))
}

func sameCertificate(a, b tls.Certificate) bool {
	return slices.EqualFunc(a.Certificate, b.Certificate, bytes.Equal)
}

// values returns the options without the fields that sameOptions compares itself.
func values(o registry.Options) registry.Options {
	o.Transport, o.RootCAs, o.ClientCertificates = nil, nil, nil
	return o
}
