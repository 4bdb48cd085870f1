package unpacker

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/klauspost/compress/gzip"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/manifests"
)

// stream reads the archive in a layer, up to a limit.
type stream struct {
	layer  ocispec.Descriptor
	claims []*claim
	ahead  *ahead
	plain  *contextReader // of ahead
	n      int64          // bytes read
	max    int64
	err    error // never io.EOF

	headerEnd, headerMax int64 // the first byte after the longest header, and its limit
}

// limitHeader makes the stream fail if the header that starts at an offset is longer than
// most bytes, so that no memory is taken for it.
func (s *stream) limitHeader(start, most int64) {
	s.headerEnd, s.headerMax = start+min(most, math.MaxInt64-start), most
}

// readSize is the number of bytes of a layer to read at a time.
const readSize = 64 << 10

// openStream starts to read the archive in blob. The caller closes the stream before blob.
func openStream(ctx context.Context, blob io.Reader, layer ocispec.Descriptor, claims []*claim, limit int64) (*stream, error) {
	plain, err := openSource(ctx, blob, layer)
	if err != nil {
		return nil, err
	}
	s := &stream{layer: layer, ahead: readAhead(plain), claims: claims, max: limit, headerEnd: math.MaxInt64}
	s.plain = &contextReader{ctx: ctx, r: s.ahead}
	return s, nil
}

func (s *stream) close() { s.ahead.close() }

// source reads the uncompressed content of a layer. Its errors are typed, except for
// io.EOF.
type source struct {
	layer ocispec.Descriptor
	raw   *contextReader
	plain *bufio.Reader
}

// openSource checks that a layer begins as an archive of its media type.
func openSource(ctx context.Context, blob io.Reader, layer ocispec.Descriptor) (*source, error) {
	// The end of the context is noticed where the archive is read.
	s := &source{layer: layer, raw: &contextReader{ctx: context.WithoutCancel(ctx), r: blob}}
	raw := bufio.NewReaderSize(s.raw, readSize)
	s.plain = raw
	found, err := s.sniff()
	if err != nil {
		return nil, err
	}
	if layer.MediaType != ocispec.MediaTypeImageLayer {
		if found != formatGzip {
			return nil, &BlobError{layer, "its content is " + found + ", not gzip", ErrUnsupportedLayer}
		}
		member, err := gzip.NewReader(raw)
		if err != nil {
			return nil, s.readError(err)
		}
		member.Multistream(false)
		s.plain = bufio.NewReaderSize(oneMember{member, raw}, tarUnit) // only to sniff
		if found, err = s.sniff(); err != nil {
			return nil, err
		}
	}
	if found != formatTar { // or is compressed where it should be plain
		return nil, &BlobError{layer, "its content is " + found + ", not a tar archive", ErrUnsupportedLayer}
	}
	return s, nil
}

// Read implements [io.Reader].
func (s *source) Read(p []byte) (int, error) {
	n, err := s.plain.Read(p)
	if err != nil && err != io.EOF {
		err = s.readError(err)
	}
	return n, err
}

// readError returns the error to report for a failed read of the layer or of data
// derived from it. The first cause wins.
func (s *source) readError(err error) error {
	if s.raw.err != nil {
		return fmt.Errorf("read %.100q: %w", s.layer.MediaType, s.raw.err)
	}
	return corruptError(s.layer, err)
}

const (
	formatGzip  = "gzip"
	formatZstd  = "zstd"
	formatTar   = "a tar archive"
	formatOther = "something else"
)

// sniff returns the format of the content by its first bytes, and consumes none.
func (s *source) sniff() (string, error) {
	start, err := s.plain.Peek(tarUnit)
	switch {
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}): // RFC 1952 section 2.3.1
		return formatGzip, nil
	case bytes.HasPrefix(start, []byte{0x28, 0xb5, 0x2f, 0xfd}): // RFC 8878 section 3.1.1
		return formatZstd, nil
	case len(start) == tarUnit && isHeader(start):
		return formatTar, nil
	case err != nil && err != io.EOF:
		return "", s.readError(err)
	}
	return formatOther, nil
}

// isHeader reports whether an archive can start with this unit: it has the mark of a tar
// header, or is a header without it or an end marker.
func isHeader(unit []byte) bool {
	if bytes.HasPrefix(unit[257:], []byte("ustar")) { // POSIX.1-2017, pax, "ustar Interchange Format"
		return true
	}
	_, err := tar.NewReader(bytes.NewReader(unit)).Next()
	return !errors.Is(err, tar.ErrHeader)
}

var errTrailing = errors.New("data after the end of the gzip stream")

// oneMember reads a gzip file of one member, and fails if data follows.
type oneMember struct {
	member *gzip.Reader
	raw    io.ByteReader
}

func (o oneMember) Read(p []byte) (int, error) {
	n, err := o.member.Read(p)
	if err == io.EOF {
		if _, err = o.raw.ReadByte(); err == nil {
			err = errTrailing
		}
	}
	return n, err
}

// Read implements [io.Reader]. Its errors are typed, except for io.EOF.
func (s *stream) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if room := min(s.max, s.headerEnd) - s.n; int64(len(p)) > room {
		p = p[:room+1] // one byte more, to notice a longer archive
	}
	n, err := s.plain.Read(p)
	s.n += int64(n)
	hash(s.claims, p[:n])
	switch {
	case s.n > s.max:
		s.err = &BlobError{s.layer, "after decompression", &manifests.LimitError{Limit: "MaxSize", Max: s.max}}
		return n - 1, s.err
	case s.n > s.headerEnd:
		s.err = &BlobError{s.layer, "the header of an entry", &manifests.LimitError{Limit: "MaxHeaderSize", Max: s.headerMax}}
		return n - 1, s.err
	case err != nil && err != io.EOF:
		s.err = err
		return n, s.err
	}
	return n, err
}

// readError returns the error to report for a failed read of data derived from the stream.
// The first cause wins.
func (s *stream) readError(err error) error {
	if s.err != nil {
		return s.err
	}
	return corruptError(s.layer, err)
}

// corruptError returns the error for a layer that could not be read to its end.
func corruptError(layer ocispec.Descriptor, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return corrupt(layer, "it is truncated")
	}
	return corrupt(layer, err.Error())
}

func corrupt(layer ocispec.Descriptor, reason string) error {
	return &BlobError{layer, reason, ErrCorruptArtifact}
}
