package packager

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"

	"github.com/klauspost/compress/flate"
)

// defaultLevel is the default of [Options.Level]. It takes less than a third of the time of
// the standard library's gzip at its default level, for layers that are 2 to 11 % larger
// (BenchmarkPackLevel, and public trees). Level 6 takes 10 to 30 % longer, for layers that
// are 1 to 3 % smaller.
const defaultLevel = 5

const minLevel, maxLevel = 1, 9

// compressors compress blocks that form one stream when concatenated (RFC 1951 section
// 3.2.4: each ends at a byte boundary). A block does not refer to any other, so its
// compressed form depends on its content and the level alone, and not on the core that
// compressed it.
//
// There is one for each core, and not for each slot: a compressor takes a megabyte, and
// the first use of that memory is much of the time of a small push. For the same reason, a
// small archive gets fewer.
type compressors struct {
	level int
	idle  chan *flate.Writer // nil for one that is not made yet
}

func newCompressors(level int, size int64) *compressors {
	const perCompressor = 2 << 20 // bytes of the archive
	c := &compressors{level, make(chan *flate.Writer, min(workers(), 1+int(size/perCompressor)))}
	for range cap(c.idle) {
		c.idle <- nil
	}
	return c
}

// compress appends the compressed block to out, and returns it.
func (c *compressors) compress(out *output, block []byte) (_ []byte, err error) {
	deflate := <-c.idle
	defer func() { c.idle <- deflate }()
	if deflate == nil {
		if deflate, err = flate.NewWriter(out, c.level); err != nil {
			return nil, err
		}
	} else {
		deflate.Reset(out)
	}
	before := len(*out)
	if _, err := deflate.Write(block); err != nil {
		return nil, err
	}
	if err := deflate.Flush(); err != nil {
		return nil, err
	}
	return (*out)[before:], nil
}

// output holds the bytes written to it.
type output []byte

func (o *output) Write(p []byte) (int, error) {
	*o = append(*o, p...)
	return len(p), nil
}

var (
	// gzipHeader is the header of a file without name and time, from an unknown
	// system (RFC 1952 section 2.3).
	gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}
	// endOfStream is an empty final block with fixed codes (RFC 1951 section
	// 3.2.6).
	endOfStream = []byte{0x03, 0x00}
)

// gzipWriter assembles a gzip file from compressed blocks.
type gzipWriter struct {
	w       io.Writer
	written io.ReaderAt // what w wrote
	offset  int64
	blocks  []span
	crc     uint32
	size    uint32 // modulo 2^32
	again   []byte // memory for a block that is read back
}

// span is a compressed block in the file.
type span struct{ offset, size int64 }

func (g *gzipWriter) write(p []byte) error {
	n, err := g.w.Write(p)
	g.offset += int64(n)
	return err
}

func (g *gzipWriter) open() error { return g.write(gzipHeader) }

// add writes the next block. The compressed content of one that has a twin is read back.
func (g *gzipWriter) add(b block) error {
	compressed := b.compressed
	if b.twin >= 0 {
		twin := g.blocks[b.twin]
		g.again = slices.Grow(g.again[:0], int(twin.size))[:twin.size]
		if _, err := g.written.ReadAt(g.again, twin.offset); err != nil {
			return err
		}
		compressed = g.again
	}
	g.blocks = append(g.blocks, span{g.offset, int64(len(compressed))})
	g.crc = crc32.Update(g.crc, crc32.IEEETable, b.raw)
	g.size += uint32(len(b.raw))
	return g.write(compressed)
}

func (g *gzipWriter) close() error {
	trailer := binary.LittleEndian.AppendUint32(bytes.Clone(endOfStream), g.crc)
	return g.write(binary.LittleEndian.AppendUint32(trailer, g.size))
}
