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
type Store struct {
	// MemoryLimit is the size in bytes up to which a blob is held in memory. Zero
	// means 8 MiB.
	MemoryLimit int64
	// TempDir is the directory for larger blobs. Empty means [os.TempDir].
	TempDir string

	mu     sync.Mutex
	blobs  map[digest.Digest]*spool
	closed bool
}

var _ content.Storage = (*Store)(nil)

// Exists reports whether the Store holds the content that target describes.
func (s *Store) Exists(_ context.Context, target ocispec.Descriptor) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(target) != nil, nil
}

// Fetch returns the content that target describes. The reader is an
// [io.ReadSeekCloser], and is valid until the Store is closed.
//
// The error matches [ErrBlobNotFound].
func (s *Store) Fetch(_ context.Context, target ocispec.Descriptor) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	blob := s.find(target)
	if blob == nil {
		return nil, fmt.Errorf("%s: %w", target.Digest, ErrBlobNotFound)
	}
	return blob.open(), nil
}

// Push stores the content of r if it is what expected describes.
//
// The error matches [ErrBlobExists], reports content that does not match expected,
// or is that of ctx, of r or of the temporary file.
func (s *Store) Push(ctx context.Context, expected ocispec.Descriptor, r io.Reader) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if expected.Size < 0 {
		return fmt.Errorf("%s: %w", expected.Digest, content.ErrInvalidDescriptorSize)
	}
	if exists, _ := s.Exists(ctx, expected); exists { // never an error
		return fmt.Errorf("%s: %w", expected.Digest, ErrBlobExists)
	}
	blob := s.newSpool()
	verified := content.NewVerifyReader(r, expected)
	_, err := io.CopyBuffer(blob, verified, make([]byte, min(expected.Size+1, chunkSize)))
	if err == nil {
		err = verified.Verify()
	}
	return s.keep(ctx, expected.Digest, blob, err)
}

// Close removes all content and the temporary files. Later calls of Push fail.
func (s *Store) Close() error {
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
// that large content is written once.
func (s *Store) ingest(ctx context.Context, mediaType string, write func(io.Writer) error) (ocispec.Descriptor, error) {
	blob := s.newSpool()
	digester := digest.Canonical.Digester()
	err := write(io.MultiWriter(blob, digester.Hash()))
	desc := ocispec.Descriptor{MediaType: mediaType, Digest: digester.Digest(), Size: blob.size}
	if err := s.keep(ctx, desc.Digest, blob, err); err != nil {
		return ocispec.Descriptor{}, err
	}
	return desc, nil
}

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
	s.blobs[name] = blob
	return nil
}
