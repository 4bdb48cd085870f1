package oci

import (
	"reflect"
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
	clients []pooledClient
}

type pooledClient struct {
	endpoint string
	opts     registry.Options
	client   *registry.Client
}

// get returns a client for an endpoint and options. Two options are the same if they
// are deeply equal, which functions never are.
func (p *clientPool) get(endpoint string, opts registry.Options) (*registry.Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range p.clients {
		if c.endpoint == endpoint && reflect.DeepEqual(c.opts, opts) {
			p.clients = append(append(p.clients[:i:i], p.clients[i+1:]...), c)
			return c.client, nil
		}
	}
	client, err := registry.NewClient(endpoint, opts)
	if err != nil {
		return nil, err
	}
	p.clients = append(p.clients, pooledClient{endpoint, opts, client})
	if len(p.clients) > maxClients {
		p.clients[0].client.Close()
		p.clients = p.clients[1:]
	}
	return client, nil
}

// close closes all clients and forgets them.
func (p *clientPool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.clients {
		c.client.Close()
	}
	p.clients = nil
}
