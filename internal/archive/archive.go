// Package archive lays out tar streams that depend on nothing but the names and
// content of their files.
//
// Names and sizes alone determine the offset of everything in the stream, so its
// blocks can be filled independently of one another.
package archive

import (
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
)

// ErrTooLarge reports a stream that would exceed the limit given to [New].
var ErrTooLarge = errors.New("archive is too large")

// Entry is a regular file of the archive.
type Entry struct {
	Path string // relative, clean and slash-separated
	Size int64
}

const (
	// BlockSize is the maximum number of bytes of content in a block. A file that
	// does not fit into one block gets blocks of its own.
	BlockSize = 512 << 10
	// resyncSize is the size from which a block ends before the next entry whose
	// name has a certain checksum. So blocks begin at the same entries again after
	// a file that grew.
	resyncSize = BlockSize / 2
	// resyncOdds is the number of names of which one has that checksum, on average.
	resyncOdds = 16

	unit    = 512      // everything in a tar stream has a multiple of this size
	endSize = 2 * unit // of zeros
)

// Archive describes a tar stream that is not written yet. It holds no list of the
// records, which would take more memory than all names: they follow from the entries.
type Archive struct {
	n       int
	entry   func(int) Entry
	blocks  []block
	size    int64
	largest int64 // size of the largest block
	headers headers
}

// block begins with a record, or within its content.
type block struct {
	start  int64 // offset in the stream
	record int64 // offset of the record
	entry  int   // that the record is of
	parent int   // length of the part of its path that precedes the record's name
}

// record is a file or directory in the stream: header, content, padding.
type record struct {
	name    string // ends in a slash for a directory
	entry   int    // index
	offset  int64  // in the stream
	header  int64  // bytes of the header
	content int64  // bytes of the content
}

// start returns the offset of the content.
func (r record) start() int64 { return r.offset + r.header }

func (r record) end() int64 { return r.start() + (r.content+unit-1)/unit*unit }

func (r record) parent() int { return strings.LastIndexByte(strings.TrimSuffix(r.name, "/"), '/') + 1 }

// New lays n entries out as a tar stream of at most limit bytes. The entries must
// be in the order of their paths' bytes and free of collisions. Every directory
// that holds an entry gets an entry of its own before it, because oras pull creates
// only directories that are listed.
//
// The stream uses the USTAR format, and PAX records for names that do not fit it.
// Names and sizes alone determine the borders of its blocks.
func New(n int, entry func(i int) Entry, limit int64) (*Archive, error) {
	a := &Archive{n: n, entry: entry}
	var err error
	if a.headers, err = newHeaders(); err != nil {
		return nil, err
	}
	err = a.walk(block{}, func(r record) error {
		if size := r.offset + r.content + endSize; r.content > limit || size > limit {
			return tooLarge(max(size, r.content), limit)
		}
		a.add(r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if a.size += endSize; a.size > limit {
		return nil, tooLarge(a.size, limit)
	}
	if len(a.blocks) == 0 {
		a.blocks = make([]block, 1)
	}
	for i := range a.blocks {
		a.largest = max(a.largest, a.end(i)-a.blocks[i].start)
	}
	return a, nil
}

func tooLarge(size, limit int64) error {
	return fmt.Errorf("%w: at least %d bytes, and the limit is %d", ErrTooLarge, size, limit)
}

// walk calls f for all records, from the one that a block begins with. The directories
// above an entry precede it, except those that the entry before it has in common: the
// entries of a directory follow one another.
func (a *Archive) walk(from block, f func(record) error) error {
	offset, before := from.record, ""
	if from.entry < a.n {
		before = a.entry(from.entry).Path[:from.parent]
	}
	visit := func(r record) (err error) {
		r.offset = offset
		if r.header, err = headerSize(r); err != nil {
			return err
		}
		offset = r.end()
		return f(r)
	}
	for i := from.entry; i < a.n; i++ {
		e := a.entry(i)
		for at := range len(e.Path) {
			if e.Path[at] != '/' || strings.HasPrefix(before, e.Path[:at+1]) {
				continue
			}
			if err := visit(record{name: e.Path[:at+1], entry: i}); err != nil {
				return err
			}
		}
		before = e.Path
		if err := visit(record{name: e.Path, entry: i, content: e.Size}); err != nil {
			return err
		}
	}
	return nil
}

// add begins blocks at and within a record.
func (a *Archive) add(r record) {
	begin := func(start int64) {
		a.blocks = append(a.blocks, block{start: start, record: r.offset, entry: r.entry, parent: r.parent()})
	}
	size := int64(0) // of the block so far
	if len(a.blocks) > 0 {
		size = r.offset - a.blocks[len(a.blocks)-1].start
	}
	if len(a.blocks) == 0 || size > 0 && size+r.end()-r.offset > BlockSize ||
		size >= resyncSize && crc32.ChecksumIEEE([]byte(r.name))%resyncOdds == 0 {
		begin(r.offset)
	}
	for done := int64(BlockSize); done < r.content; done += BlockSize {
		begin(r.start() + done)
	}
	a.size = r.end()
}

// end returns the offset at which a block ends.
func (a *Archive) end(block int) int64 {
	if block+1 < len(a.blocks) {
		return a.blocks[block+1].start
	}
	return a.size
}

// Size returns the number of bytes in the stream.
func (a *Archive) Size() int64 { return a.size }

// Blocks returns the number of blocks that make up the stream.
func (a *Archive) Blocks() int { return len(a.blocks) }

// Block returns block n, in buf if that is large enough. It calls content to fill p
// with the bytes of an entry that start at offset, and returns its errors unchanged.
// It calls content for empty files as well, because they may have been filled.
//
// Block may be called concurrently.
func (a *Archive) Block(buf []byte, n int, content func(entry int, p []byte, offset int64) error) ([]byte, error) {
	start, end := a.blocks[n].start, a.end(n)
	if int64(cap(buf)) < end-start {
		buf = make([]byte, a.largest) // fits every block
	}
	p := buf[:end-start]
	filled := start
	err := a.walk(a.blocks[n], func(r record) error {
		if r.offset >= end {
			return errEnd
		}
		if r.offset >= start {
			if err := a.headers.write(p[r.offset-start:][:r.header], r); err != nil {
				return err
			}
			filled = r.start()
		}
		to := min(r.start()+r.content, end)
		if filled < to || r.content == 0 && !isDir(r.name) {
			if err := content(r.entry, p[filled-start:to-start], filled-r.start()); err != nil {
				return err
			}
			filled = to
		}
		to = min(r.end(), end)
		clear(p[filled-start : to-start])
		filled = to
		return nil
	})
	if err != nil && err != errEnd {
		return nil, err
	}
	clear(p[filled-start:]) // the end of the stream
	return p, nil
}

// errEnd ends a walk.
var errEnd = errors.New("end of the block")

func isDir(name string) bool { return strings.HasSuffix(name, "/") }
