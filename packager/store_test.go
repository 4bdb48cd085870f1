package packager_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/kubeoci/oci/packager"
)

func describe(text string) ocispec.Descriptor {
	return content.NewDescriptorFromBytes("text/plain", []byte(text))
}

// eachStore runs f with stores that hold blobs in memory and in files.
func eachStore(t *testing.T, f func(t *testing.T, store *packager.Store)) {
	t.Helper()
	for name, limit := range map[string]int64{"default": 0, "memory": 1 << 20, "file": 1} {
		t.Run(name, func(t *testing.T) {
			store := &packager.Store{MemoryLimit: limit, TempDir: t.TempDir()}
			f(t, store)
			require.NoError(t, store.Close())
			left, err := os.ReadDir(store.TempDir)
			require.NoError(t, err)
			require.Empty(t, left, "left behind")
		})
	}
}

func TestStore(t *testing.T) {
	eachStore(t, func(t *testing.T, store *packager.Store) {
		for _, text := range []string{"0123456789", "another", ""} {
			desc := describe(text)
			exists, err := store.Exists(t.Context(), desc)
			require.NoError(t, err)
			require.False(t, exists)
			_, err = store.Fetch(t.Context(), desc)
			require.ErrorIs(t, err, errdef.ErrNotFound)
			require.ErrorContains(t, err, desc.Digest.String())

			require.NoError(t, store.Push(t.Context(), desc, strings.NewReader(text)))
			exists, err = store.Exists(t.Context(), desc)
			require.NoError(t, err)
			require.True(t, exists)
			require.Equal(t, text, string(fetch(t, store, desc)))

			err = store.Push(t.Context(), desc, strings.NewReader(text))
			require.ErrorIs(t, err, errdef.ErrAlreadyExists)
			require.ErrorContains(t, err, desc.Digest.String())
		}
	})
}

// TestStoreSeeks reads one blob with two readers in any order.
func TestStoreSeeks(t *testing.T) {
	eachStore(t, func(t *testing.T, store *packager.Store) {
		text := strings.Repeat("0123456789", 1000)
		require.NoError(t, store.Push(t.Context(), describe(text), iotest.HalfReader(strings.NewReader(text))))
		first, err := store.Fetch(t.Context(), describe(text))
		require.NoError(t, err)
		second, err := store.Fetch(t.Context(), describe(text))
		require.NoError(t, err)
		require.NoError(t, iotest.TestReader(first, []byte(text)))
		require.NoError(t, first.Close())

		seeker, ok := second.(io.ReadSeekCloser)
		require.True(t, ok)
		_, err = seeker.Seek(-5, io.SeekEnd)
		require.NoError(t, err)
		end, err := io.ReadAll(seeker)
		require.NoError(t, err)
		assert.Equal(t, "56789", string(end))
		require.NoError(t, second.Close())
	})
}

func TestStoreVerifies(t *testing.T) {
	const text = "0123456789"
	errBroken := errors.New("broken")
	read := func(text string) func() io.Reader {
		return func() io.Reader { return strings.NewReader(text) }
	}
	size := func(n int64) ocispec.Descriptor {
		desc := describe(text)
		desc.Size = n
		return desc
	}
	for _, tt := range []struct {
		name   string
		desc   ocispec.Descriptor
		reader func() io.Reader
		want   error
	}{
		{"other content", describe("9876543210"), read(text), content.ErrMismatchedDigest},
		{"short", describe(text), read(text[:5]), io.ErrUnexpectedEOF},
		{"empty", describe(text), read(""), io.ErrUnexpectedEOF},
		{"trailing", describe(text), read(text + "x"), content.ErrTrailingData},
		{"size too small", size(9), read(text), content.ErrTrailingData},
		{"size too large", size(11), read(text), io.ErrUnexpectedEOF},
		{"reader fails", describe(text), func() io.Reader {
			return io.MultiReader(strings.NewReader(text[:5]), iotest.ErrReader(errBroken))
		}, errBroken},
		{"reader fails at the end", describe(text), func() io.Reader {
			return io.MultiReader(strings.NewReader(text), iotest.ErrReader(errBroken))
		}, errBroken},
		{"no digest", ocispec.Descriptor{Size: 10}, read(text), digest.ErrDigestInvalidFormat},
		{"unknown algorithm", ocispec.Descriptor{Digest: "md5:00", Size: 10}, read(text), digest.ErrDigestUnsupported},
		{"digest cut off", ocispec.Descriptor{Digest: "sha256:00", Size: 10}, read(text), digest.ErrDigestInvalidLength},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachStore(t, func(t *testing.T, store *packager.Store) {
				err := store.Push(t.Context(), tt.desc, tt.reader())
				require.ErrorIs(t, err, tt.want)
				for _, desc := range []ocispec.Descriptor{tt.desc, describe(text)} {
					exists, err := store.Exists(t.Context(), desc)
					require.NoError(t, err)
					assert.False(t, exists)
				}
				require.NoError(t, store.Push(t.Context(), describe(text), strings.NewReader(text)), "the right content afterwards")
			})
		})
	}
}

