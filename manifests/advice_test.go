package manifests_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

func TestHintsForMisspeltReferences(t *testing.T) {
	const missing = "add the file, or remove the reference"
	like := func(name string) string {
		return "refer to " + name + ", which is spelt almost like it, or add the file"
	}
	for _, tt := range []struct {
		name  string
		texts tree
		want  string
	}{
		{"a letter is missing", tree{"kustomization.yaml": naming("deploymnt.yaml"), "deployment.yaml": "a", "service.yaml": "b"}, like("deployment.yaml")},
		{"another extension", tree{"a/kustomization.yaml": naming("app.yml"), "a/app.yaml": "a"}, like("app.yaml")},
		{"another case", tree{"kustomization.yaml": naming("Deployment.yaml"), "deployment.yaml": "a"}, like("deployment.yaml")},
		{"a file that is no manifest", tree{"kustomization.yaml": generating("scripts/wram-cache.sh"), "scripts/warm-cache.sh": "a"}, like("scripts/warm-cache.sh")},
		{"a directory", tree{"overlays/dev/kustomization.yaml": naming("../../bsae"), "base/kustomization.yaml": "namePrefix: a-", "base/a.yaml": "a"}, like("../../base")},
		{"a file in a misspelt directory", tree{"x/kustomization.yaml": naming("../commmon/app.yaml"), "common/app.yaml": "a"}, like("../common/app.yaml")},
		{"a directory where only a file is like it", tree{"kustomization.yaml": "components: [base]", "bases": "a", "app.yaml": "a"}, missing},
		{"nothing is like it", tree{"kustomization.yaml": naming("deployment.yaml"), "service.yaml": "a"}, missing},
		{"it is in another directory", tree{"kustomization.yaml": naming("deployment.yaml"), "app/deployment.yaml": "a"}, missing},
		{"a name that a hint may not use as it is", tree{"kustomization.yaml": naming("Vrsion"), "Version": "a", "app.yaml": "a"}, like(`"Version"`)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			collectEachWay(t, tt.texts, manifests.Options{}, func(t *testing.T, set *manifests.Set, err error) {
				require.NoError(t, err)
				require.Len(t, set.Problems(), 1)
				assert.Equal(t, tt.want, set.Problems()[0].Hint)
			})
		})
	}
}

// Many references, and many names to compare them with, take little time.
func TestHintsAreBounded(t *testing.T) {
	texts := tree{"kustomization.yaml": ""}
	var names []string
	for i := range 3_000 {
		name := fmt.Sprintf("%s%04d.yaml", strings.Repeat("a", 100), i)
		texts[name] = "a"
		names = append(names, "b"+name)
	}
	texts["kustomization.yaml"] = naming(names...)
	set, err := manifests.CollectFS(t.Context(), texts.mapFS(), manifests.Options{})
	require.NoError(t, err)
	require.Len(t, set.Problems(), len(names))
	assert.Contains(t, set.Problems()[0].Hint, "which is spelt almost like it")
	assert.Equal(t, "add the file, or remove the reference", set.Problems()[2_999].Hint)
}

