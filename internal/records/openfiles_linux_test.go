package records_test

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/records"
)

// A directory is not wrong because the program has too many files open.
func TestHintOfTooManyOpenFiles(t *testing.T) {
	var before syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before))
	next, err := os.Open(t.TempDir())
	require.NoError(t, err)
	limited := before
	limited.Cur = uint64(next.Fd())
	require.NoError(t, next.Close())
	dir := dirIn(t.TempDir())
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limited))
	_, err = dir.IsEmpty()
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before))
	require.ErrorIs(t, err, syscall.EMFILE)
	require.ErrorIs(t, err, records.ErrInvalid)
	var hinted interface{ Hint() string }
	require.ErrorAs(t, err, &hinted)
	assert.Equal(t, "raise the limit of open files, such as with ulimit -n, or do less concurrently", hinted.Hint())
}
