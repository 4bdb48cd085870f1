package registrytest

import (
	"io"
	"net"
	"sync"
)

// relay listens on one address and forwards to another one that may change, because a
// restarted container has a new port.
type relay struct {
	listener net.Listener

	mu    sync.Mutex
	to    string // "" to reset connections
	conns map[net.Conn]bool
}

func newRelay(to string) (*relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{listener: listener, to: to, conns: map[net.Conn]bool{}}
	go r.serve() // ends with close
	return r, nil
}

func (r *relay) host() string { return r.listener.Addr().String() }

// redirect forwards new connections to another address, or resets them if that is "".
// Open connections are reset.
func (r *relay) redirect(to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = to
	for conn := range r.conns {
		reset(conn)
	}
}

func (r *relay) close() {
	_ = r.listener.Close() // nothing waits for it
	r.redirect("")
}

func (r *relay) serve() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		go r.connect(conn)
	}
}

func (r *relay) connect(near net.Conn) {
	to, ok := r.enter(near)
	defer r.leave(near)
	if !ok {
		return
	}
	far, err := net.Dial("tcp", to)
	if err != nil {
		reset(near)
		return
	}
	if at, ok := r.enter(far); !ok || at != to {
		reset(near)
	}
	defer r.leave(far)
	var both sync.WaitGroup
	both.Go(func() { pipe(far, near) })
	both.Go(func() { pipe(near, far) })
	both.Wait()
}

// enter records a connection and returns the address to forward it to. It resets the
// connection if there is none.
func (r *relay) enter(conn net.Conn) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns[conn] = true
	if r.to == "" {
		reset(conn)
	}
	return r.to, r.to != ""
}

func (r *relay) leave(conn net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, conn)
	_ = conn.Close() // already ended
}

// pipe copies until the sender closes its side, and then closes that of the receiver.
// An error resets both connections.
func pipe(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		reset(to)
		reset(from)
		return
	}
	if tcp, ok := to.(*net.TCPConn); ok {
		_ = tcp.CloseWrite() // the receiver may be gone
	}
}

// reset closes a connection so that the other side notices.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // the connection is closed in any case
	}
	_ = conn.Close() // losing data is intended
}
