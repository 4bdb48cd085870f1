package manifests_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/filename"
	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/manifests"
)

// generating returns a kustomization that generates from files, one a line.
func generating(files ...string) string {
	return "configMapGenerator:\n- files:\n  - " + strings.Join(files, "\n  - ") + "\n"
}

// naming returns a kustomization with resources, one a line.
func naming(resources ...string) string {
	return "resources:\n- " + strings.Join(resources, "\n- ") + "\n"
}

func TestClosureIncludes(t *testing.T) {
	for _, tt := range []struct {
		name     string
		texts    tree
		included []string // besides kustomizations and manifests
		skipped  []string
	}{
		{"no references", tree{"kustomization.yaml": "namespace: a", "app.conf": "a"}, nil, []string{"app.conf"}},
		{"no kustomization", tree{"a.yaml": generating("app.conf"), "app.conf": "a"}, nil, []string{"app.conf"}},
		{"beside it", tree{"kustomization.yml": generating("app.conf", "key=b"), "app.conf": "a", "b": "b", "c": "c"}, []string{"app.conf", "b"}, []string{"c"}},
		{
			"elsewhere", tree{"x/y/kustomization.yaml": generating("../../app.conf", "z/../w/b.txt", "./c"), "app.conf": "a", "x/y/w/b.txt": "b", "x/y/c": "c", "c": "c"},
			[]string{"app.conf", "x/y/c", "x/y/w/b.txt"}, []string{"c"},
		},
		{"empty", tree{"kustomization.yaml": generating("app.conf"), "app.conf": ""}, []string{"app.conf"}, nil},
		{"several references to one file", tree{"kustomization.yaml": generating("app.conf", "x=app.conf"), "a/kustomization.yaml": generating("../app.conf"), "app.conf": "a"}, []string{"app.conf"}, nil},
		{"a resource of any name", tree{"kustomization.yaml": naming("crd"), "crd": "kind: x"}, []string{"crd"}, nil},
		{"kustomization without extension", tree{"a/Kustomization": generating("app.conf"), "a/app.conf": "a", "a/kustomization": "x"}, []string{"a/Kustomization", "a/app.conf"}, []string{"a/kustomization"}},
		{
			"chart home", tree{"kustomization.yaml": "helmGlobals: {chartHome: charts}", "charts/a/templates/x.tpl": "x", "charts/a/.helmignore": "", "charts2/y": "y"},
			[]string{"charts/a/.helmignore", "charts/a/templates/x.tpl"}, []string{"charts2/y"},
		},
		{"chart home that does not exist", tree{"kustomization.yaml": "helmGlobals: {chartHome: charts}"}, nil, nil},
		{"link", tree{"kustomization.yaml": generating("b.conf"), "b.conf": linkTo + "sub/c", "sub/c": "c"}, []string{"b.conf"}, []string{"sub/c"}},
		{"through a link", tree{"kustomization.yaml": generating("l/c"), "l": linkTo + "sub", "sub/c": "c"}, []string{"l/c"}, []string{"sub/c"}},
		{"linked directory", tree{"base/kustomization.yaml": generating("c"), "base/c": "c", "l": linkTo + "base"}, []string{"base/c", "l/c"}, nil},
		{"remote", tree{"kustomization.yaml": naming("https://example.com/a.yaml", "github.com/acme/shop/base?ref=v1")}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			collectEachWay(t, tt.texts, manifests.Options{}, func(t *testing.T, set *manifests.Set, err error) {
				require.NoError(t, err)
				require.Empty(t, set.Problems())
				assert.True(t, slices.IsSorted(paths(set)))
				var included, skipped []string
				for _, name := range paths(set) {
					if !filename.IsManifest(name) {
						included = append(included, name)
					}
				}
				for _, s := range set.Skipped() {
					skipped = append(skipped, s.Path)
				}
				assert.Equal(t, tt.included, included)
				assert.Equal(t, tt.skipped, skipped)
				var size int64
				for _, text := range contents(t, set) {
					size += int64(len(text))
				}
				assert.Equal(t, size, set.Size())
			})
		})
	}
}

func TestClosureOff(t *testing.T) {
	collectEachWay(t, tree{"kustomization.yaml": generating("app.conf", "missing"), "app.conf": "a"}, manifests.Options{SkipReferences: true}, func(t *testing.T, set *manifests.Set, err error) {
		require.NoError(t, err)
		assert.Equal(t, []string{"kustomization.yaml"}, paths(set))
		assert.Len(t, set.Skipped(), 1)
		assert.Empty(t, set.Problems())
	})
}