// TestStoreComparesSizes checks that digest and size identify a blob.
func TestStoreComparesSizes(t *testing.T) {
	eachStore(t, func(t *testing.T, store *packager.Store) {
		desc := describe("0123456789")
		require.NoError(t, store.Push(t.Context(), desc, strings.NewReader("0123456789")))
		desc.Size++
		exists, err := store.Exists(t.Context(), desc)
		require.NoError(t, err)
		assert.False(t, exists)
		_, err = store.Fetch(t.Context(), desc)
		require.ErrorIs(t, err, errdef.ErrNotFound)
	})
}

func TestStoreSHA512(t *testing.T) {
	eachStore(t, func(t *testing.T, store *packager.Store) {
		const text = "0123456789"
		desc := ocispec.Descriptor{Digest: digest.SHA512.FromString(text), Size: 10}
		require.ErrorIs(t, store.Push(t.Context(), desc, strings.NewReader("9876543210")), content.ErrMismatchedDigest)
		require.NoError(t, store.Push(t.Context(), desc, strings.NewReader(text)))
		assert.Equal(t, text, string(fetch(t, store, desc)))
	})
}

// TestStoreMemoryLimit uses a missing directory, so that blobs beyond the limit
// fail.
func TestStoreMemoryLimit(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, tt := range []struct {
		name  string
		limit int64
		size  int
		spill bool
	}{
		{"at the limit", 1000, 1000, false},
		{"over the limit", 1000, 1001, true},
		{"at the default", 0, 8 << 20, false},
		{"over the default", 0, 8<<20 + 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store := &packager.Store{MemoryLimit: tt.limit, TempDir: missing}
			text := strings.Repeat("x", tt.size)
			err := store.Push(t.Context(), describe(text), strings.NewReader(text))
			if tt.spill {
				require.ErrorIs(t, err, os.ErrNotExist)
				require.ErrorContains(t, err, missing)
			} else {
				require.NoError(t, err)
				require.Len(t, fetch(t, store, describe(text)), tt.size)
			}
			require.NoError(t, store.Close())
		})
	}
}

// TestStoreLimitsBlobs checks that the limit applies to each blob, not to their
// total.
func TestStoreLimitsBlobs(t *testing.T) {
	store := &packager.Store{MemoryLimit: 10, TempDir: filepath.Join(t.TempDir(), "missing")}
	for _, text := range []string{"0123456789", "abcdefghij"} {
		require.NoError(t, store.Push(t.Context(), describe(text), strings.NewReader(text)))
	}
	require.NoError(t, store.Close())
}

func TestStoreTempDirMissing(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	store := &packager.Store{MemoryLimit: 1, TempDir: missing}
	_, err := packager.Pack(t.Context(), store, small(t), packager.LayoutBoth, packager.Options{Prefix: "app"})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, missing)
}

func TestStoreClosed(t *testing.T) {
	eachStore(t, func(t *testing.T, store *packager.Store) {
		desc := describe("0123456789")
		require.NoError(t, store.Push(t.Context(), desc, strings.NewReader("0123456789")))
		require.NoError(t, store.Close())
		require.NoError(t, store.Close(), "a second time")

		exists, err := store.Exists(t.Context(), desc)
		require.NoError(t, err)
		assert.False(t, exists)
		_, err = store.Fetch(t.Context(), desc)
		require.ErrorIs(t, err, errdef.ErrNotFound)
		require.ErrorIs(t, store.Push(t.Context(), desc, strings.NewReader("0123456789")), os.ErrClosed)
		_, err = packager.Pack(t.Context(), store, small(t), packager.LayoutBoth, packager.Options{Prefix: "app"})
		require.ErrorIs(t, err, os.ErrClosed)
	})
}

// TestStoreClosedMeanwhile closes the store while a file is being read.
func TestStoreClosedMeanwhile(t *testing.T) {
	store := &packager.Store{MemoryLimit: 1, TempDir: t.TempDir()}
	require.NoError(t, store.Push(t.Context(), describe("0123456789"), strings.NewReader("0123456789")))
	blob, err := store.Fetch(t.Context(), describe("0123456789"))
	require.NoError(t, err)
	require.NoError(t, store.Close())
	_, err = io.ReadAll(blob)
	require.ErrorIs(t, err, os.ErrClosed)
}

