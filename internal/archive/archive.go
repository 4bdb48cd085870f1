// Package archive lays out tar streams that depend on the names and content of
// their files and on nothing else.
//
// Where everything lies in the stream follows from names and sizes alone, so
// its blocks can be filled independently of one another.
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
	// BlockSize is how many bytes of content a block has at most. What does not
	// fit into one block with others gets blocks of its own.
	BlockSize = 512 << 10
	// A block that has this size ends before an entry whose name says so. It
	// makes blocks begin at the same entries again behind one that grew.
	resyncSize = BlockSize / 2
	// One name in so many says so.
	resyncOdds = 16

	unit    = 512      // all there is in a tar stream is a multiple of it
	endSize = 2 * unit // of zeros
)

// Archive is a tar stream that is not written yet.
type Archive struct {
	records []record
	ends    []int64 // of the blocks
	size    int64
	largest int64 // block
	headers headers
}

// record is a file or folder in the stream: header, content, padding.
type record struct {
	name    string // ends in a slash for a folder
	entry   int    // among those given to New
	offset  int64  // in the stream
	header  int64  // bytes of the header
	content int64  // bytes of the content
}

func (r record) end() int64 { return r.offset + r.header + (r.content+unit-1)/unit*unit }

// New lays the entries out, which have to come in the order of their paths'
// bytes and be free of collisions, as a tar stream of at most limit bytes.
// Every folder that holds an entry gets an entry of its own before it, since
// oras pull creates none that is not listed.
//
// The stream uses the USTAR format, and PAX records for names that do not fit
// it. Blocks are cut where names and sizes say so.
func New(entries []Entry, limit int64) (*Archive, error) {
	a := new(Archive)
	var err error
	if a.headers, err = newHeaders(); err != nil {
		return nil, err
	}
	a.records = make([]record, 0, len(entries)+len(entries)/4) // with folders
	before := ""
	for i, e := range entries {
		if size := a.size + e.Size + endSize; size > limit {
			return nil, tooLarge(size, limit)
		}
		if err := a.addDirs(e.Path, before); err != nil {
			return nil, err
		}
		before = e.Path
		if err := a.add(record{name: e.Path, entry: i, content: e.Size}); err != nil {
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
	return fmt.Errorf("%w: at least %d bytes, and %d are allowed", ErrTooLarge, size, limit)
}

// addDirs adds the folders that an entry is in, but for those of the entry
// before it: what is in a folder comes in one piece.
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

// add puts a record at the end, and ends blocks before and in it.
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
	content := r.offset + r.header
	for done := int64(BlockSize); done < r.content; done += BlockSize {
		a.ends = append(a.ends, content+done)
	}
	a.records = append(a.records, r)
	a.size = r.end()
	return nil
}

// blockStart is where the last block starts, which has no end yet.
func (a *Archive) blockStart() int64 {
	if len(a.ends) == 0 {
		return 0
	}
	return a.ends[len(a.ends)-1]
}

// Size is the number of bytes in the stream.
func (a *Archive) Size() int64 { return a.size }

// Blocks is the number of blocks that make up the stream.
func (a *Archive) Blocks() int { return len(a.ends) }

// Block returns block n, in buf if that is large enough. What is in a file it
// has from content, which fills p with the bytes from offset on of an entry, and
// whose error is returned as it is. It is called for empty files as well: they
// may not be empty any more.
//
// Block may be called concurrently.
func (a *Archive) Block(buf []byte, n int, content func(entry int, p []byte, offset int64) error) ([]byte, error) {
	var start int64
	if n > 0 {
		start = a.ends[n-1]
	}
	end := a.ends[n]
	if int64(cap(buf)) < end-start {
		buf = make([]byte, a.largest) // for all to come
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
			filled = r.offset + r.header
		}
		to := min(r.offset+r.header+r.content, end)
		if filled < to || r.content == 0 && !isDir(r.name) {
			if err := content(r.entry, block[filled-start:to-start], filled-r.offset-r.header); err != nil {
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
