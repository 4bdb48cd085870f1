package unpacker

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/packager"
)

// reader is an [io.Reader] without other methods that io.Copy would look for.
type reader struct{ io.Reader }

// fetchLayer verifies a layer, and returns it for reading: the bytes that were
// verified, and not what the source gives at a second time. spooler holds them
// until it is closed.
func fetchLayer(ctx context.Context, src Fetcher, layer ocispec.Descriptor, spooler *packager.Store, opts Options) (io.ReadCloser, error) {
	if err := checkDescriptor(layer); err != nil {
		return nil, err
	}
	if layer.Size > opts.MaxCompressedSize {
		return nil, &BlobError{layer, fmt.Sprintf("it has %d bytes", layer.Size), &LimitError{Limit: "MaxCompressedSize", Max: opts.MaxCompressedSize}}
	}
	blob, err := src.Fetch(ctx, layer)
	if err != nil {
		return nil, fetchError(layer, err)
	}
	if _, verified := src.(*packager.Store); verified { // when it was taken in
		return blob, nil
	}
	defer func() { _ = blob.Close() }() // only read from
	source := &contextReader{ctx: ctx, r: blob}
	switch err := spooler.Push(ctx, layer, source); {
	case source.err != nil:
		return nil, fetchError(layer, source.err)
	case err != nil:
		return nil, spoolError(layer, spooler.TempDir, err)
	}
	return spooler.Fetch(ctx, layer)
}

func spoolError(layer ocispec.Descriptor, dir string, err error) error {
	err = fetchError(layer, err)
	if _, ok := errors.AsType[*BlobError](err); ok {
		return err
	}
	return &TargetError{dir, systemError(err)}
}

// contextReader ends with the context, and remembers why it ended.
type contextReader struct {
	ctx context.Context
	r   io.Reader
	err error // never io.EOF
}

func (c *contextReader) Read(p []byte) (n int, err error) {
	if err = c.ctx.Err(); err == nil {
		n, err = c.r.Read(p)
	}
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

// stream is the archive in a layer, which it reads up to a limit.
type stream struct {
	layer ocispec.Descriptor
	raw   *contextReader
	plain io.Reader // of raw
	n     int64     // bytes read
	max   int64
	err   error // never io.EOF
}

// readSize is what is read of a layer at a time.
const readSize = 64 << 10

func openStream(ctx context.Context, blob io.Reader, layer ocispec.Descriptor, limit int64) (*stream, error) {
	s := &stream{layer: layer, raw: &contextReader{ctx: ctx, r: blob}, max: limit}
	raw := bufio.NewReaderSize(s.raw, readSize)
	found, err := sniff(raw)
	if err != nil && err != io.EOF {
		return nil, s.wrong(err)
	}
	if layer.MediaType == ocispec.MediaTypeImageLayer {
		s.plain = raw
		return s, s.refuse(found)
	}
	if found != formatGzip {
		return nil, &BlobError{layer, "its content is " + found + " and not gzip", ErrUnsupportedLayer}
	}
	member, err := gzip.NewReader(raw)
	if err != nil {
		return nil, s.wrong(err)
	}
	member.Multistream(false)
	plain := bufio.NewReaderSize(oneMember{member, raw}, readSize)
	s.plain = plain
	if found, err = sniff(plain); err != nil && err != io.EOF {
		return nil, s.wrong(err)
	}
	return s, s.refuse(found)
}

// refuse reports an archive that is compressed where it should be plain.
func (s *stream) refuse(found string) error {
	if found == formatOther {
		return nil
	}
	return &BlobError{s.layer, "its content is " + found + " where a tar archive should be", ErrUnsupportedLayer}
}

const (
	formatGzip  = "gzip"
	formatZstd  = "zstd"
	formatOther = "something else"
)

// sniff tells what the content is by its first bytes, and takes none.
func sniff(r *bufio.Reader) (string, error) {
	start, err := r.Peek(4)
	switch {
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}): // RFC 1952 section 2.3.1
		return formatGzip, nil
	case bytes.HasPrefix(start, []byte{0x28, 0xb5, 0x2f, 0xfd}): // RFC 8878 section 3.1.1
		return formatZstd, nil
	}
	return formatOther, err
}

var errBehind = errors.New("there is something behind the end of the gzip stream")

// oneMember is the content of a gzip file of one member, with nothing behind it.
type oneMember struct {
	member *gzip.Reader
	raw    io.ByteReader
}

func (o oneMember) Read(p []byte) (int, error) {
	n, err := o.member.Read(p)
	if err == io.EOF {
		if _, err = o.raw.ReadByte(); err == nil {
			err = errBehind
		}
	}
	return n, err
}

// Read ends with a typed error, except for io.EOF.
func (s *stream) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if room := s.max - s.n; int64(len(p)) > room {
		p = p[:room+1] // one more, which should not be there
	}
	n, err := s.plain.Read(p)
	s.n += int64(n)
	switch {
	case s.n > s.max:
		s.err = &BlobError{s.layer, "when it is unpacked", &LimitError{Limit: "MaxSize", Max: s.max}}
		return n - 1, s.err
	case err != nil && err != io.EOF:
		s.err = s.wrong(err)
		return n, s.err
	}
	return n, err
}

// wrong tells what err is that came of reading the layer, or of reading what was
// read of it: the reason is the first that there was.
func (s *stream) wrong(err error) error {
	switch {
	case s.err != nil:
		return s.err
	case s.raw.err != nil:
		return fmt.Errorf("read %.100q: %w", s.layer.MediaType, s.raw.err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return s.corrupt("it is truncated")
	}
	return s.corrupt(err.Error())
}

func (s *stream) corrupt(reason string) error { return &BlobError{s.layer, reason, ErrCorruptArtifact} }
