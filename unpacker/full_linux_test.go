package unpacker_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/unpacker"
)

// TestUnpackFailuresInOrder lets the writing of some files fail: the error is that of the
// first of them in the archive, and comes before damage behind it.
func TestUnpackFailuresInOrder(t *testing.T) {
	if os.Getenv("UNPACK_LIMITED") == "" { // the limit is that of a process
		again := exec.Command(os.Args[0], "-test.run=^TestUnpackFailuresInOrder$", fmt.Sprintf("-test.short=%t", testing.Short()))
		again.Env = append(os.Environ(), "UNPACK_LIMITED=1")
		out, err := again.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 16 << 10, Max: 16 << 10}))
	const most = 300
	rounds := 10
	if testing.Short() {
		rounds = 3
	}
	for _, tt := range []struct {
		name  string
		sizes map[int]int // of files, a kilobyte otherwise
		first int
	}{
		{"small files", map[int]int{40: 17 << 10, 41: 17 << 10, 250: 17 << 10}, 40},
		{"files of two goroutines", map[int]int{63: 17 << 10, 64: 17 << 10}, 63},
		{"a large file behind a small one", map[int]int{200: 17 << 10, 202: 1 << 20}, 200},
		{"a small file behind a large one", map[int]int{200: 1 << 20, 202: 17 << 10}, 200},
		{"the last file", map[int]int{most - 1: 17 << 10}, most - 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var entries []entry
			for i := range most {
				entries = append(entries, regular(fmt.Sprintf("d%d/f%d", i/30, i), long(max(tt.sizes[i], 1000))))
			}
			archive := archiveOf(t, entries...)
			for name, archive := range map[string][]byte{"whole": archive, "damaged": archive[:len(archive)-1024]} {
				src, manifest := artifactOf(t, plainType, archive)
				parent := t.TempDir()
				for range rounds {
					dir := filepath.Join(parent, "out")
					_, err := unpacker.Unpack(t.Context(), src, manifest, dir, unpacker.Options{})
					requireTarget(t, err, syscall.EFBIG, filepath.Join(dir, fmt.Sprintf("d%d/f%d", tt.first/30, tt.first)))
					require.Empty(t, namesIn(t, parent), name)
				}
			}
		})
	}
}

// TestUnpackFullDisk unpacks more than there is room for.
func TestUnpackFullDisk(t *testing.T) {
	parent := t.TempDir()
	if err := syscall.Mount("tmpfs", parent, "tmpfs", 0, "size=512k"); err != nil {
		t.Skip("this user or system cannot mount:", err)
	}
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(parent, syscall.MNT_DETACH)) })
	src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, manyFiles(300)...)))
	for _, opts := range []unpacker.Options{{}, {InPlace: true}} {
		dir := filepath.Join(parent, "out")
		if opts.InPlace {
			dir = parent
		}
		_, err := unpacker.Unpack(t.Context(), src, manifest, dir, opts)
		require.ErrorIs(t, err, syscall.ENOSPC)
		var targetErr *unpacker.TargetError
		require.ErrorAs(t, err, &targetErr)
		assert.NotEqual(t, dir, targetErr.Path, "no file is named")
		assert.Empty(t, namesIn(t, parent))
	}
}

// A call keeps few directories open, so that many calls can run at once.
func TestUnpackWithFewDescriptors(t *testing.T) {
	for name, path := range map[string]string{
		"wide": "d%[1]d/f", "deep": "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/d%[1]d/f", "two trees": "%[2]d/a/b/c/d%[3]d/f",
	} {
		t.Run(name, func(t *testing.T) {
			var entries []entry
			for i := range 500 {
				entries = append(entries, regular(fmt.Sprintf(path+"%[1]d", i, i%2, i/2), ""))
			}
			src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, entries...)))
			dir := filepath.Join(t.TempDir(), "out")
			var before syscall.Rlimit
			require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before))
			defer func() { assert.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before)) }()
			require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: before.Max}))
			_, err := unpacker.Unpack(t.Context(), src, manifest, dir, unpacker.Options{})
			assert.NoError(t, err)
		})
	}
}
