package archive_test

import (
	"bytes"
	"context"
	"io"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/archive"
	"github.com/kubeoci/oci/internal/tartest"
)

// files maps paths to content.
type files map[string]string

// entries are the files in the order of their paths' bytes.
func (f files) entries() iter.Seq[archive.Entry] {
	return func(yield func(archive.Entry) bool) {
		for _, name := range slices.Sorted(maps.Keys(f)) {
			if !yield(entry(name, f[name])) {
				return
			}
		}
	}
}

func entry(name, text string) archive.Entry {
	return archive.Entry{Path: name, Size: int64(len(text)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text)), nil
	}}
}

// write archives the files without a limit.
func write(t *testing.T, f files) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, archive.Write(t.Context(), &out, f.entries(), math.MaxInt64))
	return out.Bytes()
}

func names(records []tartest.Record) []string {
	var names []string
	for _, r := range records {
		names = append(names, r.Name)
	}
	return names
}

// endless is content without end that calls each before it is read.
type endless struct{ each func() }

func (e endless) Read(p []byte) (int, error) {
	e.each()
	return len(p), nil
}

func (endless) Close() error { return nil }

// cancelAfter returns a context that ends with the nth call of tick.
func cancelAfter(t *testing.T, n int) (ctx context.Context, tick func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, func() {
		if n--; n == 0 {
			cancel()
		}
	}
}
