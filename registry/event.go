package registry

import (
	"context"
	"io"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/calls"
)

// Event reports that a step of a push or pull is done, or its progress.
//
// Events are delivered one at a time and in order, from goroutines of the library that end
// before the call returns. The call waits for a callback to return, except that a blob goes on being
// transferred; of its progress a slow callback receives less. A callback may use the
// Client. If it panics, the call ends, and panics itself. One that still blocks when the
// call's context ends is left running.
type Event struct {
	// Descriptor describes the blob or manifest. It is zero if the look-up of a tag, or of the
	// manifest to pull, is retried.
	Descriptor ocispec.Descriptor
	// Tag is the tag that a push looks up or sets to the manifest, or that a pull looks up, and
	// empty for a blob.
	Tag string
	// Step is the name of the [Step] that was done for the manifest, or empty.
	Step string
	// Bytes counts the bytes that were sent or received. The step is done when that
	// is Descriptor.Size and Retry is nil. It may decrease: a failed transfer starts again.
	Bytes int64
	// Skipped is set if the content existed already.
	Skipped bool
	// Retry is set if the step failed and is retried.
	Retry *Retry
}

// reporter delivers events to a callback, if there is one.
type reporter struct{ calls.Events[Event] }

func newReporter(report func(Event)) *reporter {
	return &reporter{calls.Events[Event]{Deliver: report, Replaces: replaces}}
}

// replaces reports whether an event makes an earlier report of progress superfluous.
func replaces(newer, older Event) bool {
	return isTransfer(newer) && isTransfer(older) && newer.Descriptor.Digest == older.Descriptor.Digest &&
		older.Bytes < older.Descriptor.Size
}

func isTransfer(e Event) bool { return e.Tag == "" && e.Step == "" && e.Retry == nil }

// retries reports attempts that failed and are retried. ref is a tag, a digest or empty.
func (r *reporter) retries(ctx context.Context, desc ocispec.Descriptor, ref string) func(Retry) {
	tag := ref
	if strings.Contains(ref, ":") {
		tag = ""
	}
	return func(retry Retry) { r.Send(ctx, Event{Descriptor: desc, Tag: tag, Retry: &retry}) }
}

// progressInterval is how often the progress of a blob is reported.
const progressInterval = 100 * time.Millisecond

// progress returns a reader that reports how much of a blob was read from body.
func (r *reporter) progress(body io.Reader, blob ocispec.Descriptor) io.Reader {
	if r.Deliver == nil {
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
		p.reporter.Emit(Event{Descriptor: p.blob, Bytes: p.read})
	}
	return n, err
}
