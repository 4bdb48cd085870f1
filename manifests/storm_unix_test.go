//go:build unix && !aix && !solaris

package manifests_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// A program replaces files, directories and links by one another while they are collected
// and read. Whatever happens is the content that was collected, or an error that a caller
// can tell from a broken disk.
func TestStormOfRenames(t *testing.T) {
	rounds := 500
	if testing.Short() {
		rounds = 100
	}
	dir, away := t.TempDir(), t.TempDir()
	tree{"d/e/a.yaml": "0123456789", "d/e/b.yaml": "0123456789", "l": linkTo + "d/e", "f.yaml": linkTo + "l/a.yaml"}.write(t, dir)
	tree{"e/a.yaml": "outside!!!", "e/b.yaml": "outside!!!"}.write(t, away)

	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	for _, at := range []string{"d", "d/e", "d/e/a.yaml", "l"} {
		running.Go(func() { swap(ctx, filepath.Join(dir, at), away) })
	}
	for range rounds {
		set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		if err != nil {
			requireExpected(t, err)
			continue
		}
		reader, err := set.Open()
		require.NoError(t, err)
		for _, f := range set.Files() {
			content := make([]byte, f.Size)
			if err := reader.ReadFile(t.Context(), f, content); err != nil {
				requireExpected(t, err)
			} else {
				require.NotEqual(t, "outside!!!", string(content))
			}
			if text, err := readFile(reader, f); err != nil {
				requireExpected(t, err)
			} else {
				require.NotEqual(t, "outside!!!", text)
			}
		}
		assert.NoError(t, reader.Close())
	}
}

// swap replaces an entry by all kinds of others, one after another, until ctx ends. Each
// step may fail, because another goroutine has moved the directory.
func swap(ctx context.Context, at, away string) {
	aside := at + ".aside"
	for n := 0; ctx.Err() == nil; n++ {
		spare := at + ".spare" + strconv.Itoa(n)
		create := []func() error{
			func() error { return syscall.Mkfifo(spare, 0o644) },
			func() error { return os.Symlink(away, spare) },
			func() error { return os.Symlink(filepath.Base(at), spare) },
			func() error { return os.Mkdir(spare, 0o755) },
			func() error { return writeNew(spare) },
			func() error { return os.ErrNotExist }, // nothing
		}[n%6]
		_ = os.Rename(at, aside)
		if create() == nil {
			_ = os.Rename(spare, at)
		}
		_ = os.Rename(at, spare)
		_ = os.Rename(aside, at)
		_ = os.Remove(spare)
	}
}

// writeNew does not open a FIFO that another goroutine moved to the name.
func writeNew(name string) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString("0123456789")
	return errors.Join(err, file.Close())
}

func requireExpected(t *testing.T, err error) {
	t.Helper()
	for _, expected := range []error{
		manifests.ErrFileChanged, manifests.ErrSpecialFile, manifests.ErrSymlinkDangling, manifests.ErrSymlinkEscapes,
		manifests.ErrSymlinkLoop, manifests.ErrNoManifestFiles,
	} {
		if errors.Is(err, expected) {
			return
		}
	}
	require.NoError(t, err, "an error without a type")
}
