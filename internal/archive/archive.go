// Package archive lays out tar streams that depend on nothing but the names and
// content of their files.
//
// Names and sizes alone determine the offset of everything in the stream, so its
// blocks can be filled independently of one another.
package archive

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
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

// Archive describes a tar stream that is not written yet.
type Archive struct {
	records []record
	ends    []int64 // offsets at which the blocks end
	size    int64
	largest int64 // size of the largest block
	headers headers
}

// record is a file or directory in the stream: header, content, padding.
type record struct {
	name    string // ends in a slash for a directory
	offset  int64  // in the stream
	content int64  // bytes of the content
	header  int32  // bytes of the header
	entry   int32  // index of the entry given to New
}

// start returns the offset of the content.
func (r record) start() int64 { return r.offset + int64(r.header) }

func (r record) end() int64 { return r.start() + (r.content+unit-1)/unit*unit }

// New lays n entries out as a tar stream of at most limit bytes. The entries must
// be in the order of their paths' bytes and free of collisions. Every directory
// that holds an entry gets an entry of its own before it, because oras pull creates
// only directories that are listed.
//
// The stream uses the USTAR format, and PAX records for names that do not fit it.
// Names and sizes alone determine the borders of its blocks.
func New(n int, entry func(i int) Entry, limit int64) (*Archive, error) {
	a := new(Archive)
	var err error
	if a.headers, err = newHeaders(); err != nil {
		return nil, err
	}
	a.records = make([]record, 0, n+n/4) // with directories
	before := ""
	for i := range n {
		e := entry(i)
		if size := a.size + e.Size + endSize; size > limit {
			return nil, tooLarge(size, limit)
		}
		if err := a.addDirs(e.Path, before); err != nil {
			return nil, err
		}
		before = e.Path
		if err := a.add(record{name: e.Path, entry: int32(i), content: e.Size}); err != nil {
			return nil, err
		}
	}
	if a.size += endSize; a.size > limit {
		return nil, tooLarge(a.size, limit)
	}
	a.ends = append(a.ends, a.size)
	var start int64
	for _, end := range a.ends {
		a.largest = max(a.largest, end-start)
		start = end
	}
	return a, nil
}

func tooLarge(size, limit int64) error {
	return fmt.Errorf("%w: at least %d bytes, and the limit is %d", ErrTooLarge, size, limit)
}

// addDirs adds the directories above an entry, except those that the entry before
// it has in common: the entries of a directory follow one another.
func (a *Archive) addDirs(name, before string) error {
	for i := range len(name) {
		if name[i] != '/' || strings.HasPrefix(before, name[:i+1]) {
			continue
		}
		if err := a.add(record{name: name[:i+1]}); err != nil {
			return err
		}
	}
	return nil
}

// add appends a record, and ends blocks before and within it.
func (a *Archive) add(r record) (err error) {
	r.offset = a.size
	if r.header, err = headerSize(r); err != nil {
		return err
	}
	block := a.size - a.blockStart()
	switch {
	case block == 0:
	case block+r.end()-r.offset > BlockSize,
		block >= resyncSize && crc32.ChecksumIEEE([]byte(r.name))%resyncOdds == 0:
		a.ends = append(a.ends, a.size)
	}
	content := r.start()
	for done := int64(BlockSize); done < r.content; done += BlockSize {
		a.ends = append(a.ends, content+done)
	}
	a.records = append(a.records, r)
	a.size = r.end()
	return nil
}

// blockStart returns the offset of the last block, which has no end yet.
func (a *Archive) blockStart() int64 {
	if len(a.ends) == 0 {
		return 0
	}
	return a.ends[len(a.ends)-1]
}

// Size returns the number of bytes in the stream.
func (a *Archive) Size() int64 { return a.size }

// Blocks returns the number of blocks that make up the stream.
func (a *Archive) Blocks() int { return len(a.ends) }

// Block returns block n, in buf if that is large enough. It calls content to fill p
// with the bytes of an entry that start at offset, and returns its errors unchanged.
// It calls content for empty files as well, because they may have been filled.
//
// Block may be called concurrently.
func (a *Archive) Block(buf []byte, n int, content func(entry int, p []byte, offset int64) error) ([]byte, error) {
	var start int64
	if n > 0 {
		start = a.ends[n-1]
	}
	end := a.ends[n]
	if int64(cap(buf)) < end-start {
		buf = make([]byte, a.largest) // fits every block
	}
	block := buf[:end-start]

	first, found := slices.BinarySearchFunc(a.records, start, func(r record, at int64) int {
		return cmp.Compare(r.offset, at)
	})
	if !found { // it begins within the record before
		first--
	}
	filled := start
	for _, r := range a.records[max(first, 0):] {
		if r.offset >= end {
			break
		}
		if r.offset >= start {
			if err := a.headers.write(block[r.offset-start:][:r.header], r); err != nil {
				return nil, err
			}
			filled = r.start()
		}
		to := min(r.start()+r.content, end)
		if filled < to || r.content == 0 && !isDir(r.name) {
			if err := content(int(r.entry), block[filled-start:to-start], filled-r.start()); err != nil {
				return nil, err
			}
			filled = to
		}
		to = min(r.end(), end)
		clear(block[filled-start : to-start])
		filled = to
	}
	clear(block[filled-start:]) // the end of the stream
	return block, nil
}

func isDir(name string) bool { return strings.HasSuffix(name, "/") }
