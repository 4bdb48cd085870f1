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
	// Listed is the length of the beginning of Path that is a directory with its
	// slash, and the longest one above an earlier entry. It is 0 if none is.
	Listed int
	// Role is that in a pair of entries that follow one another and have the same
	// content.
	Role Role
}

// Role is the part of an entry in a pair.
type Role int8

// Roles.
const (
	Single Role = iota // no other entry has the content
	First              // the next entry has it too
	Copy               // the entry before has it
)

// Shared returns the length of the longest directory, with its slash, that is above both
// of two files.
func Shared(a, b string) int {
	shared := 0
	for i := 0; i < len(a) && i < len(b) && a[i] == b[i]; i++ {
		if a[i] == '/' {
			shared = i + 1
		}
	}
	return shared
}

const (
	// BlockSize is the maximum number of bytes of content in a block. A file that
	// does not fit into one block gets blocks of its own. A group of blocks has as much,
	// or twice as much if a block and its twin are in it.
	BlockSize = 512 << 10
	// AloneSize is the number of bytes of content above which a file and its copy get
	// blocks of their own, so that the compressed content serves both. The window of
	// DEFLATE (32 KiB: RFC 1951, section 2) does not reach from the copy of such a file
	// back to the file. A block of its own cannot refer to the files before it either: if
	// it held files that are hardly larger than the window, the layer would grow by more
	// than the work for it shrinks.
	AloneSize = 48 << 10
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
	groups  []int // index of the first block of each
	size    int64
	headers headers
	alone   int  // index of the first block with the content of the last First that is alone
	closed  bool // the last block takes no further record
}

// block begins with a record, or within its content.
type block struct {
	start  int64 // offset in the stream
	record int64 // offset of the record
	entry  int   // that the record is of
	parent int   // length of the part of its path that precedes the record's name
	twin   int   // index of the block before that has the same bytes, or -1
}

// record is a file or directory in the stream: header, content, padding.
type record struct {
	name    string // ends in a slash for a directory
	entry   int    // index
	offset  int64  // in the stream
	header  int64  // bytes of the header
	content int64  // bytes of the content
	role    Role   // of the entry
}

// start returns the offset of the content.
func (r record) start() int64 { return r.offset + r.header }

func (r record) end() int64 { return r.start() + (r.content+unit-1)/unit*unit }

func (r record) parent() int { return strings.LastIndexByte(strings.TrimSuffix(r.name, "/"), '/') + 1 }

// isAlone reports whether the content of a file gets blocks of its own.
func (r record) isAlone() bool { return r.role != Single && r.content > AloneSize }

// New lays n entries out as a tar stream of at most limit bytes. The entries must be
// free of collisions. Every directory that holds an entry gets a record of its own
// before the first of them, because oras pull creates only directories that are listed.
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
	if len(a.blocks) == 0 || a.closed { // the last block has the bytes of its twin alone
		a.blocks = append(a.blocks, block{start: a.size, record: a.size, entry: n, twin: -1})
	}
	if a.size += endSize; a.size > limit {
		return nil, tooLarge(a.size, limit)
	}
	a.group()
	return a, nil
}

// group divides the blocks into groups.
func (a *Archive) group() {
	first := 0
	for n := range a.blocks {
		if n == 0 || a.end(n)-a.blocks[first].start > BlockSize && !a.isPaired(n) {
			a.groups = append(a.groups, n)
			first = n
		}
	}
}

// isPaired reports whether block n is the twin of the second block before it, or between
// two such blocks: a file that fits into one block is read once for both.
func (a *Archive) isPaired(n int) bool {
	isSecond := func(n int) bool { return n > 1 && n < len(a.blocks) && a.blocks[n].twin == n-2 }
	return isSecond(n) || isSecond(n+1)
}

func tooLarge(size, limit int64) error {
	return fmt.Errorf("%w: at least %d bytes, and the limit is %d", ErrTooLarge, size, limit)
}