func TestProblems(t *testing.T) {
	for _, tt := range []struct {
		name  string
		texts tree
		code  manifests.ProblemCode
		want  []string
	}{
		{
			"missing", tree{"a/kustomization.yaml": naming("b.yaml", "../a.yaml/x", "'x\\0'", strings.Repeat("x/", 3000))}, manifests.ProblemMissing,
			[]string{
				`a/kustomization.yaml:2:3: resources[0]: refers to a missing file: "b.yaml"`,
				`a/kustomization.yaml:3:3: resources[1]: refers to a missing file: "../a.yaml/x"`,
				`a/kustomization.yaml:4:3: resources[2]: refers to a missing file: "x\\0"`,
				`a/kustomization.yaml:5:3: resources[3]: refers to a missing file: "` + strings.Repeat("x/", 500) + `…"`,
			},
		},
		{
			"outside", tree{"a/kustomization.yaml": naming("../../b.yaml", "/etc/passwd", "../..", "../../../x/a/b.yaml")}, manifests.ProblemOutside,
			[]string{
				`a/kustomization.yaml:2:3: resources[0]: refers to a path outside the source directory: "../../b.yaml"`,
				`a/kustomization.yaml:3:3: resources[1]: refers to a path outside the source directory: "/etc/passwd"`,
				`a/kustomization.yaml:4:3: resources[2]: refers to a path outside the source directory: "../.."`,
				`a/kustomization.yaml:5:3: resources[3]: refers to a path outside the source directory: "../../../x/a/b.yaml"`,
			},
		},
		{"no kustomization", tree{"kustomization.yaml": naming("a", "b/"), "a/a.yaml": "a", "b/b": "b"}, manifests.ProblemNoKustomization, []string{
			`kustomization.yaml:2:3: resources[0]: refers to a directory without a kustomization: "a"`,
			`kustomization.yaml:3:3: resources[1]: refers to a directory without a kustomization: "b/"`,
		}},
		{"directory for file", tree{"kustomization.yaml": generating("a"), "a/kustomization.yaml": "namespace: a"}, manifests.ProblemWrongType, []string{
			`kustomization.yaml:3:5: configMapGenerator[0].files[0]: refers to a directory where a file is needed: "a"`,
		}},
		{"file for directory", tree{"kustomization.yaml": "components: [a.yaml, b]\nhelmGlobals: {chartHome: b}", "a.yaml": "a", "b": "b"}, manifests.ProblemWrongType, []string{
			`kustomization.yaml:1:14: components[0]: refers to a file where a directory is needed: "a.yaml"`,
			`kustomization.yaml:1:22: components[1]: refers to a file where a directory is needed: "b"`,
			`kustomization.yaml:2:26: helmGlobals.chartHome: refers to a file where a directory is needed: "b"`,
		}},
		{"skipped", tree{"kustomization.yaml": naming(".git/a.yaml", "./.git"), ".git/a.yaml": "a"}, manifests.ProblemSkipped, []string{
			`kustomization.yaml:2:3: resources[0]: refers to a skipped file: ".git/a.yaml"`,
			`kustomization.yaml:3:3: resources[1]: refers to a skipped file: "./.git"`,
		}},
		{"itself", tree{"kustomization.yaml": naming("."), "a/kustomization.yaml": naming("kustomization.yaml", "..")}, manifests.ProblemLoop, []string{
			`a/kustomization.yaml:2:3: resources[0]: creates a reference loop: "kustomization.yaml"`,
			`a/kustomization.yaml:3:3: resources[1]: creates a reference loop: ".."`,
			`kustomization.yaml:2:3: resources[0]: creates a reference loop: "."`,
		}},
		{
			"one another", tree{"a/kustomization.yaml": naming("../b"), "b/kustomization.yaml": naming("../c", "../d"), "c/kustomization.yaml": naming("../a", "../d"), "d/kustomization.yaml": "namespace: d"},
			manifests.ProblemLoop,
			[]string{`c/kustomization.yaml:2:3: resources[0]: creates a reference loop: "../a"`},
		},
		{"two in a directory", tree{"Kustomization": "namespace: a", "kustomization.yml": "namespace: a", "kustomization.yaml": "namespace: a"}, manifests.ProblemDuplicate, []string{
			`Kustomization: the directory has another kustomization: "kustomization.yaml"`,
			`kustomization.yml: the directory has another kustomization: "kustomization.yaml"`,
		}},
		{"invalid", tree{"a/kustomization.yaml": "- a", "b/Kustomization": "", "c/kustomization.yml": "a:\n\t- b", "d/kustomization.yaml": strings.Repeat("#", kustomize.MaxSize+2)}, manifests.ProblemInvalid, []string{
			`a/kustomization.yaml:1:1: not a valid kustomization: not a mapping`,
			`b/Kustomization:1:1: not a valid kustomization: empty document`,
			`c/kustomization.yml:2:1: not a valid kustomization: not valid YAML: found character that cannot start any token`,
			`d/kustomization.yaml:1:1: not a valid kustomization: larger than 1 MiB`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			collectEachWay(t, tt.texts, manifests.Options{}, func(t *testing.T, set *manifests.Set, err error) {
				require.NoError(t, err)
				var got []string
				for _, p := range set.Problems() {
					assert.Equal(t, tt.code, p.Code, p)
					got = append(got, p.String())
				}
				assert.Equal(t, tt.want, got)
			})
		})
	}
}

