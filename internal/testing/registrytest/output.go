package registrytest

import (
	"bytes"
	"regexp"
	"sync"
)

// maxOutput bounds the output kept of a program.
const maxOutput = 16 << 10

// output keeps the end of a program's output and finds the port in it on which the
// program listens.
type output struct {
	listening *regexp.Regexp
	port      chan string // holds the port once it is known

	mu   sync.Mutex
	kept []byte
	line []byte // incomplete so far
}

func newOutput(listening *regexp.Regexp) *output {
	o := &output{listening: listening}
	o.reset()
	return o
}

// reset forgets the port of an earlier start.
func (o *output) reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.port, o.line = make(chan string, 1), nil
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = append(o.kept, p...)
	o.kept = o.kept[max(0, len(o.kept)-maxOutput):]
	o.line = append(o.line, p...)
	for {
		line, rest, whole := bytes.Cut(o.line, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		o.line = rest
		o.look(line)
	}
}

func (o *output) look(line []byte) {
	found := o.listening.FindSubmatch(line)
	if found == nil {
		return
	}
	select {
	case o.port <- string(bytes.Join(found[1:], nil)):
	default: // already known
	}
}

// String returns the end of the output.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(bytes.TrimSpace(o.kept))
}