// walk calls f for all records, from the one that a block begins with. The directories
// above an entry precede it, except those that were listed before.
func (a *Archive) walk(from block, f func(record) error) error {
	offset := from.record
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
		if i == from.entry {
			e.Listed = max(e.Listed, from.parent)
		}
		for at := e.Listed; at < len(e.Path); at++ {
			if e.Path[at] != '/' {
				continue
			}
			if err := visit(record{name: e.Path[:at+1], entry: i, role: e.Role}); err != nil {
				return err
			}
		}
		if err := visit(record{name: e.Path, entry: i, content: e.Size, role: e.Role}); err != nil {
			return err
		}
	}
	return nil
}

// add begins blocks at and within a record.
func (a *Archive) add(r record) {
	begin := func(start int64, twin int) {
		a.blocks = append(a.blocks, block{start: start, record: r.offset, entry: r.entry, parent: r.parent(), twin: twin})
	}
	if a.isFull(r) {
		begin(r.offset, -1)
	}
	from, next, twin := r.start()+BlockSize, len(a.blocks), -1
	if a.closed = r.isAlone(); a.closed {
		from = r.start()
	}
	if r.role == First {
		a.alone = next
	}
	for start := from; start < r.start()+r.content; start += BlockSize {
		if a.closed && r.role == Copy {
			twin = a.alone + len(a.blocks) - next
		}
		begin(start, twin)
	}
	a.size = r.end()
}

// isFull reports whether a block has to begin at a record. A file and its copy, and the
// directories between them, are in one block unless they are alone.
func (a *Archive) isFull(r record) bool {
	switch {
	case len(a.blocks) == 0 || a.closed:
		return true
	case r.role == Copy:
		return false
	}
	size := r.offset - a.blocks[len(a.blocks)-1].start // of the block so far
	added := r.end() - r.offset
	switch {
	case r.isAlone():
		added = r.header
	case r.role == First:
		added *= 2
	}
	return size > 0 && size+added > BlockSize ||
		size >= resyncSize && crc32.ChecksumIEEE([]byte(r.name))%resyncOdds == 0
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

// Groups returns the number of groups of the blocks.
func (a *Archive) Groups() int { return len(a.groups) }

// Group returns the index of the first block of group n, that of the block after the
// group, and the number of bytes in it: at most twice [BlockSize], and some headers.
func (a *Archive) Group(n int) (first, end int, size int64) {
	first, end = a.groups[n], len(a.blocks)
	if n+1 < len(a.groups) {
		end = a.groups[n+1]
	}
	return first, end, a.end(end-1) - a.blocks[first].start
}

// LargestGroup returns the most bytes that a group has.
func (a *Archive) LargestGroup() (most int64) {
	for n := range a.groups {
		_, _, size := a.Group(n)
		most = max(most, size)
	}
	return most
}

// Twin returns the block before n that has the same bytes, and whether there is one: both
// hold a part of the content of a large file.
func (a *Archive) Twin(n int) (twin int, found bool) {
	twin = a.blocks[n].twin
	return twin, twin >= 0
}

// Block returns block n, in buf if that is large enough. It calls content to fill p
// with the bytes of an entry that start at offset, and returns its errors unchanged.
// It calls content for empty files as well, because they may have been filled, and not
// for copies in the block of the first.
//
// Block may be called concurrently.
func (a *Archive) Block(buf []byte, n int, content func(entry int, p []byte, offset int64) error) ([]byte, error) {
	start, end := a.blocks[n].start, a.end(n)
	if int64(cap(buf)) < end-start {
		buf = make([]byte, end-start)
	}
	p := buf[:end-start]
	filled := start
	var first []byte // content of the last file, if this block has all of it
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
		text := p[filled-start : to-start]
		switch {
		case isDir(r.name):
		case r.role == Copy && !r.isAlone():
			copy(text, first)
		case len(text) > 0 || r.content == 0:
			if err := content(r.entry, text, filled-r.start()); err != nil {
				return err
			}
			first = text
		}
		filled, to = to, min(r.end(), end)
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
