package manifests_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// directoriesEachWay finds the directories of a tree in memory and of one on disk.
func directoriesEachWay(t *testing.T, tr tree, patterns []string, opts manifests.Options, check func(*testing.T, []string, error)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		found, err := manifests.Directories(t.Context(), manifests.Root{FS: tr.mapFS()}, patterns, opts)
		check(t, found, err)
	})
	t.Run("directory", func(t *testing.T) {
		found, err := manifests.Directories(t.Context(), manifests.Root{Path: "ignored", Dir: tr.dir(t)}, patterns, opts)
		check(t, found, err)
	})
}

func TestDirectories(t *testing.T) {
	tr := tree{
		"apps/web/a.yaml": "a", "apps/db/": "", "apps/README.md": "x", "apps/.hidden/a.yaml": "a", "apps/.git/config": "x",
		"clusters/eu/apps/dns/a.yaml": "a", "clusters/us/apps/dns/a.yaml": "a", "clusters/us/apps/web/a.yaml": "a", "clusters/none/": "",
	}
	for _, tt := range []struct {
		name     string
		patterns []string
		want     []string
	}{
		{"one level", []string{"apps/*"}, []string{"apps/db", "apps/web"}},
		{"two levels, sorted by path", []string{"clusters/*/apps/*"}, []string{"clusters/eu/apps/dns", "clusters/us/apps/dns", "clusters/us/apps/web"}},
		{"a name", []string{"apps/web"}, []string{"apps/web"}},
		{"several patterns, each directory once", []string{"apps/w*", "apps/*b", "*/web"}, []string{"apps/db", "apps/web"}},
		{"classes and single characters", []string{"apps/[vw]?b"}, []string{"apps/web"}},
		{"a directory and those in it", []string{"apps", "apps/*"}, []string{"apps", "apps/db", "apps/web"}},
		{"hidden, which needs a dot", []string{"apps/.*"}, []string{"apps/.hidden"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			directoriesEachWay(t, tr, tt.patterns, manifests.Options{Ignore: []string{"apps/"}}, func(t *testing.T, found []string, err error) {
				require.NoError(t, err)
				assert.Equal(t, tt.want, found)
			})
		})
	}
}

func TestDirectoriesOfLinks(t *testing.T) {
	tr := tree{"real/a.yaml": "a", "apps/own/a.yaml": "a", "apps/link": linkTo + "../real", "apps/file": linkTo + "own/a.yaml", "up": linkTo + "apps"}
	for _, tt := range []struct {
		name     string
		more     tree
		policy   manifests.SymlinkPolicy
		patterns []string
		want     []string
		err      error // instead,
		path     string
	}{
		{"followed", nil, "", []string{"apps/*"}, []string{"apps/link", "apps/own"}, nil, ""},
		{"on the way", nil, "", []string{"up/*"}, []string{"up/link", "up/own"}, nil, ""},
		{"relative to the end of another link", tree{"x/y/link": linkTo + "../z", "x/z/": "", "d": linkTo + "x/y"}, "", []string{"d/*"}, []string{"d/link"}, nil, ""},
		{"to directories skipped", nil, manifests.SymlinksFiles, []string{"apps/*"}, []string{"apps/own"}, nil, ""},
		{"refused", nil, manifests.SymlinksRefuse, []string{"apps/*"}, nil, manifests.ErrSymlinkRefused, "apps/file"},
		{"that do not match", nil, manifests.SymlinksRefuse, []string{"apps/o*"}, []string{"apps/own"}, nil, ""},
		{"out of the root", tree{"apps/out": linkTo + "../../x"}, "", []string{"apps/*"}, nil, manifests.ErrSymlinkEscapes, "apps/out"},
		{"out of the root, absolute", tree{"apps/out": linkTo + "/etc"}, "", []string{"apps/*"}, nil, manifests.ErrSymlinkEscapes, "apps/out"},
		{"out of the root, skipped", tree{"apps/out": linkTo + "../../x"}, manifests.SymlinksSkip, []string{"apps/*"}, []string{"apps/link", "apps/own"}, nil, ""},
		{"to nothing", tree{"apps/none": linkTo + "x"}, "", []string{"apps/*"}, nil, manifests.ErrSymlinkDangling, "apps/none"},
		{"loop", tree{"apps/self": linkTo + "."}, "", []string{"apps/*"}, nil, manifests.ErrSymlinkLoop, "apps/self"},
		{"to a version-control directory", tree{".git/x": "x", "apps/git": linkTo + "../.git"}, "", []string{"apps/*"}, []string{"apps/link", "apps/own"}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all := tree{}
			for _, part := range []tree{tr, tt.more} {
				for name, text := range part {
					all[name] = text
				}
			}
			directoriesEachWay(t, all, tt.patterns, manifests.Options{Symlinks: tt.policy}, func(t *testing.T, found []string, err error) {
				if tt.err != nil {
					requirePathError(t, err, tt.err, tt.path)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, tt.want, found)
			})
		})
	}
}

