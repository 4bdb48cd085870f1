package manifests_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// longPath returns a path of n bytes, in which only the last name varies in length.
func longPath(n int) string {
	directories := strings.Repeat(strings.Repeat("d", 255)+"/", 15) + strings.Repeat("d", 200) + "/"
	return directories + strings.Repeat("f", n-len(directories)-len(".yaml")) + ".yaml"
}

func TestNames(t *testing.T) {
	for _, tt := range []struct{ name, path string }{
		{"blanks", " a b .yaml"},
		{"quotes and shell characters", `"$HOME"'` + "`x`&|;<>*?.yaml"},
		{"leading dash", "-rf/--all.yaml"},
		{"colon after a letter", "a:b.yaml"},
		{"drive below the top", "a/b:/c.yaml"},
		{"colon and device names", "con/aux:1.yaml"},
		{"beyond ASCII", "日本/größe.yaml"},
		{"decomposed", "e\u0301.yaml"},
		{"joined emoji", "👩\u200d🚀.yaml"},
		{"two dots at the start of a directory", "..a/x.yaml"},
		{"two dots in a directory", "a..b/x.yaml"},
		{"one dot at the end of a directory", "a./x.yaml"},
		{"two dots at the end of a file's stem", "a..yaml"},
		{"name of 255 bytes", strings.Repeat("n", 250) + ".yaml"},
		{"path of 4096 bytes", longPath(4096)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, err := manifests.CollectFS(t.Context(), tree{tt.path: "text"}.mapFS(), manifests.Options{})
			require.NoError(t, err)
			assert.Equal(t, map[string]string{tt.path: "text"}, contents(t, set))
		})
	}
}

func TestNamesRefused(t *testing.T) {
	for _, tt := range []struct{ name, path, refused string }{
		{"newline", "a\nb.yaml", "a\nb.yaml"},
		{"escape", "sub/\x1b[31m.yaml", "sub/\x1b[31m.yaml"},
		{"delete", "a\x7f.yaml", "a\x7f.yaml"},
		{"control character beyond ASCII", "a\u0085.yaml", "a\u0085.yaml"},
		{"NUL", "a\x00.yaml", "a\x00.yaml"},
		{"backslash", `a\b.yaml`, `a\b.yaml`},
		{"not UTF-8", "a\xff.yaml", "a\xff.yaml"},
		{"half of a character", "\xc3.yaml", "\xc3.yaml"},
		{"directory with a newline", "a\nb/c/x.yaml", "a\nb"},
		{"directory with a backslash", `a\b/x.yaml`, `a\b`},
		{"directory that is not UTF-8", "a\xff/x.yaml", "a\xff"},
		{"directory without manifests", "a\tb/x.txt", "a\tb"},
		{"directory that ends in two dots", "x/a../x.yaml", "x/a.."},
		{"directory of a drive", "c:/x.yaml", "c:"},
		{"directory of three dots", ".../x.yaml", "..."},
		{"name of 256 bytes", strings.Repeat("n", 251) + ".yaml", strings.Repeat("n", 251) + ".yaml"},
		{"directory of 256 bytes", strings.Repeat("n", 256) + "/x.yaml", strings.Repeat("n", 256)},
		{"path of 4097 bytes", longPath(4097), longPath(4097)},
		{"directory's path of 4097 bytes", longPath(4097) + "/x.yaml", longPath(4097)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, err := manifests.CollectFS(t.Context(), tree{"0.yaml": "ok", tt.path: "text"}.mapFS(), manifests.Options{})
			require.Nil(t, set)
			requirePathError(t, err, manifests.ErrInvalidName, tt.refused)
			assert.NotRegexp(t, `[\x00-\x1f\x7f]`, err.Error())
		})
	}
}

// Names of skipped files are not checked, because they are not in an archive.
func TestNamesOfOthers(t *testing.T) {
	set, err := manifests.CollectFS(t.Context(), tree{"a.yaml": "a", `b\c.txt`: "b", "d\ne.md": "d", "f..": "f"}.mapFS(), manifests.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"a.yaml"}, paths(set))
	assert.Len(t, set.Skipped(), 3)
}

// Package unpacker refuses the same names, of directories and files alike: a .git file has
// the path of a repository.
func TestNamesOfVersionControl(t *testing.T) {
	for _, name := range []string{
		".git", "sub/.git", ".GIT", ".git.", ".git ", ".git::$INDEX_ALLOCATION", ".git:x.yaml", "git~1", ".g\u200cit", ".gi\ufefft", ".hg", "CVS", "CVS.", "_darcs.",
	} {
		for below, slash := range map[string]string{"": "", "/x.yaml": "/"} {
			entry := name + below
			t.Run(entry, func(t *testing.T) {
				tr := tree{"kustomization.yaml": "configMapGenerator:\n- files: [" + strconv.Quote(entry) + "]", entry: "x"}
				set, err := manifests.CollectFS(t.Context(), tr.mapFS(), manifests.Options{Include: []string{"*"}})
				require.NoError(t, err)
				assert.Equal(t, []string{"kustomization.yaml"}, paths(set))
				assert.Equal(t, []manifests.Skipped{{Path: name + slash, Reason: manifests.ReasonVersionControl}}, set.Skipped())
				require.Len(t, set.Problems(), 1)
				assert.Equal(t, manifests.ProblemSkipped, set.Problems()[0].Code)
			})
		}
	}
}
