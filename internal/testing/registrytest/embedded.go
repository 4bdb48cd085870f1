package registrytest

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/kubeoci/oci/internal/memregistry"
)

// findEmbedded returns the registry of package memregistry, which is always available.
func findEmbedded(context.Context, settings) (*Source, error) {
	return &Source{start: startEmbedded}, nil
}

func startEmbedded(ctx context.Context, setup Setup) (*Instance, error) {
	instance, certs, err := plainInstance(setup)
	if err != nil {
		return nil, err
	}
	s := &embedded{}
	var opts memregistry.Options
	if setup.Users {
		instance.Reader = reader()
		opts.Users = map[string]memregistry.User{
			writerName: {Password: writerPassword},
			readerName: {Password: readerPassword, ReadOnly: true},
		}
	}
	s.handler = memregistry.Handler(opts)
	if setup.TLS {
		pair, err := certs.server.load()
		if err != nil {
			return nil, err
		}
		s.tls = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}}
	}
	if setup.ClientCertificates {
		s.tls.ClientAuth, s.tls.ClientCAs = tls.RequireAndVerifyClientCert, certs.pool
	}
	return launch(ctx, s, instance)
}

// embedded is the in-memory registry. Killing it loses only its connections.
type embedded struct {
	handler http.Handler
	tls     *tls.Config // nil for plain HTTP
	running *http.Server
}

func (e *embedded) start(context.Context) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	addr := listener.Addr().String()
	if e.tls != nil {
		listener = tls.NewListener(listener, e.tls)
	}
	e.running = &http.Server{
		Handler:           e.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // tests break connections on purpose
	}
	go func(server *http.Server) { _ = server.Serve(listener) }(e.running) // ends with kill
	return addr, nil
}

func (e *embedded) kill(context.Context) error { return e.running.Close() }

func (e *embedded) remove() error { return e.running.Close() }
