package cli

import "github.com/kubeoci/oci/internal/memregistry"

// StartRegistry starts an empty registry in memory, for a demonstration. It returns its
// host:port on a loopback address, and the function that stops it.
func StartRegistry() (host string, stop func() error, err error) {
	server, err := memregistry.Start(memregistry.Options{})
	if err != nil {
		return "", nil, err
	}
	return server.Host, server.Close, nil
}
