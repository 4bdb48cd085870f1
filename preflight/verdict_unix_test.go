//go:build unix

package preflight_test

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// A record that cannot be trusted, or is not one of the check, changes no findings.
func TestCheckWithABadRecord(t *testing.T) {
	write := func(path string, data []byte) error {
		return os.WriteFile(path, []byte(string(data)+"\n"+digest.FromBytes(data).String()+"\n"), 0o600)
	}
	changed := func(f func(data []byte) []byte) func(path string, data []byte) error {
		return func(path string, data []byte) error { return write(path, f(data)) }
	}
	for _, tt := range []struct {
		name  string
		spoil func(path string, text []byte) error
		used  bool
	}{
		{"that of the check", write, true},
		{"empty", func(path string, _ []byte) error { return os.Truncate(path, 0) }, false},
		{"cut", func(path string, text []byte) error { return os.Truncate(path, int64(len(text)/2)) }, false},
		{"too large", func(path string, text []byte) error {
			return write(path, append(text, make([]byte, 4<<20)...))
		}, false},
		{"a changed bit", func(path string, text []byte) error {
			text[len(text)/2] ^= 1
			return os.WriteFile(path, text, 0o600)
		}, false},
		{"of another key", changed(func(data []byte) []byte { data[10] ^= 1; return data }), false},
		{"longer, well-formed", changed(func(data []byte) []byte { return append(data, 0) }), false},
		{"shorter, well-formed", changed(func(data []byte) []byte { return data[:len(data)-1] }), false},
		{"none, well-formed", changed(func([]byte) []byte { return nil }), false},
		{"a directory", func(path string, _ []byte) error { _ = os.Remove(path); return os.Mkdir(path, 0o700) }, false},
		{"a FIFO", func(path string, _ []byte) error { _ = os.Remove(path); return syscall.Mkfifo(path, 0o600) }, false},
		{"a link", func(path string, _ []byte) error {
			elsewhere := path + ".moved"
			if err := os.Rename(path, elsewhere); err != nil {
				return err
			}
			return os.Symlink(elsewhere, path)
		}, false},
		{"writable by the group", func(path string, _ []byte) error { return os.Chmod(path, 0o620) }, false},
		{"of another user", func(path string, _ []byte) error { return os.Chown(path, 1234, -1) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "of another user" && os.Geteuid() != 0 {
				t.Skip("only root can give a file to another user")
			}
			dir := filepath.Join(t.TempDir(), "cache")
			fsys := &countingFS{MapFS: many().fs()}
			a := packed(t, collectFS(t, fsys), none, &preflight.Cache{Dir: dir})
			want := mustCheck(t, a, preflight.Options{})
			path := verdicts(t, dir)[0]
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			data = data[:bytes.LastIndex(data, []byte("\nsha256:"))]
			require.NoError(t, tt.spoil(path, data))

			for range 2 {
				a = packed(t, collectFS(t, fsys), none, &preflight.Cache{Dir: dir})
				fsys.opened.Store(0)
				require.Equal(t, want, mustCheck(t, a, preflight.Options{}))
				assert.Equal(t, tt.used, fsys.opened.Load() == 0)
				tt.used = tt.name != "a directory" // which a file cannot replace
			}
		})
	}
}

// The directory decides which artifacts are refused, so it must be the caller's alone.
func TestCheckRefusesACacheOfOthers(t *testing.T) {
	for _, tt := range []struct {
		name string
		dir  func(t *testing.T, dir string) string
	}{
		{"writable by all", func(t *testing.T, dir string) string { require.NoError(t, os.Chmod(dir, 0o777)); return dir }},
		{"writable by the group", func(t *testing.T, dir string) string { require.NoError(t, os.Chmod(dir, 0o770)); return dir }},
		{"of another user", func(t *testing.T, dir string) string {
			if os.Geteuid() != 0 {
				t.Skip("only root can give a file to another user")
			}
			require.NoError(t, os.Chown(dir, 1234, -1))
			return dir
		}},
		{"a file", func(t *testing.T, dir string) string {
			path := filepath.Join(dir, "file")
			require.NoError(t, os.WriteFile(path, nil, 0o600))
			return path
		}},
		{"a FIFO", func(t *testing.T, dir string) string {
			path := filepath.Join(dir, "fifo")
			require.NoError(t, syscall.Mkfifo(path, 0o600))
			return path
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cache := &preflight.Cache{Dir: tt.dir(t, t.TempDir())}
			assert.False(t, cache.HasFindings())
			a := packed(t, tree{"app.yaml": app}.collect(t), flux, cache)
			_, err := preflight.Check(t.Context(), a, preflight.Options{})
			require.ErrorIs(t, err, packager.ErrInvalidCache)
			assert.ErrorContains(t, err, cache.Dir)
			var advised interface{ Hint() string }
			require.ErrorAs(t, err, &advised)
			assert.Contains(t, advised.Hint(), "Cache.Preflight.Dir")
			_, err = preflight.Secrets(t.Context(), a, preflight.Options{})
			require.ErrorIs(t, err, packager.ErrInvalidCache)
			a.Contents = nil
			mustCheck(t, a, preflight.Options{})
		})
	}
}
