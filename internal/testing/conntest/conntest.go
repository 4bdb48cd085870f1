// Package conntest counts the connections that clients keep open.
package conntest

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// patience is long for a machine that is busy, and shorter than a client keeps
// an idle connection by itself.
const patience = 30 * time.Second

// Server is a server that knows its open connections.
type Server struct {
	*httptest.Server
	changes chan int // +1 or -1 for each that comes or goes
	open    int
}

// Start starts a server that is closed with the test.
func Start(t testing.TB, handler http.Handler) *Server {
	t.Helper()
	s := &Server{Server: httptest.NewUnstartedServer(handler), changes: make(chan int, 1024)}
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			s.changes <- +1
		case http.StateClosed:
			s.changes <- -1
		}
	}
	s.Server.Start()
	t.Cleanup(s.Close)
	return s
}

// RequireNoneOpen waits until every connection that was made is closed again,
// and fails the test if none was made or one stays.
func (s *Server) RequireNoneOpen(t testing.TB) {
	t.Helper()
	timeout := time.After(patience)
	for made := false; !made || s.open > 0 || len(s.changes) > 0; {
		select {
		case change := <-s.changes:
			s.open += change
			made = true
		case <-timeout:
			t.Fatalf("%d connections are open after %v", s.open, patience)
		}
	}
}