func TestStoreCancelled(t *testing.T) {
	eachStore(t, func(t *testing.T, store *packager.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, store.Push(ctx, describe("0123456789"), strings.NewReader("0123456789")), context.Canceled)
		exists, err := store.Exists(t.Context(), describe("0123456789"))
		require.NoError(t, err)
		assert.False(t, exists)
	})
}

func TestStoreConcurrently(t *testing.T) {
	eachStore(t, func(t *testing.T, store *packager.Store) {
		var group sync.WaitGroup
		for i := range 16 {
			group.Go(func() {
				text := strings.Repeat(fmt.Sprint(i%4), 1000)
				err := store.Push(t.Context(), describe(text), strings.NewReader(text))
				if !errors.Is(err, errdef.ErrAlreadyExists) {
					assert.NoError(t, err)
				}
				exists, err := store.Exists(t.Context(), describe(text))
				assert.NoError(t, err)
				assert.True(t, exists)
				blob, err := store.Fetch(t.Context(), describe(text))
				if assert.NoError(t, err) {
					data, err := io.ReadAll(blob)
					assert.NoError(t, err)
					assert.True(t, bytes.Equal([]byte(text), data))
				}
			})
		}
		group.Wait()
	})
}

// TestStoreDeclaredSizes pushes little content under any size that a manifest can declare.
func TestStoreDeclaredSizes(t *testing.T) {
	const text = "0123456789"
	for _, size := range []int64{math.MinInt64, -1, 0, 1, 9, 11, 1<<31 - 1, 1 << 31, 1 << 32, 1 << 62, math.MaxInt64 - 1, math.MaxInt64} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			desc := describe(text)
			desc.Size = size
			for _, limit := range []int64{0, 1, math.MaxInt64, -1} {
				store := &packager.Store{MemoryLimit: limit, TempDir: t.TempDir()}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				err := store.Push(t.Context(), desc, strings.NewReader(text))
				runtime.ReadMemStats(&after)
				require.Error(t, err)
				assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), "the declared size was allocated")
				exists, err := store.Exists(t.Context(), desc)
				require.NoError(t, err)
				assert.False(t, exists)
				require.NoError(t, store.Close())
			}
		})
	}
}

// TestStoreMistakes uses a Store in ways that a caller should not.
func TestStoreMistakes(t *testing.T) {
	const text = "0123456789"
	desc := describe(text)
	for name, store := range map[string]*packager.Store{"nil": nil, "zero": {}} {
		for call, do := range map[string]func(ctx context.Context) error{
			"Exists": func(ctx context.Context) error { _, err := store.Exists(ctx, desc); return err },
			"Fetch":  func(ctx context.Context) error { _, err := store.Fetch(ctx, desc); return err },
			"Push":   func(ctx context.Context) error { return store.Push(ctx, desc, strings.NewReader(text)) },
		} {
			t.Run(name+" Store, nil context: "+call, func(t *testing.T) {
				require.ErrorContains(t, do(nil), "is nil") //nolint:staticcheck // it is the mistake
			})
			if store == nil {
				t.Run("nil Store: "+call, func(t *testing.T) { require.ErrorContains(t, do(t.Context()), "the Store is nil") })
			}
		}
		require.NoError(t, store.Close())
	}
	var none *packager.Store
	_, err := packager.Pack(t.Context(), none, small(t), packager.LayoutRoot, packager.Options{})
	require.ErrorContains(t, err, "the Store is nil")
	require.ErrorContains(t, new(packager.Store).Push(t.Context(), desc, nil), "the reader is nil")
}

// A reader that panics leaves no file behind, and the Store is usable.
func TestStorePanickingReader(t *testing.T) {
	eachStore(t, func(t *testing.T, store *packager.Store) {
		const text = "0123456789"
		require.PanicsWithValue(t, "reader", func() {
			_ = store.Push(t.Context(), describe(text), io.MultiReader(strings.NewReader(text[:5]), panicking{}))
		})
		require.NoError(t, store.Push(t.Context(), describe(text), strings.NewReader(text)))
	})
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("reader") }

// TestStoreCancelledMeanwhile ends the context while the reader goes on.
func TestStoreCancelledMeanwhile(t *testing.T) {
	eachStore(t, func(t *testing.T, store *packager.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		endless := readerFunc(func(p []byte) (int, error) {
			cancel()
			return len(p), nil
		})
		desc := describe("0123456789")
		desc.Size = math.MaxInt64
		require.ErrorIs(t, store.Push(ctx, desc, endless), context.Canceled)
	})
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
