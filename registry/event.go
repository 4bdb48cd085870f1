package registry

import (
	"io"
	"sync"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Event says that a step of a push or pull is done, or how far it is.
type Event struct {
	// Descriptor is of the blob or manifest in question.
	Descriptor ocispec.Descriptor
	// Tag is the tag that a push sets to the manifest, and empty for a blob.
	Tag string
	// Bytes is how much of it was sent or received. The step is done when that is
	// all, which is Descriptor.Size. It may become less: what fails is begun anew.
	Bytes int64
	// Skipped says that it was there already.
	Skipped bool
	// Again says that the step failed, and is tried again. Nil otherwise.
	Again *Again
}

// teller calls a callback, if there is one, for one event at a time.
type teller struct {
	tell func(Event)
	mu   sync.Mutex
}

func (t *teller) emit(e Event) {
	if t.tell == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tell(e)
}

// again tells of attempts that failed.
func (t *teller) again(desc ocispec.Descriptor, tag string) func(Again) {
	return func(a Again) { t.emit(Event{Descriptor: desc, Tag: tag, Again: &a}) }
}

// progressInterval is how often a blob on its way is told of.
const progressInterval = 100 * time.Millisecond

// watch tells how much of a blob was read from r.
func (t *teller) watch(r io.Reader, blob ocispec.Descriptor) io.Reader {
	if t.tell == nil {
		return r
	}
	return &progressReader{Reader: r, teller: t, blob: blob, told: time.Now()}
}

type progressReader struct {
	io.Reader
	teller *teller
	blob   ocispec.Descriptor
	read   int64
	told   time.Time
}

func (p *progressReader) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	p.read += int64(n)
	if now := time.Now(); now.Sub(p.told) >= progressInterval && p.read < p.blob.Size {
		p.told = now
		p.teller.emit(Event{Descriptor: p.blob, Bytes: p.read})
	}
	return n, err
}
