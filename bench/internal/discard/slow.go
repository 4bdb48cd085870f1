package discard

import (
	"net"
	"sync"
	"time"
)

// chunk bounds the bytes that a slow connection passes on at once.
const chunk = 16 << 10

// slack is the time by which a line may catch up, because sleeping takes longer than asked.
const slack = 5 * time.Millisecond

// line is one direction of a network, which all connections share.
type line struct {
	perByte time.Duration

	mu   sync.Mutex
	free time.Time // when the bytes so far have passed
}

func newLine(bytesPerSecond int) *line {
	return &line{perByte: time.Second / time.Duration(bytesPerSecond)}
}

// pass waits until n more bytes have passed.
func (l *line) pass(n int) {
	l.mu.Lock()
	if idle := time.Now().Add(-slack); l.free.Before(idle) {
		l.free = idle
	}
	l.free = l.free.Add(time.Duration(n) * l.perByte)
	wait := time.Until(l.free)
	l.mu.Unlock()
	time.Sleep(wait)
}

// slowListener accepts connections with limited bandwidth.
type slowListener struct {
	net.Listener
	up, down *line
}

func (l *slowListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(4 * chunk) // else megabytes wait on this side of the network
	}
	return &slowConn{conn, l}, nil
}

type slowConn struct {
	net.Conn
	network *slowListener
}

func (c *slowConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p[:min(len(p), chunk)])
	c.network.up.pass(n)
	return n, err
}

func (c *slowConn) Write(p []byte) (written int, err error) {
	for len(p) > 0 && err == nil {
		part := p[:min(len(p), chunk)]
		c.network.down.pass(len(part))
		var n int
		n, err = c.Conn.Write(part)
		written, p = written+n, p[n:]
	}
	return written, err
}
