package records_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/records"
)

func dirIn(path string) records.Dir {
	return records.Dir{Path: path, Option: "Option", Suffix: ".test.json", MaxBytes: 1 << 20, MaxTotal: 2 << 20}
}

// A record is read until its file is not that which was written.
func TestRead(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(path string) error
		want  string
	}{
		{"as written", func(string) error { return nil }, "1\n\n"},
		{"missing", os.Remove, ""},
		{"empty", func(path string) error { return os.Truncate(path, 0) }, ""},
		{"cut", func(path string) error { return os.Truncate(path, 60) }, ""},
		{"too large", func(path string) error { return os.Truncate(path, 2<<20) }, ""},
		{"a directory", func(path string) error { _ = os.Remove(path); return os.Mkdir(path, 0o700) }, ""},
		{"changed", func(path string) error {
			data, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path, []byte(strings.Replace(string(data), "1", "2", 1)), 0o600)
			}
			return err
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := dirIn(filepath.Join(t.TempDir(), "cache"))
			dir.Write([]byte("key"), []byte("1\n\n"))
			paths, err := filepath.Glob(filepath.Join(dir.Path, "*.test.json"))
			require.NoError(t, err)
			require.Len(t, paths, 1)
			require.NoError(t, tt.spoil(paths[0]))

			got, err := dir.Read([]byte("key"))
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got))

			dir.Write([]byte("key"), []byte("1\n\n"))
			got, err = dir.Read([]byte("key"))
			require.NoError(t, err)
			assert.Equal(t, tt.name == "a directory", got == nil, "it is repaired, unless a file cannot replace it")
		})
	}
}

func TestGroups(t *testing.T) {
	dir := dirIn(t.TempDir())
	empty := func(group string) bool {
		dir.Group = []byte(group)
		empty, err := dir.IsEmpty()
		require.NoError(t, err)
		return empty
	}
	assert.True(t, empty("a"))
	assert.True(t, empty(""))
	dir.Group = []byte("a")
	dir.Write([]byte("key"), []byte("text"))
	assert.False(t, empty("a"))
	assert.True(t, empty("b"))
	assert.False(t, empty(""), "no group")
	for group, want := range map[string]string{"a": "text", "b": ""} {
		dir.Group = []byte(group)
		got, err := dir.Read([]byte("key"))
		require.NoError(t, err)
		assert.Equal(t, want, string(got), group)
	}
}

// Hundreds of builds share a directory, and each of them lists it: that asks nothing about the
// files one by one, for which os.ReadDir allocates several times for each.
func TestListingAsksForNamesAlone(t *testing.T) {
	const files = 500
	dir := dirIn(t.TempDir())
	for i := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir.Path, fmt.Sprintf("%d-other%s", i, dir.Suffix)), nil, 0o600))
	}
	dir.Group = []byte("a")
	allocs := testing.AllocsPerRun(3, func() {
		empty, err := dir.IsEmpty()
		require.NoError(t, err)
		require.True(t, empty)
	})
	assert.Less(t, allocs, 1.5*files)
}

// The oldest records are removed once there are too many, or they are too large.
func TestWriteRemovesTheOldest(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before int
		sizes  int64 // of those before
		size   int   // of the new one
		left   int
	}{
		{"few", 9, 10, 10, 10},
		{"many", records.MaxFiles + 5, 10, 10, records.MaxFiles},
		{"large", 4, 900 << 10, 900 << 10, 2},
		{"small beside large ones", 4, 900 << 10, 10, 5},
		{"too large for any", 1, 10, 2 << 20, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := dirIn(t.TempDir())
			require.NoError(t, os.Chmod(dir.Path, 0o700))
			other := filepath.Join(dir.Path, "other.layer.json")
			require.NoError(t, os.WriteFile(other, nil, 0o600))
			for i := range tt.before {
				path := filepath.Join(dir.Path, fmt.Sprintf("%04d.test.json", i))
				require.NoError(t, os.WriteFile(path, nil, 0o600))
				require.NoError(t, os.Truncate(path, tt.sizes))
				require.NoError(t, os.Chtimes(path, time.Time{}, time.Now().Add(time.Duration(i-10_000)*time.Second)))
			}
			dir.Write([]byte("key"), []byte(strings.Repeat("x", tt.size)))
			paths, err := filepath.Glob(filepath.Join(dir.Path, "*.test.json"))
			require.NoError(t, err)
			assert.Len(t, paths, tt.left)
			assert.FileExists(t, other, "of another kind")
			got, err := dir.Read([]byte("key"))
			require.NoError(t, err)
			assert.Equal(t, tt.size <= dir.MaxBytes, got != nil)
			last := filepath.Join(dir.Path, fmt.Sprintf("%04d.test.json", tt.before-1))
			assert.FileExists(t, last, "the newest of those before")
		})
	}
}

// Records that were written before the clock was set back seem to be the newest.
func TestFullDirectoryAfterTheClockWasSetBack(t *testing.T) {
	dir := dirIn(t.TempDir())
	require.NoError(t, os.Chmod(dir.Path, 0o700))
	for i := range records.MaxFiles {
		path := filepath.Join(dir.Path, fmt.Sprintf("%04d.test.json", i))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, os.Chtimes(path, time.Time{}, time.Now().Add(24*time.Hour+time.Duration(i)*time.Second)))
	}
	for i := range 5 {
		dir.Write([]byte{byte(i)}, []byte("x"))
	}
	for i := range 5 {
		got, err := dir.Read([]byte{byte(i)})
		require.NoError(t, err)
		assert.NotNil(t, got, i)
	}
	paths, err := filepath.Glob(filepath.Join(dir.Path, "*.test.json"))
	require.NoError(t, err)
	assert.Len(t, paths, records.MaxFiles)
	assert.NoFileExists(t, filepath.Join(dir.Path, "0000.test.json"))
	assert.FileExists(t, filepath.Join(dir.Path, fmt.Sprintf("%04d.test.json", records.MaxFiles-1)))
}
