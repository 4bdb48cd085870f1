package unpacker_test

import (
	"archive/tar"
	"runtime"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/unpacker"
)

func TestUnpackVersionControl(t *testing.T) {
	for name, e := range map[string]entry{
		"config":                 regular(".git/config", "[core]\n\tfsmonitor = evil\n"),
		"hook in a subdirectory": regular("a/b/.GIT/hooks/post-checkout", ""),
		"directory":              directory(".git/"),
		"file":                   regular(".git", "gitdir: ../evil"),
		"short name of NTFS":     regular("git~1/config", ""),
		"dot at the end":         regular(".git./config", ""),
		"space at the end":       regular("sub/.git /config", ""),
		"stream of NTFS":         regular(".git::$INDEX_ALLOCATION/config", ""),
		"invisible for HFS+":     regular(".g\u200cit/config", ""),
		"Mercurial":              regular(".hg/hgrc", ""),
		"link":                   special(tar.TypeSymlink, ".git", "elsewhere"),
	} {
		t.Run(name, func(t *testing.T) {
			src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, e)))
			_, _, err := unpackBoth(t, src, manifest, unpacker.Options{SkipLinks: true})
			requireKind(t, err, unpacker.ErrVersionControlEntry)
			var entryErr *unpacker.EntryError
			require.ErrorAs(t, err, &entryErr)
			assert.Equal(t, e.Name, entryErr.Entry)
			if runtime.GOOS != "windows" {
				_, _, err = unpackBoth(t, src, manifest, unpacker.Options{SkipLinks: true, AllowVersionControl: true})
				require.NoError(t, err)
			}
		})
	}
	src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t,
		regular(".gitignore", ""), regular(".gitattributes", ""), regular(".github/x.yaml", ""), regular("git/a.yaml", ""), regular("cvs/a", ""))))
	files, _, err := unpackBoth(t, src, manifest, unpacker.Options{})
	require.NoError(t, err)
	assert.Len(t, files, 5)
}

// Names that package manifests collects can be unpacked, whatever the layout.
func TestUnpackCollectedNames(t *testing.T) {
	for _, name := range []string{
		"a:b.yaml", "sub/a:b.yaml", "a:/b.yaml", "C:", "sub/C:/b.yaml", "..a.yaml", "a..yaml", "...yaml", "a../b.yaml", ".git", ".git /b.yaml", "git~1/b.yaml", ".git::$INDEX_ALLOCATION/b.yaml",
		".Git\u200c/b.yaml", "cvs/b.yaml", "CVS.", ".svn .yaml", ".gitmodules", "con.yaml", "aux/b.yaml", "a./b.yaml", " a.yaml", "a /b.yaml", "\u202e.yaml", "-a.yaml", "~/a.yaml", `a\b.yaml`,
	} {
		for _, portable := range []bool{true, false} {
			if !portable && runtime.GOOS == "windows" {
				continue // it refuses the names that preflight warns of
			}
			fsys := fstest.MapFS{name: {Data: []byte("a: b\n")}, "z.yaml": {Data: []byte("x: y\n")}}
			set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{Include: []string{"*"}, PortableNames: portable})
			if err != nil {
				require.ErrorIs(t, err, manifests.ErrInvalidName, name)
				continue
			}
			for _, layout := range layouts {
				p := pack(t, set, layout, packager.Options{Prefix: "app"})
				_, _, err := unpackBoth(t, p.store, p.Manifest, unpacker.Options{PortableNames: portable})
				require.NoError(t, err, "%q, %s", name, layout)
			}
		}
	}
}

func TestUnpackPortableNames(t *testing.T) {
	for _, name := range []string{
		"CON", "aux.yaml", "sub/nul", "com1.txt", "LPT¹", "a.", "a ", "dir./a", "a*?.yaml", `a"b`, "a<b", "a|b", "system:node.yaml", "C:a.yaml",
		"a\u202eyaml.b", "a\u200bb", "\ufeffa", "a\u2028b",
	} {
		t.Run(name, func(t *testing.T) {
			src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, regular(name, ""))))
			_, _, err := unpackBoth(t, src, manifest, unpacker.Options{PortableNames: true})
			requireKind(t, err, unpacker.ErrUnsafeEntry)
			if runtime.GOOS != "windows" {
				_, _, err = unpackBoth(t, src, manifest, unpacker.Options{})
				require.NoError(t, err)
			}
		})
	}
	portable := pack(t, collect(t, treesDir+"/kustomize"), packager.LayoutRoot, packager.Options{})
	_, _, err := unpackBoth(t, portable.store, portable.Manifest, unpacker.Options{PortableNames: true})
	require.NoError(t, err)
}
