package discard

import (
	"encoding/pem"
	"net"
	"net/http/httptest"
	"time"
)

// Server is a registry that listens on a loopback address.
type Server struct {
	*Registry
	// Host is the host:port of the registry.
	Host string

	server *httptest.Server
}

// Start starts an empty registry on a port chosen by the system.
func Start(opts Options) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	registry := New(opts)
	if opts.Bandwidth > 0 {
		listener = &slowListener{listener, newLine(opts.Bandwidth), newLine(opts.Bandwidth)}
	}
	server := httptest.NewUnstartedServer(registry)
	_ = server.Listener.Close() // it has no requests
	server.Listener, server.EnableHTTP2 = listener, true
	server.Config.ReadHeaderTimeout = 10 * time.Second
	if opts.TLS {
		server.StartTLS()
	} else {
		server.Start()
	}
	return &Server{Registry: registry, Host: listener.Addr().String(), server: server}, nil
}

// Certificate returns the certificate of a registry with TLS, which signed itself, as PEM.
func (s *Server) Certificate() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.server.Certificate().Raw})
}

// Close ends all connections and stops the registry.
func (s *Server) Close() error {
	s.server.CloseClientConnections()
	s.server.Close()
	return nil
}
