package unpacker_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/goldentree"
	"github.com/kubeoci/oci/internal/testing/unprivileged"
	"github.com/kubeoci/oci/unpacker"
)

// TestUnpackForbidden unpacks into a directory that is not writable.
func TestUnpackForbidden(t *testing.T) {
	for name, empty := range map[string]bool{"absent": false, "empty": true} {
		t.Run(name, func(t *testing.T) {
			src, manifest := oneFile(t, "a")
			parent := filepath.Join(t.TempDir(), "parent")
			dir := filepath.Join(parent, "out")
			require.NoError(t, os.Mkdir(parent, 0o755))
			if empty {
				require.NoError(t, os.Mkdir(dir, 0o755))
			}
			before := namesIn(t, parent)
			require.NoError(t, os.Chmod(parent, 0o555))
			t.Cleanup(func() { require.NoError(t, os.Chmod(parent, 0o755)) }) // for TempDir to remove it
			unprivileged.Run(t, parent, func() {
				_, err := unpacker.Unpack(t.Context(), src, manifest, dir, unpacker.Options{})
				requireTarget(t, err, fs.ErrPermission, dir)
				var hinting interface{ Hint() string }
				require.ErrorAs(t, err, &hinting)
				assert.NotEmpty(t, hinting.Hint())
				assert.Equal(t, before, namesIn(t, parent))
			})
		})
	}
}

// TestUnpackForeignOwner unpacks to a directory of a group that this user is not in: the
// directory that would replace it cannot have that group.
func TestUnpackForeignOwner(t *testing.T) {
	src, manifest := oneFile(t, "a")
	parent := filepath.Join(t.TempDir(), "parent")
	dir := filepath.Join(parent, "out")
	require.NoError(t, os.MkdirAll(dir, 0o770))
	if err := os.Chown(dir, -1, 65533); err != nil {
		t.Skip("only root can change the group to any:", err)
	}
	unprivileged.Run(t, parent, func() {
		_, err := unpacker.Unpack(t.Context(), src, manifest, dir, unpacker.Options{})
		requireTarget(t, err, fs.ErrPermission, dir)
		require.ErrorContains(t, err, "the owner of the directory cannot be kept")
		var targetErr *unpacker.TargetError
		require.ErrorAs(t, err, &targetErr)
		assert.Equal(t, "set InPlace to unpack into the directory of another user", targetErr.Hint())
		assert.Equal(t, []string{"out"}, namesIn(t, parent))
		_, err = unpacker.Unpack(t.Context(), src, manifest, dir, inPlace)
		require.NoError(t, err)
	})
	assert.Equal(t, map[string]string{"a.yaml": "a"}, allFiles(t, dir))
}

// TestUnpackHoldsNothing checks that no file stays open, and that none is spooled
// outside the parent directory.
func TestUnpackHoldsNothing(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "absent"))
	parent := t.TempDir()
	const memoryLimit = 8 << 20 // the default of a Store
	large := archiveOf(t, regular("a.yaml", string(noise(t, memoryLimit+1))))
	for name, layer := range map[string][]byte{"whole": large, "truncated": large[:memoryLimit+1]} {
		b, manifest := artifactOf(t, plainType, layer)
		dir := filepath.Join(parent, name)
		src := readerOf{b, plainType, func(r io.Reader) io.Reader { return r }}
		_, err := unpacker.Unpack(t.Context(), src, manifest, dir, unpacker.Options{})
		if name == "truncated" {
			requireKind(t, err, unpacker.ErrCorruptArtifact)
		} else {
			require.NoError(t, err)
		}
		assert.Zero(t, goldentree.OpenBelow(t, parent), name)

		_, _, err = unpacker.UnpackFS(t.Context(), src, manifest, unpacker.Options{})
		assert.Equal(t, name == "truncated", err != nil, "%v", err)
	}
	assert.Equal(t, []string{"whole"}, namesIn(t, parent))
}
