package registry

import (
	"io"
	"sync"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Event reports that a step of a push or pull is done, or its progress.
type Event struct {
	// Descriptor describes the blob or manifest.
	Descriptor ocispec.Descriptor
	// Tag is the tag that a push sets to the manifest, and empty for a blob.
	Tag string
	// Bytes counts the bytes that were sent or received. The step is done when that
	// is Descriptor.Size. It may decrease: a failed transfer starts again.
	Bytes int64
	// Skipped is set if the content existed already.
	Skipped bool
	// Retry is set if the step failed and is retried.
	Retry *Retry
}

// reporter calls a callback, if there is one, with one event at a time.
type reporter struct {
	report func(Event)
	mu     sync.Mutex
}

func (r *reporter) emit(e Event) {
	if r.report == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report(e)
}

// retries reports attempts that failed and are retried.
func (r *reporter) retries(desc ocispec.Descriptor, tag string) func(Retry) {
	return func(retry Retry) { r.emit(Event{Descriptor: desc, Tag: tag, Retry: &retry}) }
}

// progressInterval is how often the progress of a blob is reported.
const progressInterval = 100 * time.Millisecond

// progress returns a reader that reports how much of a blob was read from body.
func (r *reporter) progress(body io.Reader, blob ocispec.Descriptor) io.Reader {
	if r.report == nil {
		return body
	}
	return &progressReader{Reader: body, reporter: r, blob: blob, reported: time.Now()}
}

type progressReader struct {
	io.Reader
	reporter *reporter
	blob     ocispec.Descriptor
	read     int64
	reported time.Time
}

func (p *progressReader) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	p.read += int64(n)
	if now := time.Now(); now.Sub(p.reported) >= progressInterval && p.read < p.blob.Size {
		p.reported = now
		p.reporter.emit(Event{Descriptor: p.blob, Bytes: p.read})
	}
	return n, err
}