// Each hint for a reference to a path above the source directory names trees that have it.
func TestHintsForReferencesAbove(t *testing.T) {
	above := tree{
		"deploy/base/kustomization.yaml":         naming("app.yaml"),
		"deploy/base/app.yaml":                   "a",
		"deploy/common.yaml":                     "a",
		"deploy/overlays/dev/kustomization.yaml": naming("../../base", "../../common.yaml"),
		"deploy/shop/kustomization.yaml":         naming("../base"),
		"deploy/app/kustomization.yaml":          naming("../base/app.yaml"),
		"deploy/deep/er/kustomization.yaml":      naming("../../base"),
		"deploy/parent/kustomization.yaml":       naming("../"),
		"deploy/kustomization.yaml":              naming("common.yaml"),
	}.dir(t)
	for _, tt := range []struct {
		source, want string
		above, path  string           // to collect instead
		roots        []manifests.Root // the same
	}{
		{
			"deploy/shop", "set SourcePath to the directory above and begin Preflight.Path with shop, or set Roots in place of SourcePath, this directory at shop and its ../base at base, and begin Preflight.Path with shop",
			"deploy", "shop", []manifests.Root{{Path: "shop", Dir: "deploy/shop"}, {Path: "base", Dir: "deploy/base"}},
		},
		{
			"deploy/overlays/dev", "set SourcePath to the directory 2 levels above and begin Preflight.Path with overlays/dev, or set Roots in place of SourcePath, this directory at overlays/dev and its ../../base at base, and begin Preflight.Path with overlays/dev",
			"deploy", "overlays/dev", nil,
		},
		{
			"deploy/app", "set SourcePath to the directory above and begin Preflight.Path with app, or set Roots in place of SourcePath, this directory at app and its ../base at base, and begin Preflight.Path with app",
			"deploy", "app", []manifests.Root{{Path: "app", Dir: "deploy/app"}, {Path: "base", Dir: "deploy/base"}},
		},
		{
			"deploy/deep", "set SourcePath to the directory above and begin Preflight.Path with deep, or set Roots in place of SourcePath, this directory at deep and its ../base at base, and begin Preflight.Path with deep",
			"deploy", "deep/er", []manifests.Root{{Path: "deep", Dir: "deploy/deep"}, {Path: "base", Dir: "deploy/base"}},
		},
		{"deploy/parent", "set SourcePath to the directory above and begin Preflight.Path with parent", "", "", nil},
	} {
		t.Run(tt.source, func(t *testing.T) {
			set, err := manifests.Collect(t.Context(), filepath.Join(above, tt.source), manifests.Options{})
			require.NoError(t, err)
			require.NotEmpty(t, set.Problems())
			assert.Equal(t, tt.want, set.Problems()[0].Hint)
			if tt.above != "" {
				set, err = manifests.Collect(t.Context(), filepath.Join(above, tt.above), manifests.Options{})
				require.NoError(t, err)
				for _, p := range set.Problems() {
					assert.False(t, strings.HasPrefix(p.File, tt.path+"/"), p)
				}
			}
			if len(tt.roots) > 0 {
				for i := range tt.roots {
					tt.roots[i].Dir = filepath.Join(above, tt.roots[i].Dir)
				}
				set, err = manifests.CollectRoots(t.Context(), tt.roots, manifests.Options{})
				require.NoError(t, err)
				assert.Empty(t, set.Problems())
			}
		})
	}
	set, err := manifests.CollectFS(t.Context(), tree{"kustomization.yaml": naming("../base", "/etc/passwd", "..")}.mapFS(), manifests.Options{})
	require.NoError(t, err)
	require.Len(t, set.Problems(), 3)
	assert.Equal(t, "collect the directory above, and begin Preflight.Path with the name of this one", set.Problems()[0].Hint)
	assert.Equal(t, "copy the file into the source directory, and refer to it by a relative path", set.Problems()[1].Hint)
	assert.Equal(t, set.Problems()[0].Hint, set.Problems()[2].Hint)
}

func TestHintsForMisspeltDirectories(t *testing.T) {
	t.Chdir(tree{"deploy/overlays/app.yaml": "a", "deployed": "a"}.dir(t))
	for _, tt := range []struct{ dir, want string }{
		{"deply", "check the path: deploy is spelt almost like it"},
		{"./deploy/overlay/", "check the path: deploy/overlays is spelt almost like it"},
		{"Deploy/overlays", "check the path"}, // the directory above is not there either
		{"other", "check the path"},
		{"deploy/overlays/app.yaml/x", "check the path"},
	} {
		t.Run(tt.dir, func(t *testing.T) {
			_, err := manifests.Collect(t.Context(), tt.dir, manifests.Options{})
			require.ErrorIs(t, err, manifests.ErrPathNotFound)
			pathError, ok := errors.AsType[*manifests.PathError](err)
			require.True(t, ok)
			assert.Equal(t, tt.want, pathError.Hint())
			assert.EqualError(t, err, fmt.Sprintf("source path does not exist: %q", tt.dir))
		})
	}
}
