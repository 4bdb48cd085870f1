// Package conntest counts the connections that clients keep open.
package conntest

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// timeout is long enough for a busy machine, and shorter than a client keeps an idle
// connection by default.
const timeout = 30 * time.Second

// Server is a server that counts its open connections.
type Server struct {
	*httptest.Server
	changes chan int // +1 or -1 for each opened or closed connection
	open    int
}

// Start starts a server that is closed at the end of the test.
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

// RequireNoneOpen waits until all connections are closed. It fails the test if there
// were none or one stays open.
func (s *Server) RequireNoneOpen(t testing.TB) {
	t.Helper()
	s.RequireAtMost(t, 0)
}

// RequireAtMost waits until at most limit connections are open. It fails the test if none
// was opened or closed since the previous call, or more stay open.
func (s *Server) RequireAtMost(t testing.TB, limit int) {
	t.Helper()
	expired := time.After(timeout)
	for changed := false; !changed || s.open > limit || len(s.changes) > 0; {
		select {
		case change := <-s.changes:
			s.open += change
			changed = true
		case <-expired:
			t.Fatalf("%d connections are open after %v", s.open, timeout)
		}
	}
}
