package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/kubeoci/oci/registry"
)

// Progress tells people what happens: in a line for each step, and on a terminal
// with a bar for what is on its way.
type Progress struct {
	out   io.Writer
	bar   bool
	drawn bool
	parts map[digest.Digest]registry.Event // that are on their way
}

// NewProgress writes to out, with bars if that is a terminal.
func NewProgress(out io.Writer) *Progress {
	return &Progress{out: out, bar: isTerminal(out), parts: map[digest.Digest]registry.Event{}}
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Line writes a line.
func (p *Progress) Line(format string, args ...any) {
	p.Close()
	p.print(format+"\n", args...)
}

// Transfer tells of a blob or manifest on its way. Where that is done, it says so
// with the word for it, such as "sent".
func (p *Progress) Transfer(e registry.Event, done string) {
	what := e.Descriptor.Digest.String()
	if e.Tag != "" {
		what = "tag " + e.Tag
	}
	switch {
	case e.Retry != nil:
		if what == "" {
			what = "the request"
		}
		p.Line("%s: attempt %d: %v; again in %v", what, e.Retry.Attempt, e.Retry.Err, e.Retry.Wait.Round(time.Millisecond))
		return
	case e.Bytes < e.Descriptor.Size:
		p.parts[e.Descriptor.Digest] = e
		p.draw()
		return
	}
	delete(p.parts, e.Descriptor.Digest)
	if e.Skipped {
		done = "unchanged:"
	}
	if e.Tag == "" {
		what += fmt.Sprintf(", %d bytes", e.Descriptor.Size)
	}
	p.Line("%s %s", done, what)
}

// draw draws one bar for all that is on its way.
func (p *Progress) draw() {
	if !p.bar {
		return
	}
	var done, total int64
	for _, e := range p.parts {
		done += e.Bytes
		total += e.Descriptor.Size
	}
	const width = 40
	filled := int(width * done / total)
	p.print("\r\x1b[K[%s%s] %d %% of %d bytes", strings.Repeat("#", filled), strings.Repeat(".", width-filled), 100*done/total, total)
	p.drawn = true
}

// Close takes the bar away.
func (p *Progress) Close() {
	if p.drawn {
		p.print("\r\x1b[K")
		p.drawn = false
	}
}

func (p *Progress) print(format string, args ...any) {
	_, _ = fmt.Fprintf(p.out, format, args...) // nobody is left to be told
}