func TestProblemSpecialFile(t *testing.T) {
	fsys := tree{"kustomization.yaml": generating("app.conf")}.mapFS()
	fsys["app.conf"] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
	require.NoError(t, err)
	require.Len(t, set.Problems(), 1)
	assert.Equal(t, manifests.ProblemWrongType, set.Problems()[0].Code)
	assert.Equal(t, `kustomization.yaml:3:5: configMapGenerator[0].files[0]: refers to a FIFO, socket or device: "app.conf"`, set.Problems()[0].String())
	assert.Equal(t, "app.conf", set.Skipped()[0].Path)
}

func TestProblemsAreBounded(t *testing.T) {
	texts := tree{"kustomization.yaml": "resources:\n" + strings.Repeat("- a\n", 200_000)}
	set, err := manifests.CollectFS(t.Context(), texts.mapFS(), manifests.Options{})
	require.NoError(t, err)
	assert.Len(t, set.Problems(), 10_000)
}

// A path may be so long that looking up its parts one by one would take minutes.
func TestClosureOfALongPath(t *testing.T) {
	texts := tree{"kustomization.yaml": naming(strings.Repeat("a/", kustomize.MaxSize/2-100))}
	set, err := manifests.CollectFS(t.Context(), texts.mapFS(), manifests.Options{})
	require.NoError(t, err)
	require.Len(t, set.Problems(), 1)
	assert.Equal(t, manifests.ProblemMissing, set.Problems()[0].Code)
}

// Files that kustomizations add obey the rules of manifests.
func TestClosureAsManifests(t *testing.T) {
	for _, tt := range []struct {
		name string
		file string
		opts manifests.Options
		err  error
	}{
		{"size of one", "app.conf", manifests.Options{MaxFileSize: 60}, manifests.ErrLimitExceeded},
		{"size of all", "app.conf", manifests.Options{MaxTotalSize: 100}, manifests.ErrLimitExceeded},
		{"number", "app.conf", manifests.Options{MaxFiles: 1}, manifests.ErrLimitExceeded},
		{"name", "app\x7f.conf", manifests.Options{}, manifests.ErrInvalidName},
	} {
		t.Run(tt.name, func(t *testing.T) {
			texts := tree{"kustomization.yaml": fmt.Sprintf("configMapGenerator: [{files: [%q]}]", tt.file), tt.file: strings.Repeat("x", 80)}
			_, err := manifests.CollectFS(t.Context(), texts.mapFS(), tt.opts)
			requirePathError(t, err, tt.err, tt.file)
		})
	}
}

// plainFS does not support links.
type plainFS struct{ fs.FS }

func TestClosureWithoutLinks(t *testing.T) {
	texts := tree{"kustomization.yaml": generating("a/app.conf"), "a/app.conf": "a"}
	set, err := manifests.CollectFS(t.Context(), plainFS{texts.mapFS()}, manifests.Options{})
	require.NoError(t, err)
	assert.Equal(t, "a", contents(t, set)["a/app.conf"])
}

// In a real tree, the closure includes the same files as patterns do.
func TestClosureIsAnInclude(t *testing.T) {
	set, err := manifests.Collect(t.Context(), "../testdata/trees/kustomize", manifests.Options{})
	require.NoError(t, err)
	included, err := manifests.Collect(t.Context(), "../testdata/trees/kustomize", manifests.Options{SkipReferences: true, Include: []string{"*.properties", "*.env"}})
	require.NoError(t, err)
	assert.Empty(t, set.Problems())
	assert.Equal(t, included.Files(), set.Files())
	assert.Equal(t, included.Skipped(), set.Skipped())
	assert.Equal(t, included.Size(), set.Size())
}

// The problems of many files do not hide those of others.
func TestProblemsOfEachKustomization(t *testing.T) {
	texts := tree{"a/kustomization.yaml": "resources:\n" + strings.Repeat("- a\n", 20_000), "z/kustomization.yaml": "resources: [b, c, d]\n"}
	set, err := manifests.CollectFS(t.Context(), texts.mapFS(), manifests.Options{})
	require.NoError(t, err)
	problems := set.Problems()
	require.Len(t, problems, 10_002)
	assert.Equal(t, "z/kustomization.yaml", problems[10_001].File)
	assert.Equal(t, 10_001, set.OmittedProblems())
}
