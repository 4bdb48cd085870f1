package unpacker

import (
	"os"
	"sync"
	"sync/atomic"

	"github.com/kubeoci/oci/internal/calls"
)

// Creating a file takes longer than writing its few kilobytes, so that small files are
// written by several goroutines. A batch of them is worth waking one, and is mostly of one
// directory, of which only one goroutine can change the entries at a time.
const (
	maxWriters = 4
	maxBatches = maxWriters + 2 // one is filled, one waits
	batchSize  = 128 << 10
	batchFiles = 64
	smallFile  = batchSize / 2 // larger ones are written as they are read
)

// writers write small files below root. They report the failure of the first file in the
// order of the archive, as if they had written one after another.
type writers struct {
	root *os.Root
	// wrap returns the error for a file.
	wrap func(name string, err error) error

	filling  *batch // or nil
	made     int    // number of batches so far
	started  int    // number of goroutines
	finished bool   // no more work comes
	work     chan *batch
	free     chan *batch
	running  sync.WaitGroup
	stopped  atomic.Bool

	mu      sync.Mutex
	failure error
	failed  int // number of the batch that failure is of
}

// batch holds files one after another.
type batch struct {
	number  int
	content []byte
	files   []batchFile
}

type batchFile struct {
	name string
	end  int // in the content
}

// create begins to write a file that has the content that read fills in. Its error is that
// of read, or one of an earlier file.
func (w *writers) create(name string, size int, read func([]byte) error) error {
	if b := w.filling; b != nil && (len(b.content)+size > batchSize || len(b.files) == batchFiles) {
		w.hand()
		if err := w.err(); err != nil { // finish returns that of the first file
			return err
		}
	}
	if w.filling == nil {
		w.filling = w.take()
	}
	b := w.filling
	start := len(b.content)
	b.content = b.content[:start+size]
	if err := read(b.content[start:]); err != nil {
		b.content = b.content[:start]
		return err
	}
	b.files = append(b.files, batchFile{name, len(b.content)})
	return nil
}

// take returns an empty batch.
func (w *writers) take() *batch {
	var b *batch
	if w.made < maxBatches {
		if w.made == 0 {
			w.work, w.free = make(chan *batch, 1), make(chan *batch, maxBatches)
		}
		b = &batch{content: make([]byte, 0, batchSize)}
	} else {
		b = <-w.free
	}
	b.number, b.content, b.files = w.made, b.content[:0], b.files[:0]
	w.made++
	return b
}

// hand hands the batch over to a goroutine.
func (w *writers) hand() {
	b := w.filling
	w.filling = nil
	if w.started < maxWriters {
		w.started++
		w.running.Go(func() { w.run(b) })
		return
	}
	w.work <- b
}

func (w *writers) run(first *batch) {
	open := dirs{root: w.root}
	defer open.release()
	w.write(&open, first)
	for b := range w.work {
		w.write(&open, b)
	}
}

// write writes a batch, unless an earlier one failed.
func (w *writers) write(open *dirs, b *batch) {
	err := calls.Catch(func() error {
		start := 0
		for _, f := range b.files {
			if w.skips(b) {
				return nil
			}
			if err := open.write(f.name, b.content[start:f.end]); err != nil {
				return w.wrap(f.name, err)
			}
			start = f.end
		}
		return nil
	})
	w.fail(b, err)
	w.free <- b
}

// skips reports whether the rest of a batch is not needed.
func (w *writers) skips(b *batch) bool {
	if w.stopped.Load() {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure != nil && w.failed < b.number
}

func (w *writers) fail(b *batch, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil && (w.failure == nil || b.number < w.failed) {
		w.failure, w.failed = err, b.number
	}
}

func (w *writers) err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure
}

// finish writes the rest, ends the goroutines and returns the first failure. A panic of one
// of them is one of finish.
func (w *writers) finish() error {
	w.end()
	calls.Rethrow(w.failure)
	return w.failure
}

// stop ends the goroutines without writing the rest. It can be called more than once.
func (w *writers) stop() {
	w.stopped.Store(true)
	w.end()
}

func (w *writers) end() {
	if w.filling != nil {
		w.hand()
	}
	if w.made > 0 && !w.finished {
		w.finished = true
		close(w.work)
	}
	w.running.Wait()
}
