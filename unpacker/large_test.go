//go:build !race

// Compressing that much is slow under the race detector.

package unpacker_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/unpacker"
)

// TestUnpackDefaultLimits exceeds each limit with a small layer.
func TestUnpackDefaultLimits(t *testing.T) {
	for _, tt := range []struct {
		name  string
		limit manifests.LimitError
		write func(w *tar.Writer)
	}{
		{"300,000 directories of few entries", manifests.LimitError{Limit: "MaxEntries", Max: 250_000}, func(w *tar.Writer) {
			for i := range 3000 {
				header(t, w, fmt.Sprint(i, strings.Repeat("/d", 100)), 0)
			}
		}},
		{"depth of 102", manifests.LimitError{Limit: "MaxDepth", Max: 101}, func(w *tar.Writer) {
			header(t, w, strings.Repeat("d/", 101)+"f", 0)
			header(t, w, strings.Repeat("e/", 102)+"f", 0)
		}},
		{"path of 4097 bytes", manifests.LimitError{Limit: "MaxPathLength", Max: 4096}, func(w *tar.Writer) {
			header(t, w, strings.Repeat(long(254)+"/", 16)+long(16), 0)
			header(t, w, strings.Repeat(long(254)+"/", 16)+long(17), 0)
		}},
		{"names of more than 40 MB", manifests.LimitError{Limit: "MaxNamesSize", Max: 40_000_000}, func(w *tar.Writer) {
			for i := range 40_000_000 / 4000 {
				header(t, w, strings.Repeat(long(255)+"/", 15)+fmt.Sprintf("%0200d", i), 0)
			}
		}},
		{"more than the archive may have, in one file", manifests.LimitError{Limit: "MaxSize", Max: 64 << 20}, func(w *tar.Writer) {
			zerosTo(t, w, "a", 64<<20)
		}},
		{"more than the archive may have, in headers", manifests.LimitError{Limit: "MaxSize", Max: 64 << 20}, func(w *tar.Writer) {
			for i := range 65 * 17 {
				h := &tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprint(i), PAXRecords: map[string]string{"COMMENT.x": strings.Repeat("x", 62<<10)}}
				require.NoError(t, w.WriteHeader(h))
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src, manifest := bombOf(t, tt.write)
			fsys, _, err := unpacker.UnpackFS(t.Context(), src, manifest, unpacker.Options{})
			assert.Nil(t, fsys)
			requireKind(t, err, manifests.ErrLimitExceeded)
			var limitErr *manifests.LimitError
			require.ErrorAs(t, err, &limitErr)
			assert.Equal(t, tt.limit, *limitErr)
		})
	}
}

// TestUnpackManyFiles unpacks two copies of as many files as a Set has by default.
func TestUnpackManyFiles(t *testing.T) {
	const files = 100_000
	src, manifest := bombOf(t, func(w *tar.Writer) {
		for i := range files {
			name := fmt.Sprintf("team-%05d/deployment-of-a-service-%06d.yaml", i/8, i)
			header(t, w, name, 0)
			header(t, w, "manifests/"+name, 0)
		}
	})
	_, unpacked, err := unpacker.UnpackFS(t.Context(), src, manifest, unpacker.Options{MaxSize: packager.MaxArchiveSize})
	require.NoError(t, err)
	assert.Len(t, unpacked.Files, 2*files)
}

// TestUnpackBomb unpacks archives that exceed the limit of Argo CD, according to a
// header or by zeros after the end.
func TestUnpackBomb(t *testing.T) {
	for name, write := range map[string]func(w *tar.Writer, raw io.Writer){
		"1 GiB in one file": func(w *tar.Writer, _ io.Writer) { zerosTo(t, w, "a", 1<<30) },
		"1 GiB of zeros behind the end": func(w *tar.Writer, raw io.Writer) {
			require.NoError(t, w.Close())
			_, err := io.CopyN(raw, zeroReader{}, 1<<30)
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := blobs{}
			layer := b.add(layerType, compressed(t, func(raw io.Writer) { write(tar.NewWriter(raw), raw) }))
			require.Less(t, layer.Size, int64(6<<20))
			_, _, err := unpackAll(t, b, b.manifest(t, layer), unpacker.Options{})
			requireKind(t, err, manifests.ErrLimitExceeded)
			require.ErrorContains(t, err, "more than MaxSize 1000000000")
		})
	}
}

