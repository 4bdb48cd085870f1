package manifests_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

var specialKinds = map[string]fs.FileMode{
	"FIFO":             fs.ModeNamedPipe,
	"socket":           fs.ModeSocket,
	"device":           fs.ModeDevice,
	"character device": fs.ModeDevice | fs.ModeCharDevice,
	"irregular":        fs.ModeIrregular,
}

func TestSpecialFiles(t *testing.T) {
	for name, kind := range specialKinds {
		t.Run(name, func(t *testing.T) {
			fsys := closedFS{MapFS: tree{"a.yaml": "a"}.mapFS(), t: t, closed: "sub/special"}
			fsys.MapFS["sub/special"] = &fstest.MapFile{Mode: kind | 0o644}
			set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
			require.NoError(t, err)
			assert.Equal(t, map[string]string{"a.yaml": "a"}, contents(t, set))
			assert.Equal(t, []manifests.Skipped{{Path: "sub/special", Reason: manifests.ReasonSpecial}}, set.Skipped())
		})
		t.Run(name+" with a manifest's name", func(t *testing.T) {
			fsys := closedFS{MapFS: tree{"a.yaml": "a"}.mapFS(), t: t, closed: "sub/special.yaml"}
			fsys.MapFS["sub/special.yaml"] = &fstest.MapFile{Mode: kind | 0o644}
			_, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
			requirePathError(t, err, manifests.ErrSpecialFile, "sub/special.yaml")
			set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{SkipSpecial: true})
			require.NoError(t, err)
			assert.Equal(t, []manifests.Skipped{{Path: "sub/special.yaml", Reason: manifests.ReasonSpecial}}, set.Skipped())
		})
		t.Run(name+" by a link with a manifest's name", func(t *testing.T) {
			fsys := closedFS{MapFS: tree{"a.yaml": "a", "link.yaml": linkTo + "special"}.mapFS(), t: t, closed: "special"}
			fsys.MapFS["special"] = &fstest.MapFile{Mode: kind | 0o644}
			_, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
			requirePathError(t, err, manifests.ErrSpecialFile, "link.yaml")
			set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{SkipSpecial: true})
			require.NoError(t, err)
			assert.Equal(t, []manifests.Skipped{{Path: "link.yaml", Reason: "special"}, {Path: "special", Reason: "special"}}, set.Skipped())
		})
	}
}

// closedFS holds a file that must not be opened.
type closedFS struct {
	fstest.MapFS
	t      *testing.T
	closed string
}

func (c closedFS) Open(name string) (fs.File, error) {
	assert.NotEqual(c.t, c.closed, name, "a special file was opened")
	return c.MapFS.Open(name)
}
