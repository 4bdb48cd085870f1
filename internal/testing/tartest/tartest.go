// Package tartest reads tar streams in tests.
package tartest

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// Record is an entry of a stream.
type Record struct {
	*tar.Header
	Text string
}

// Read returns the entries of a stream.
func Read(t testing.TB, stream []byte) []Record {
	t.Helper()
	var records []Record
	for reader := tar.NewReader(bytes.NewReader(stream)); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return records
		}
		require.NoError(t, err)
		text, err := io.ReadAll(reader)
		require.NoError(t, err)
		records = append(records, Record{header, string(text)})
	}
}
