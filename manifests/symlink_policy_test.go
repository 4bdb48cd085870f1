package manifests_test

import (
	"cmp"
	"io/fs"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// The trees of TestLinks, without their errors.
func TestLinksSkipped(t *testing.T) {
	reasons := map[error]manifests.Reason{
		manifests.ErrSymlinkEscapes: "symlink-escapes", manifests.ErrSymlinkDangling: "symlink-dangling", manifests.ErrSymlinkLoop: "symlink-loop",
	}
	for _, tt := range linkTests {
		t.Run(tt.name, func(t *testing.T) {
			tr := maps.Clone(tt.tree)
			tr["keep.yaml"] = "keep"
			collectEachWay(t, tr, manifests.Options{Symlinks: manifests.SymlinksSkip}, func(t *testing.T, set *manifests.Set, err error) {
				require.NoError(t, err)
				texts := contents(t, set)
				assert.Equal(t, "keep", texts["keep.yaml"])
				if tt.err != nil {
					assert.NotContains(t, texts, tt.path)
					assert.Contains(t, set.Skipped(), manifests.Skipped{Path: tt.path, Reason: reasons[tt.err]})
					return
				}
				delete(texts, "keep.yaml")
				assert.Equal(t, tt.want, texts)
				assert.Equal(t, tt.skipped, set.Skipped())
			})
		})
	}
}

// Some links remain an error.
func TestLinksNotSkipped(t *testing.T) {
	opts := manifests.Options{Symlinks: manifests.SymlinksSkip}
	for _, tt := range []struct {
		name string
		fsys fs.FS
		err  error
		path string
	}{
		{"name", tree{"a.yaml": "a", "b\n": linkTo + "missing"}.mapFS(), manifests.ErrInvalidName, "b\n"},
		{"ignore file", tree{"a.yaml": "a", ".sourceignore": linkTo + "missing"}.mapFS(), manifests.ErrSymlinkDangling, ".sourceignore"},
		{"failing file system", brokenFS{tree{"a.yaml": "a", "b.yaml": linkTo + "a.yaml"}.mapFS(), "readlink"}, errBroken, "b.yaml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := manifests.CollectFS(t.Context(), tt.fsys, opts)
			requirePathError(t, err, tt.err, tt.path)
		})
	}
}

func TestLinksRefused(t *testing.T) {
	opts := manifests.Options{Symlinks: manifests.SymlinksRefuse}
	for _, tt := range []struct {
		name         string
		tree         tree
		path, target string
	}{
		{"file", tree{"a.yaml": "a", "b.yaml": linkTo + "a.yaml"}, "b.yaml", "a.yaml"},
		{"directory", tree{"a/a.yaml": "a", "b": linkTo + "a"}, "b", "a"},
		{"any name", tree{"a.yaml": "a", "current": linkTo + "a.yaml"}, "current", "a.yaml"},
		{"out", tree{"a.yaml": "a", "x/b.yaml": linkTo + "../../b.yaml"}, "x/b.yaml", "../../b.yaml"},
		{"ignore file", tree{"a.yaml": "a", "b": ".sourceignore", "x/.sourceignore": linkTo + "../b"}, "x/.sourceignore", "../b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			collectEachWay(t, tt.tree, opts, func(t *testing.T, set *manifests.Set, err error) {
				require.Nil(t, set)
				assert.Equal(t, tt.target, requirePathError(t, err, manifests.ErrSymlinkRefused, tt.path).Target)
			})
		})
	}
	t.Run("ignored links", func(t *testing.T) {
		opts.Ignore = []string{"b*"}
		tr := tree{"a.yaml": "a", "b.yaml": linkTo + "a.yaml", ".git": linkTo + "../.git"}
		collectEachWay(t, tr, opts, func(t *testing.T, set *manifests.Set, err error) {
			require.NoError(t, err)
			assert.Equal(t, []manifests.Skipped{{Path: ".git/", Reason: "version-control"}, ignored("b.yaml", "b*", "options")}, set.Skipped())
		})
	})
	t.Run("without ReadLinkFS", func(t *testing.T) {
		without := struct{ fs.FS }{tree{"a.yaml": "a", "b.yaml": linkTo + "a.yaml"}.mapFS()}
		_, err := manifests.CollectFS(t.Context(), without, manifests.Options{Symlinks: manifests.SymlinksRefuse})
		assert.Empty(t, requirePathError(t, err, manifests.ErrSymlinkRefused, "b.yaml").Target)
	})
}

func TestSymlinkPolicies(t *testing.T) {
	for policy, valid := range map[manifests.SymlinkPolicy]bool{
		"": true, "follow": true, "files": true, "skip": true, "refuse": true, " skip\n": true, " ": true, "Skip": false, "none": false,
	} {
		opts, err := manifests.Options{Symlinks: policy}.Resolve()
		if valid {
			assert.NoError(t, err, policy)
			assert.Equal(t, cmp.Or(strings.TrimSpace(string(policy)), "follow"), string(opts.Symlinks))
			continue
		}
		requirePathError(t, err, manifests.ErrUnknownSymlinkPolicy, string(policy))
	}
}
