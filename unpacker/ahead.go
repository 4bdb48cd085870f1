package unpacker

import (
	"io"
	"sync"

	"github.com/kubeoci/oci/internal/calls"
)

// At most aheadBlocks times aheadSize bytes are read before they are needed. A block is
// large enough that handing it over costs nothing beside decompressing it.
const (
	aheadSize   = 64 << 10
	aheadBlocks = 8
)

// ahead reads from another reader in a goroutine of its own, so that decompressing goes on
// while files are written. Bytes and errors arrive in order.
type ahead struct {
	filled  chan block
	empty   chan []byte
	stop    chan struct{}
	running sync.WaitGroup
	current block
	unread  []byte // part of current
}

// block holds the bytes of a part of the stream.
type block struct {
	data []byte
	err  error // after data
}

// readAhead starts to read from r. The caller closes the result before it closes r.
func readAhead(r io.Reader) *ahead {
	a := &ahead{filled: make(chan block, aheadBlocks), empty: make(chan []byte, aheadBlocks), stop: make(chan struct{})}
	for range aheadBlocks {
		a.empty <- nil // allocated when needed: most artifacts are small
	}
	a.running.Go(func() { a.fill(r) })
	return a
}

func (a *ahead) fill(r io.Reader) {
	for {
		var buffer []byte
		select {
		case buffer = <-a.empty:
		case <-a.stop:
			return
		}
		if buffer == nil {
			buffer = make([]byte, aheadSize)
		}
		n := 0
		err := calls.Catch(func() (err error) {
			for n < len(buffer) && err == nil {
				var more int
				more, err = r.Read(buffer[n:])
				n += more
			}
			return err
		})
		select {
		case a.filled <- block{buffer[:n], err}:
		case <-a.stop:
			return
		}
		if err != nil {
			return
		}
	}
}

// Read implements [io.Reader]. A panic of the other reader is one of Read.
func (a *ahead) Read(p []byte) (int, error) {
	for len(a.unread) == 0 {
		if a.current.err != nil {
			calls.Rethrow(a.current.err)
			return 0, a.current.err
		}
		if a.current.data != nil {
			a.empty <- a.current.data[:aheadSize]
		}
		a.current = <-a.filled
		a.unread = a.current.data
	}
	n := copy(p, a.unread)
	a.unread = a.unread[n:]
	return n, nil
}

// close ends the goroutine.
func (a *ahead) close() {
	close(a.stop)
	a.running.Wait()
}
