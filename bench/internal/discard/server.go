package discard

import (
	"net"
	"net/http"
	"time"
)

// Server is a registry that listens on a loopback address.
type Server struct {
	*Registry
	// Host is the host:port of the registry.
	Host string

	server *http.Server
}

// Start starts an empty registry on a port chosen by the system.
func Start(opts Options) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	registry := New(opts)
	server := &http.Server{Handler: registry, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Close
	return &Server{Registry: registry, Host: listener.Addr().String(), server: server}, nil
}

// Close stops the registry.
func (s *Server) Close() error { return s.server.Close() }
