package unpacker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/unpacker"
)

// A source that panics, or ends its goroutine, leaves nothing behind, and does the same to
// the caller.
func TestUnpackPanickingSource(t *testing.T) {
	b, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t)))
	for _, tt := range []struct {
		name, outcome string
		change        func(io.Reader) io.Reader
	}{
		{"panic in Fetch", "panicked", func(io.Reader) io.Reader { panic(errors.New("source")) }},
		{"panic in Read", "panicked", func(io.Reader) io.Reader { return panickingReader{} }},
		{"Goexit", "ended", func(io.Reader) io.Reader { runtime.Goexit(); return nil }},
		{"neither", "returned", func(r io.Reader) io.Reader { return r }},
	} {
		for _, at := range []string{ocispec.MediaTypeImageManifest, layerType} {
			t.Run(tt.name+" of "+at, func(t *testing.T) {
				parent := t.TempDir()
				src := readerOf{b, at, tt.change}
				assert.Equal(t, tt.outcome, outcome(func() {
					_, _ = unpacker.Unpack(t.Context(), src, manifest, filepath.Join(parent, "out"), unpacker.Options{})
				}))
				assert.Equal(t, tt.outcome, outcome(func() {
					_, _, _ = unpacker.UnpackFS(t.Context(), src, manifest, unpacker.Options{})
				}))
				if tt.outcome != "returned" {
					assert.Empty(t, namesIn(t, parent))
				}
			})
		}
	}
}

// outcome returns how a call ends.
func outcome(call func()) string {
	how := "ended"
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if recover() != nil {
				how = "panicked"
			}
		}()
		call()
		how = "returned"
	}()
	<-done
	return how
}

type panickingReader struct{}

func (panickingReader) Read([]byte) (int, error) { panic("source") }

// TestUnpackBlockingSource uses a source that ignores its context.
func TestUnpackBlockingSource(t *testing.T) {
	b, manifest := oneFile(t, "a")
	for _, at := range []string{ocispec.MediaTypeImageManifest, layerType} {
		for _, inRead := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, in Read: %t", at, inRead), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					release := make(chan struct{})
					src := readerOf{b, at, func(r io.Reader) io.Reader {
						if !inRead {
							<-release
							return r
						}
						return io.MultiReader(io.LimitReader(r, 10), readerFunc(func([]byte) (int, error) { <-release; return 0, io.EOF }))
					}}
					parent := t.TempDir()
					for _, opts := range []unpacker.Options{{}, {InPlace: true}} {
						dir := filepath.Join(parent, "out")
						if opts.InPlace {
							dir = parent
						}
						_, err := unpacker.Unpack(ctx, src, manifest, dir, opts)
						require.ErrorIs(t, err, context.DeadlineExceeded)
						assert.Empty(t, namesIn(t, parent))
					}
					_, _, err := unpacker.UnpackFS(ctx, src, manifest, unpacker.Options{})
					require.ErrorIs(t, err, context.DeadlineExceeded)
					close(release)
					synctest.Wait()
					assert.Empty(t, namesIn(t, parent))
				})
			})
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type nothingFetcher struct{}

func (nothingFetcher) Fetch(context.Context, ocispec.Descriptor) (io.ReadCloser, error) {
	return nil, nil
}

// TestUnpackMistakes makes calls that a caller should not make.
func TestUnpackMistakes(t *testing.T) {
	b, manifest := oneFile(t, "a")
	var none *packager.Store
	for _, tt := range []struct {
		name string
		ctx  context.Context
		src  unpacker.Fetcher
		desc ocispec.Descriptor
		err  string
	}{
		{"nil context", nil, b, manifest, "the context is nil"},
		{"nil source", t.Context(), nil, manifest, "the source of the artifact is nil"},
		{"nil Store", t.Context(), none, manifest, "the Store is nil"},
		{"zero Store", t.Context(), new(packager.Store), manifest, "not found"},
		{"source without content", t.Context(), nothingFetcher{}, manifest, "neither content nor an error"},
		{"zero descriptor", t.Context(), b, ocispec.Descriptor{}, "invalid digest"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parent := t.TempDir()
			_, err := unpacker.Unpack(tt.ctx, tt.src, tt.desc, filepath.Join(parent, "out"), unpacker.Options{})
			require.ErrorContains(t, err, tt.err)
			assert.Empty(t, namesIn(t, parent))
			_, _, err = unpacker.UnpackFS(tt.ctx, tt.src, tt.desc, unpacker.Options{})
			require.ErrorContains(t, err, tt.err)
		})
	}
	for _, err := range []error{&unpacker.ArtifactError{}, &unpacker.BlobError{}, &unpacker.EntryError{}, &unpacker.TargetError{}} {
		assert.NotPanics(t, func() { _ = err.Error() }, "%T", err)
		assert.NotPanics(t, func() { _ = errors.Is(err, unpacker.ErrNotArtifact) }, "%T", err)
		hinting, ok := err.(interface{ Hint() string })
		require.True(t, ok)
		assert.Empty(t, hinting.Hint(), "%T", err)
	}
}