func TestDirectoriesRefuses(t *testing.T) {
	tr := tree{"apps/web/a.yaml": "a", "apps/b\n/a.yaml": "b"}
	for _, tt := range []struct {
		name     string
		patterns []string
		opts     manifests.Options
		err      error
		path     string
		text     string
		hint     string
	}{
		{"no pattern", nil, manifests.Options{}, manifests.ErrInvalidPattern, "", "a pattern for directories is required", "give a pattern such as apps/*"},
		{"empty pattern", []string{""}, manifests.Options{}, manifests.ErrInvalidPattern, "", "invalid pattern for directories", "use a relative path such as apps/*, without ./ and ../, and close every bracket"},
		{"the root", []string{"."}, manifests.Options{}, manifests.ErrInvalidPattern, ".", `invalid pattern for directories: "."`, ""},
		{"above", []string{"apps/*", "../*"}, manifests.Options{}, manifests.ErrInvalidPattern, "../*", `invalid pattern for directories: "../*"`, ""},
		{"absolute", []string{"/apps/*"}, manifests.Options{}, manifests.ErrInvalidPattern, "/apps/*", `invalid pattern for directories: "/apps/*"`, ""},
		{"slash at the end", []string{"apps/*/"}, manifests.Options{}, manifests.ErrInvalidPattern, "apps/*/", `invalid pattern for directories: "apps/*/"`, ""},
		{"open bracket", []string{"apps/[a"}, manifests.Options{}, manifests.ErrInvalidPattern, "apps/[a", `invalid pattern for directories: "apps/[a"`, ""},
		{"bracket over a slash", []string{"a[/]b"}, manifests.Options{}, manifests.ErrInvalidPattern, "a[/]b", `invalid pattern for directories: "a[/]b"`, ""},
		{"any depth", []string{"apps/**"}, manifests.Options{}, manifests.ErrInvalidPattern, "apps/**", `a pattern for directories has no **: "apps/**"`, "use one * for each level, such as clusters/*/apps/*"},
		{
			"no match", []string{"apps/w*", "tools/*"}, manifests.Options{}, manifests.ErrNoMatch, "tools/*", `no directory matches the pattern: "tools/*"`,
			"check the pattern: it is relative to the source, * does not match names that begin with a dot, and only directories match",
		},
		{"a file", []string{"apps/web/a.yaml"}, manifests.Options{}, manifests.ErrNoMatch, "apps/web/a.yaml", `no directory matches the pattern: "apps/web/a.yaml"`, ""},
		{"below a file", []string{"apps/web/a.yaml/*"}, manifests.Options{}, manifests.ErrNoMatch, "apps/web/a.yaml/*", `no directory matches the pattern: "apps/web/a.yaml/*"`, ""},
		{"name", []string{"apps/*"}, manifests.Options{}, manifests.ErrInvalidName, "apps/b\n", `name is not usable in an archive: "apps/b\n"`, ""},
		{"entries", []string{"apps/w*"}, manifests.Options{MaxEntries: 2}, manifests.ErrLimitExceeded, "apps", `more than MaxEntries 2: "apps"`, "choose a smaller tree, or raise Collect.MaxEntries"},
		{"options", []string{"*"}, manifests.Options{MaxFiles: -1}, manifests.ErrInvalidLimit, "MaxFiles", `negative limit: "MaxFiles"`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			directoriesEachWay(t, tr, tt.patterns, tt.opts, func(t *testing.T, found []string, err error) {
				assert.Nil(t, found)
				pathErr := requirePathError(t, err, tt.err, tt.path)
				require.EqualError(t, err, tt.text)
				if tt.hint != "" {
					assert.Equal(t, tt.hint, pathErr.Hint())
				}
			})
		})
	}
}

func TestDirectoriesOfNoRoot(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tt := range map[string]struct {
		ctx  context.Context
		root manifests.Root
		err  error
	}{
		"none":    {t.Context(), manifests.Root{}, manifests.ErrPathRequired},
		"missing": {t.Context(), manifests.Root{Dir: "no/such/place"}, manifests.ErrPathNotFound},
		"ended":   {ended, manifests.Root{Dir: "."}, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := manifests.Directories(tt.ctx, tt.root, []string{"*"}, manifests.Options{})
			require.ErrorIs(t, err, tt.err)
		})
	}
}

// A directory counts once, however many patterns lead through it.
func TestDirectoriesOfManyPatterns(t *testing.T) {
	dir := t.TempDir()
	var patterns []string
	for i := range 100 {
		name := strconv.Itoa(i)
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
		patterns = append(patterns, name)
	}
	found, err := manifests.Directories(t.Context(), manifests.Root{Dir: dir}, patterns, manifests.Options{MaxEntries: 100})
	require.NoError(t, err)
	assert.Len(t, found, 100)
}
