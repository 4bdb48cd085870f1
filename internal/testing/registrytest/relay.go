package registrytest

import (
	"io"
	"net"
	"sync"
)

// relay listens at one address for as long as it lives, and leads to another one
// that may change: the port of a container that is started again is a new one.
type relay struct {
	listener net.Listener

	mu    sync.Mutex
	to    string // "" for nowhere
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

// lead leads new connections elsewhere, or resets them if that is nowhere. Those
// that are open are reset.
func (r *relay) lead(to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = to
	for conn := range r.conns {
		reset(conn)
	}
}

func (r *relay) close() {
	_ = r.listener.Close() // nobody is waiting for it
	r.lead("")
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

// enter notes a connection, and returns where it is to go. It is reset where
// that is nowhere.
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
	_ = conn.Close() // it has ended
}

// pipe copies until one end has nothing more to say, and tells the other one. A
// connection that breaks breaks both.
func pipe(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		reset(to)
		reset(from)
		return
	}
	if tcp, ok := to.(*net.TCPConn); ok {
		_ = tcp.CloseWrite() // it may be gone
	}
}

// reset closes a connection so that the other side notices.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it is closed all the same
	}
	_ = conn.Close() // nothing is lost that should not be
}
