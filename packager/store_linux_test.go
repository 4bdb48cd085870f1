package packager_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/kubeoci/oci/internal/testing/goldentree"
	"github.com/kubeoci/oci/packager"
)

var openBelow = goldentree.OpenBelow

// TestStoreFiles counts the open temporary files, which have no name.
func TestStoreFiles(t *testing.T) {
	const text = "0123456789"
	newStore := func(t *testing.T) *packager.Store {
		return &packager.Store{MemoryLimit: 1, TempDir: t.TempDir()}
	}
	t.Run("one for each blob, none after Close", func(t *testing.T) {
		store := newStore(t)
		for _, text := range []string{text, "another", ""} {
			require.NoError(t, store.Push(t.Context(), describe(text), strings.NewReader(text)))
		}
		assert.Equal(t, 2, openBelow(t, store.TempDir))
		left, err := os.ReadDir(store.TempDir)
		require.NoError(t, err)
		assert.Empty(t, left, "even a killed process leaves no file behind")
		require.NoError(t, store.Close())
		assert.Zero(t, openBelow(t, store.TempDir))
	})
	t.Run("none after a failure", func(t *testing.T) {
		store := newStore(t)
		require.ErrorIs(t, store.Push(t.Context(), describe(text), strings.NewReader("9876543210")), content.ErrMismatchedDigest)
		require.ErrorIs(t, store.Push(t.Context(), describe(text), iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(text)))), iotest.ErrTimeout)
		assert.Zero(t, openBelow(t, store.TempDir))
	})
	t.Run("none after a cancelled Push", func(t *testing.T) {
		store := newStore(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, store.Push(ctx, describe(text), strings.NewReader(text)), context.Canceled)
		assert.Zero(t, openBelow(t, store.TempDir))
	})
	t.Run("none after a cancelled Pack", func(t *testing.T) {
		store := newStore(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := packager.Pack(ctx, store, small(t), packager.LayoutBoth, packager.Options{Prefix: "app"})
		require.ErrorIs(t, err, context.Canceled)
		assert.Zero(t, openBelow(t, store.TempDir))
	})
	t.Run("none after a Push into a closed store", func(t *testing.T) {
		store := newStore(t)
		require.NoError(t, store.Close())
		require.ErrorIs(t, store.Push(t.Context(), describe(text), strings.NewReader(text)), os.ErrClosed)
		assert.Zero(t, openBelow(t, store.TempDir))
	})
	t.Run("one for a blob that was pushed by two callers concurrently", func(t *testing.T) {
		store := newStore(t)
		reader, writer := io.Pipe()
		late := make(chan error)
		go func() { late <- store.Push(t.Context(), describe(text), reader) }()
		_, err := writer.Write([]byte(text)) // the first Push has started
		require.NoError(t, err)
		require.NoError(t, store.Push(t.Context(), describe(text), strings.NewReader(text)))
		require.NoError(t, writer.Close())
		if err := <-late; !errors.Is(err, errdef.ErrAlreadyExists) {
			require.NoError(t, err)
		}
		assert.Equal(t, 1, openBelow(t, store.TempDir))
		assert.Equal(t, text, string(fetch(t, store, describe(text))))
		require.NoError(t, store.Close())
	})
}

// A reader of a layer that does not fit on the disk finds no end of it: the layer is not
// complete.
func TestStoreFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skip("this user or system cannot mount:", err)
	}
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	set := collectTexts(t, map[string]string{"a.yaml": string(noise(t, 4<<20))})
	for range 50 { // the reader has to come while the file is written
		end := make(chan error, 1)
		store := &packager.Store{MemoryLimit: 3 << 20, TempDir: dir, OnLayer: func(layer io.ReadCloser) {
			go func() { _, err := io.Copy(io.Discard, layer); end <- err }()
		}}
		_, err := packager.Pack(t.Context(), store, set, packager.LayoutRoot, packager.Options{})
		require.ErrorIs(t, err, syscall.ENOSPC)
		require.ErrorIs(t, <-end, os.ErrClosed)
		require.Zero(t, openBelow(t, dir))
		require.NoError(t, store.Close())
	}
}
