// Package slownet is a proxy that makes a server on this machine as far away as one behind
// a slow network.
package slownet

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Link describes a network. The zero value has no latency and no limit.
type Link struct {
	// RoundTrip is the time that a byte takes to the server and back. Connecting takes one
	// more round trip, as the handshake of TCP does.
	RoundTrip time.Duration
	// Bits is the bandwidth of each direction, in bits per second, which all connections
	// share. Zero means no limit.
	Bits int64
}

// Slow and Far are the networks of the benchmarks: one with the bandwidth of a small
// office, and one to another continent.
var (
	Slow = Link{RoundTrip: 20 * time.Millisecond, Bits: 100e6}
	Far  = Link{RoundTrip: 100 * time.Millisecond}
)

// window is how many bytes of one direction of a connection can be under way. It is more
// than the product of latency and bandwidth of the links above.
const window = 1 << 20

// chunk is how many bytes are read at a time.
const chunk = 16 << 10

// Proxy passes connections on to a server.
type Proxy struct {
	// Host is the host:port to connect to.
	Host string

	link     Link
	server   string
	listener net.Listener
	up, down direction
	opened   atomic.Int64

	mu    sync.Mutex
	conns map[net.Conn]bool
	ended bool
	done  sync.WaitGroup
}

// Start starts a proxy of the server at an address.
func Start(link Link, server string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{Host: listener.Addr().String(), link: link, server: server, listener: listener, conns: map[net.Conn]bool{}}
	p.up.bits, p.down.bits = link.Bits, link.Bits
	p.done.Go(p.accept)
	return p, nil
}

// Connections returns how many connections were opened so far.
func (p *Proxy) Connections() int { return int(p.opened.Load()) }

// Bytes returns how many bytes were sent to the server and received from it.
func (p *Proxy) Bytes() (sent, received int64) { return p.up.bytes.Load(), p.down.bytes.Load() }

// Close ends all connections.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.mu.Lock()
	p.ended = true
	for conn := range p.conns {
		_ = conn.Close() // only this end is needed no more
	}
	p.mu.Unlock()
	p.done.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.opened.Add(1)
		p.done.Go(func() { p.serve(client) })
	}
}

// serve passes one connection on.
func (p *Proxy) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	if !p.keep(client, server) {
		return
	}
	defer p.forget(client, server)
	if tcp, ok := client.(*net.TCPConn); ok { // or the system takes megabytes that are not sent yet
		_ = tcp.SetReadBuffer(window / 4)
	}
	var both sync.WaitGroup
	both.Go(func() { p.pass(server, client, &p.up, p.link.RoundTrip) })
	both.Go(func() { p.pass(client, server, &p.down, 0) })
	both.Wait()
}

func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		p.conns[conn] = true
	}
	return !p.ended
}

func (p *Proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		delete(p.conns, conn)
	}
}

// direction is one direction of the link.
type direction struct {
	bits  int64
	bytes atomic.Int64

	mu   sync.Mutex
	free time.Time // when the last byte has been sent
}

// send returns when n bytes that are ready now have been sent.
func (d *direction) send(n int) time.Time {
	d.bytes.Add(int64(n))
	d.mu.Lock()
	defer d.mu.Unlock()
	if now := time.Now(); d.free.Before(now) {
		d.free = now
	}
	if d.bits > 0 {
		d.free = d.free.Add(time.Duration(int64(n) * 8 * int64(time.Second) / d.bits))
	}
	return d.free
}

// packet is a piece of a connection with the time of its arrival.
type packet struct {
	data []byte
	at   time.Time
}

// pass passes the bytes of one direction on, those before the connection is open after the
// time that takes.
func (p *Proxy) pass(to, from net.Conn, d *direction, opening time.Duration) {
	open := time.Now().Add(opening)
	packets := make(chan packet, window/chunk)
	failed := make(chan struct{})
	var sender sync.WaitGroup
	sender.Go(func() {
		defer close(failed)
		for packet := range packets {
			time.Sleep(time.Until(packet.at))
			if _, err := to.Write(packet.data); err != nil {
				return
			}
		}
	})
	for {
		data := make([]byte, chunk)
		n, err := from.Read(data)
		time.Sleep(time.Until(open))
		if n > 0 {
			select {
			case packets <- packet{data[:n], d.send(n).Add(p.link.RoundTrip / 2)}:
			case <-failed:
				err = io.ErrClosedPipe
			}
		}
		if err != nil {
			close(packets)
			sender.Wait()
			end(to, from, err)
			return
		}
	}
}

// end ends one direction, or a connection that broke.
func end(to, from net.Conn, err error) {
	if tcp, ok := to.(*net.TCPConn); ok && errors.Is(err, io.EOF) {
		_ = tcp.CloseWrite() // the other direction may go on
		return
	}
	_, _ = to.Close(), from.Close()
}