// TestUnpackMemory unpacks 96 MiB from a small layer and from one of the same size,
// and measures the memory in use.
func TestUnpackMemory(t *testing.T) {
	const (
		size  = 96 << 20
		bound = 40 << 20 // memory limit of a Store, buffers, and garbage
	)
	for name, body := range map[string]io.Reader{"zeros": zeroReader{}, "noise": repeated(noise(t, 1<<20))} {
		for _, mediaType := range []string{layerType, plainType} {
			t.Run(name+" in "+mediaType, func(t *testing.T) {
				store := &packager.Store{MemoryLimit: 1, TempDir: t.TempDir()}
				t.Cleanup(func() { assert.NoError(t, store.Close()) })
				manifest := storeLarge(t, store, mediaType, body, size)
				src := struct{ content.Fetcher }{store} // hides that it verified its content
				dir := filepath.Join(t.TempDir(), "out")
				var unpacked unpacker.Result
				peak := peakOf(func() {
					var err error
					unpacked, err = unpacker.Unpack(t.Context(), src, manifest, dir, unpacker.Options{})
					require.NoError(t, err)
				})
				assert.Equal(t, []unpacker.File{{Path: "a", Size: size}}, unpacked.Files)
				assert.Less(t, peak, uint64(bound))
			})
		}
	}
}

// peakOf returns the peak growth of memory while f runs, in bytes. Garbage counts
// until it is collected.
func peakOf(f func()) uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	now := func() uint64 { metrics.Read(sample); return sample[0].Value.Uint64() }
	runtime.GC()
	before := now()
	ctx, stop := context.WithCancel(context.Background())
	peak := make(chan uint64)
	go func() {
		most := before
		for ctx.Err() == nil {
			most = max(most, now())
			time.Sleep(time.Millisecond)
		}
		peak <- most
	}()
	f()
	stop()
	return <-peak - before
}

// storeLarge puts an artifact of one large file into a store on disk, without
// holding it in memory.
func storeLarge(t *testing.T, store *packager.Store, mediaType string, body io.Reader, size int64) ocispec.Descriptor {
	t.Helper()
	stream := func(w io.Writer) {
		archive := tar.NewWriter(w)
		header(t, archive, "a", size)
		_, err := io.CopyN(archive, body, size)
		require.NoError(t, err)
		require.NoError(t, archive.Close())
	}
	if mediaType == layerType {
		plain := stream
		stream = func(w io.Writer) {
			z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
			require.NoError(t, err)
			plain(z)
			require.NoError(t, z.Close())
		}
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "layer"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	digester := digest.Canonical.Digester()
	stream(io.MultiWriter(file, digester.Hash()))
	end, err := file.Seek(0, io.SeekCurrent)
	require.NoError(t, err)
	_, err = file.Seek(0, io.SeekStart)
	require.NoError(t, err)
	layer := ocispec.Descriptor{MediaType: mediaType, Digest: digester.Digest(), Size: end}
	require.NoError(t, store.Push(t.Context(), layer, file))

	b := blobs{}
	manifest := b.manifest(t, layer)
	require.NoError(t, store.Push(t.Context(), manifest, bytes.NewReader(b[manifest.Digest])))
	return manifest
}

// repeated returns a reader that repeats data without end.
func repeated(data []byte) io.Reader { return &repeatedReader{data: data} }

type repeatedReader struct {
	data []byte
	at   int
}

func (r *repeatedReader) Read(p []byte) (int, error) {
	n := copy(p, r.data[r.at:])
	r.at = (r.at + n) % len(r.data)
	return n, nil
}

func header(t *testing.T, w *tar.Writer, name string, size int64) {
	t.Helper()
	require.NoError(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size}))
}

// zerosTo writes a file of zeros.
func zerosTo(t *testing.T, w *tar.Writer, name string, size int64) {
	t.Helper()
	header(t, w, name, size)
	_, err := io.CopyN(w, zeroReader{}, size)
	require.NoError(t, err)
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// compressed returns the compressed output of write, without holding the output in
// memory. It uses a fast level.
func compressed(t testing.TB, write func(io.Writer)) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	require.NoError(t, err)
	write(w)
	require.NoError(t, w.Close())
	return out.Bytes()
}

// bombOf returns an artifact whose archive is much larger than its layer.
func bombOf(t testing.TB, write func(*tar.Writer)) (blobs, ocispec.Descriptor) {
	t.Helper()
	return artifactOf(t, layerType, compressed(t, func(raw io.Writer) {
		w := tar.NewWriter(raw)
		write(w)
		require.NoError(t, w.Close())
	}))
}
