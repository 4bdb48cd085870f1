package packager

import (
	"cmp"
	"context"
	_ "crypto/sha256" // go-digest uses the hashes that are linked in
	_ "crypto/sha512" // likewise
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/kubeoci/oci/internal/calls"
)

// Errors of a [Store]. The functions of oras-go recognise them.
var (
	// ErrBlobNotFound reports content that the Store does not hold.
	ErrBlobNotFound = errdef.ErrNotFound
	// ErrBlobExists reports content that the Store already holds.
	ErrBlobExists = errdef.ErrAlreadyExists
)

// Store is a content store for the time between Pack and Push. It holds small
// blobs in memory and larger ones in temporary files, which [Store.Close]
// removes. The zero value is ready to use, and safe for concurrent use.
//
// A Store takes memory and disk space for the content that it reads, and never for the
// size that a descriptor declares. It has no limit for that size: a caller that pushes
// content of others needs its own, as registry.PullOptions and unpacker.Options have.
type Store struct {
	// MemoryLimit is the size in bytes up to which a blob is held in memory. Zero
	// means 8 MiB, and a negative number means that all content is in files.
	MemoryLimit int64
	// TempDir is the directory for larger blobs. Empty means [os.TempDir].
	TempDir string
	// OnLayer, if not nil, is called by [Plan.Pack] at its beginning, and receives a reader
	// of the layer, which follows it while it is written to the Store: to send a layer
	// before its digest is known. A Read waits for content, fails if Pack does, and ends
	// when the layer is complete. Close ends a Read that waits, and may be called at any
	// time. OnLayer must return without waiting for either.
	OnLayer func(layer io.ReadCloser) `json:"-"`

	mu     sync.Mutex
	blobs  map[digest.Digest]*spool
	closed bool
}

var _ content.Storage = (*Store)(nil)

// Exists reports whether the Store holds the content that target describes.
func (s *Store) Exists(ctx context.Context, target ocispec.Descriptor) (bool, error) {
	if err := s.check(ctx); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(target) != nil, nil
}

// Fetch returns the content that target describes. The reader is an
// [io.ReadSeekCloser], and is valid until the Store is closed.
//
// The error matches [ErrBlobNotFound], or is that of ctx.
func (s *Store) Fetch(ctx context.Context, target ocispec.Descriptor) (io.ReadCloser, error) {
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	blob := s.find(target)
	if blob == nil {
		return nil, fmt.Errorf("%s: %w", target.Digest, ErrBlobNotFound)
	}
	return blob.open(), nil
}

// Push stores the content of r if it is what expected describes. It stops when ctx ends,
// unless r blocks.
//
// The error matches [ErrBlobExists], reports content that does not match expected,
// or is that of ctx, of r or of the temporary file.
func (s *Store) Push(ctx context.Context, expected ocispec.Descriptor, r io.Reader) error {
	switch exists, err := s.Exists(ctx, expected); {
	case err != nil:
		return err
	case r == nil:
		return errNilReader
	case expected.Size < 0:
		return fmt.Errorf("%s: %w", expected.Digest, content.ErrInvalidDescriptorSize)
	case exists:
		return fmt.Errorf("%s: %w", expected.Digest, ErrBlobExists)
	}
	blob := s.newSpool()
	defer blob.discardUnlessKept() // r may panic
	verified := content.NewVerifyReader(contextReader{ctx, r}, expected)
	_, err := io.CopyBuffer(blob, verified, make([]byte, min(expected.Size, chunkSize-1)+1))
	if err == nil {
		err = verified.Verify()
	}
	return s.keep(ctx, expected.Digest, blob, err)
}

// contextReader fails when the context has ended.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Close removes all content and the temporary files. Later calls of Push fail.
func (s *Store) Close() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, blob := range s.blobs {
		errs = append(errs, blob.discard())
	}
	s.blobs, s.closed = nil, true
	return errors.Join(errs...)
}

// ingest stores content whose descriptor is known only after it was written, so
// that large content is written once. write can read its content back.
func (s *Store) ingest(ctx context.Context, mediaType string, write func(w io.Writer, written io.ReaderAt) error) (ocispec.Descriptor, error) {
	if err := s.check(ctx); err != nil {
		return ocispec.Descriptor{}, err
	}
	blob := s.newSpool()
	defer blob.discardUnlessKept() // write calls functions of the caller, which may panic
	if s.OnLayer != nil {
		s.OnLayer(blob.follow())
	}
	digester := digest.Canonical.Digester()
	err := write(io.MultiWriter(blob, digester.Hash()), blob)
	desc := ocispec.Descriptor{MediaType: mediaType, Digest: digester.Digest(), Size: blob.size}
	if err := s.keep(ctx, desc.Digest, blob, err); err != nil {
		return ocispec.Descriptor{}, err
	}
	blob.end()
	return desc, nil
}

// check returns an error if the Store or the context cannot be used.
func (s *Store) check(ctx context.Context) error {
	if s == nil {
		return errNilStore
	}
	return calls.Check(ctx)
}

var (
	errNilStore  = errors.New("the Store is nil")
	errNilReader = errors.New("the reader is nil")
)

// find returns the blob, or nil. The caller holds the lock.
func (s *Store) find(target ocispec.Descriptor) *spool {
	if blob := s.blobs[target.Digest]; blob != nil && blob.size == target.Size {
		return blob
	}
	return nil
}

func (s *Store) newSpool() *spool {
	return &spool{limit: cmp.Or(s.MemoryLimit, 8<<20), dir: s.TempDir}
}

// keep adds blob to the Store, or discards it if err reports that writing it
// failed.
func (s *Store) keep(ctx context.Context, name digest.Digest, blob *spool, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		err = ctx.Err()
	}
	if err == nil && s.closed {
		err = os.ErrClosed
	}
	if err != nil {
		return errors.Join(err, blob.discard())
	}
	if s.blobs[name] != nil { // pushed concurrently; the bytes are the same
		return blob.discard()
	}
	if s.blobs == nil {
		s.blobs = map[digest.Digest]*spool{}
	}
	s.blobs[name], blob.kept = blob, true
	return nil
}
