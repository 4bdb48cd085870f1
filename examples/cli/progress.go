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

// Progress shows progress to a person: a line for each step and, on a terminal, a bar for
// the transfers.
type Progress struct {
	out   io.Writer
	bar   bool
	drawn bool
	parts map[digest.Digest]registry.Event // in transfer
}

// NewProgress returns a Progress that writes to out, with bars if out is a terminal.
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

// Line prints a line.
func (p *Progress) Line(format string, args ...any) {
	p.Close()
	p.print(format+"\n", args...)
}

// Transfer shows the transfer of a blob or manifest, or a tag. The word done, such as
// "sent", describes a complete one.
func (p *Progress) Transfer(e registry.Event, done string) {
	name := e.Descriptor.Digest.String()
	if e.Tag != "" {
		name = "tag " + e.Tag
	}
	switch {
	case e.Retry != nil:
		if name == "" {
			name = "the request"
		}
		p.Line("%s: attempt %d: %v; next attempt in %v", name, e.Retry.Attempt, e.Retry.Err, e.Retry.Wait.Round(time.Millisecond))
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
		name += fmt.Sprintf(", %d bytes", e.Descriptor.Size)
	}
	p.Line("%s %s", done, name)
}

// draw draws one bar for all transfers.
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

// Close removes the bar.
func (p *Progress) Close() {
	if p.drawn {
		p.print("\r\x1b[K")
		p.drawn = false
	}
}

func (p *Progress) print(format string, args ...any) {
	_, _ = fmt.Fprintf(p.out, format, args...) // there is no other output to report it on
}
