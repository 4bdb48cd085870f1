package registry

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/calls"
)

// watchedReader remembers a failed read. Its consumer, such as net/http or a content
// store, reports it as a failure of its own.
type watchedReader struct {
	io.Reader

	mu     sync.Mutex // net/http may read on after the response
	err    error
	closed bool
}

func (w *watchedReader) Read(p []byte) (n int, err error) {
	err = calls.Catch(func() (err error) { // the caller's, in a goroutine of net/http
		n, err = w.Reader.Read(p)
		return err
	})
	if err != nil && !errors.Is(err, io.EOF) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.closed {
			w.err = err
		}
	}
	return n, err
}

// close makes the reader ignore failures from now on.
func (w *watchedReader) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
}

// failed returns the error with which reading ended, if any.
func (w *watchedReader) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// verifiedReader returns the last bytes of a blob only if all of them match its
// descriptor.
type verifiedReader struct {
	r        io.Reader
	blob     ocispec.Descriptor
	verifier digest.Verifier
	left     int64
}

// newVerifiedReader requires a descriptor with a valid digest.
func newVerifiedReader(r io.Reader, blob ocispec.Descriptor) *verifiedReader {
	return &verifiedReader{r, blob, blob.Digest.Verifier(), blob.Size}
}

func (v *verifiedReader) Read(p []byte) (int, error) {
	n, err := v.r.Read(p)
	_, _ = v.verifier.Write(p[:n]) // never fails
	v.left -= int64(n)
	switch {
	case v.left < 0, v.left == 0 && !v.verifier.Verified():
		return 0, &corruptError{blob: v.blob}
	case v.left > 0 && errors.Is(err, io.EOF):
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

// corruptError reports content that does not match its digest, or that is missing
// although the manifest refers to it.
type corruptError struct {
	blob    ocispec.Descriptor
	missing bool
}

func (e *corruptError) Error() string {
	if e.missing {
		return fmt.Sprintf("blob %s is missing, although the manifest refers to it", e.blob.Digest)
	}
	return fmt.Sprintf("content does not match %s (%d bytes)", e.blob.Digest, e.blob.Size)
}
