package unpacker_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/unpacker"
)

// TestUnpackPrograms unpacks what tar programs write, see make.sh beside the archives.
func TestUnpackPrograms(t *testing.T) {
	deep := strings.Repeat("d", 60)
	all := map[string]string{
		"a.yaml": "a: 1\n", "sub/b.yaml": "b: 1\n", "sub/nothing.yaml": "", "grün.yaml": "d: 1\n", deep + "/" + deep + "/c.yaml": "c: 1\n",
	}
	archives, err := filepath.Glob("testdata/archives/*.tgz")
	require.NoError(t, err)
	require.Len(t, archives, 17)
	for _, name := range archives {
		t.Run(filepath.Base(name), func(t *testing.T) {
			layer, err := os.ReadFile(name)
			require.NoError(t, err)
			want := all
			if strings.HasSuffix(name, "v7.tgz") { // whose names have at most 100 bytes of any encoding
				want = map[string]string{"a.yaml": "a: 1\n", "sub/b.yaml": "b: 1\n", "sub/nothing.yaml": ""}
			}
			src, manifest := artifactOf(t, layerType, layer)
			files, _, err := unpackBoth(t, src, manifest, unpacker.Options{})
			require.NoError(t, err)
			sameFiles(t, want, files)
		})
	}
}

func TestUnpackCleansNames(t *testing.T) {
	for name, entries := range map[string][]entry{
		"dot at the start":              {directory("./"), directory("./d/"), regular("./d/f", "x")},
		"two dots at the start":         {regular("././d/f", "x")},
		"dot and two slashes":           {regular(".//./d/f", "x")},
		"dot within":                    {directory("d/./"), regular("d/./f", "x")},
		"two slashes":                   {directory("d//"), regular("d//f", "x")},
		"three slashes":                 {directory("d///"), regular("d///f", "x")},
		"a dot at the end":              {directory("d/."), regular("d/f", "x")},
		"a longer name after it":        {regular("./d/f", "x"), directory("./d/")},
		"more dots than a path may":     {regular(strings.Repeat("./", 3000)+"d/f", "x")},
		"more slashes than a path may":  {regular("d"+strings.Repeat("/", 5000)+"f", "x")},
		"deeper than it may, with dots": {regular(strings.Repeat("./", 150)+"d/f", "x")},
	} {
		t.Run(name, func(t *testing.T) {
			src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, entries...)))
			files, unpacked, err := unpackBoth(t, src, manifest, unpacker.Options{})
			require.NoError(t, err)
			assert.Equal(t, map[string]string{"d/f": "x"}, files)
			assert.Equal(t, []unpacker.File{{Path: "d/f", Size: 1}}, unpacked.Files)
		})
	}
	src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, special(tar.TypeSymlink, "./d//l", "./x"))))
	_, unpacked, err := unpackBoth(t, src, manifest, unpacker.Options{SkipLinks: true})
	require.NoError(t, err)
	assert.Equal(t, []unpacker.SkippedLink{{Path: "d/l", Target: "./x"}}, unpacked.SkippedLinks)
}

// Names that need cleaning are limited like others, and their bytes count before it.
func TestUnpackLimitsUncleanNames(t *testing.T) {
	dots := strings.Repeat("./", 30_000)
	var many []entry
	for i := range 20 {
		many = append(many, regular(fmt.Sprint(dots, i), ""))
	}
	for name, tt := range map[string]struct {
		limit   string
		opts    unpacker.Options
		entries []entry
	}{
		"names":      {"MaxNamesSize", unpacker.Options{MaxNamesSize: 1 << 20}, many},
		"few names":  {"MaxNamesSize", unpacker.Options{MaxNamesSize: 5}, []entry{regular("./././a", "")}},
		"root":       {"MaxNamesSize", unpacker.Options{MaxNamesSize: 5}, []entry{directory("./././")}},
		"entries":    {"MaxEntries", unpacker.Options{MaxEntries: 1}, []entry{regular("./a", ""), regular(".//b", "")}},
		"one name":   {"MaxHeaderSize", unpacker.Options{}, []entry{regular(dots+dots+"a", "")}},
		"clean path": {"MaxPathLength", unpacker.Options{MaxPathLength: 2}, []entry{regular("./a/b", "")}},
		"depth":      {"MaxDepth", unpacker.Options{MaxDepth: 1}, []entry{regular("./a//b/./c", "")}},
		"global":     {"MaxEntries", unpacker.Options{MaxEntries: 1}, []entry{global("g", "comment", "x"), regular("a", "")}},
		"comment":    {"MaxHeaderSize", unpacker.Options{}, []entry{global("g", "comment", long(100_000)), regular("a", "")}},
	} {
		t.Run(name, func(t *testing.T) {
			src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, tt.entries...)))
			_, _, err := unpackBoth(t, src, manifest, tt.opts)
			requireKind(t, err, manifests.ErrLimitExceeded)
			var limitErr *manifests.LimitError
			require.ErrorAs(t, err, &limitErr)
			assert.Equal(t, tt.limit, limitErr.Limit)
		})
	}
}

// global returns a global header of PAX with one record.
func global(name, key, value string) entry {
	return entry{tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: name, PAXRecords: map[string]string{key: value}}, ""}
}

// TestUnpackGlobalHeader accepts a global header that only has a comment. It is no file.
func TestUnpackGlobalHeader(t *testing.T) {
	const comment = "52 comment=0123456789abcdef0123456789abcdef01234567\n" // a commit
	file := rawEntry('0', "a", "x")
	for name, archive := range map[string][]byte{
		"of git archive":          ended(rawEntry('g', "pax_global_header", comment), file),
		"of Python":               ended(rawEntry('g', "././@PaxHeader", comment), file),
		"after the file":          ended(file, rawEntry('g', "pax_global_header", comment)),
		"without records":         ended(rawEntry('g', "pax_global_header", ""), file),
		"with a long comment":     archiveOf(t, global("pax_global_header", "comment", long(40_000)), regular("a", "x")),
		"with two names":          ended(rawEntry('g', "g", comment), rawEntry('g', "h", comment), file),
		"before a header of PAX":  ended(rawEntry('g', "g", comment), rawPAX('x', "10 path=a\n"), rawEntry('0', "b", "x")),
		"before a long name":      ended(rawEntry('g', "g", comment), rawEntry('L', "././@LongLink", "a\x00"), rawEntry('0', "b", "x")),
		"with a multiple of 512":  archiveOf(t, global("g", "comment", long(512-13)), regular("a", "x")),
		"between two directories": ended(rawEntry('5', "d/", ""), rawEntry('g', "d/g", comment), file),
	} {
		t.Run(name, func(t *testing.T) {
			src, manifest := artifactOf(t, layerType, gzipped(t, archive))
			files, unpacked, err := unpackBoth(t, src, manifest, unpacker.Options{})
			require.NoError(t, err)
			assert.Equal(t, map[string]string{"a": "x"}, files)
			assert.Len(t, unpacked.Files, 1)
		})
	}
}

// unclean lists archives with names and headers that a reader could take for others. Each
// is refused in hostile_test.go.
func unclean(of func(...entry) []byte, raw func(...[]byte) []byte) []hostileArchive {
	unsafe, collision := unpacker.ErrUnsafeEntry, manifests.ErrCollision
	comment := rawEntry('g', "g", "12 comment=\n")
	all := []hostileArchive{
		{"unclean: a file twice", of(regular("a", ""), regular("./a", "")), collision, "a"},
		{"unclean: a file twice, with slashes", of(regular("d//a", ""), regular(".//d/./a", "")), collision, "d/a"},
		{"unclean: by case", of(regular("./a", ""), regular("A", "")), collision, "A"},
		{"unclean: a directory twice", of(directory("a//"), directory("./a")), collision, "a"},
		{"unclean: a file where a directory was", of(directory("./a//"), regular("a", "")), collision, "a"},
		{"unclean: a directory where a file was", of(regular("./a", ""), directory("a//")), collision, "a"},
		{"unclean: root as two dots", of(directory("././")), unsafe, "././"},
		{"unclean: root with two slashes", of(directory(".//")), unsafe, ".//"},
		{"unclean: root with a slash and a dot", of(directory("./.")), unsafe, "./."},
		{"unclean: parent", of(regular("./../a", "")), unsafe, "./../a"},
		{"unclean: parent within", of(regular("a/../b", "")), unsafe, "a/../b"},
		{"unclean: parent and back", of(regular("./a/.././a", "")), unsafe, "./a/.././a"},
		{"unclean: parent after two slashes", of(regular("a/..//b", "")), unsafe, "a/..//b"},
		{"unclean: parent at the end of a directory", of(directory("./a/..")), unsafe, "./a/.."},
		{"unclean: parent after a dot", of(directory("./..")), unsafe, "./.."},
		{"unclean: two dots before two slashes", of(regular("a..//b", "")), unsafe, "a..//b"},
		{"unclean: root as a file", raw(rawEntry('0', "./", "")), unsafe, "./"},
		{"unclean: root as a file, with dots", raw(rawEntry('0', "././.", "")), unsafe, "././."},
		{"unclean: root as a file, absolutely", raw(rawEntry('0', "/.", "")), unsafe, "/."},
		{"unclean: root as a directory, absolutely", of(directory("/./")), unsafe, "/./"},
		{"unclean: a file that ends in a slash and a dot", raw(rawEntry('0', "a/.", "")), unsafe, "a/."},
		{"unclean: absolute", of(regular("//./a", "")), unsafe, "//./a"},
		{"unclean: drive", of(regular("./C:/a", "")), unsafe, "./C:/a"},
		{"unclean: backslash", of(regular(`./a\b`, "")), unsafe, `./a\b`},
		{"unclean: newline", of(regular("./a\nb", "")), unsafe, "./a\nb"},
		{"unclean: version control", of(regular(".//./.git//config", "")), unpacker.ErrVersionControlEntry, ".//./.git//config"},
		{"unclean: link", of(special(tar.TypeSymlink, "./a", "..")), unpacker.ErrLinkEntry, "./a"},
		{"unclean: file with the mode of a directory", of(entry{tar.Header{Typeflag: tar.TypeReg, Name: "a", Mode: 0o40755}, "x"}), unsafe, "a"},
		{"unclean: file with the mode of a link", of(entry{tar.Header{Typeflag: tar.TypeReg, Name: "a", Mode: 0o120777}, "x"}), unsafe, "a"},
		{"unclean: directory with the mode of a link", of(entry{tar.Header{Typeflag: tar.TypeDir, Name: "a/", Mode: 0o120777}, ""}), unsafe, "a/"},

		{"global: with the name of a file", raw(rawEntry('g', "./good.yaml", "12 comment=\n")), collision, "good.yaml"},
		{"global: with the name of a file after it", raw(rawEntry('g', "a", "12 comment=\n"), rawEntry('0', "a", "")), collision, "a"},
		{"global: as a directory", raw(rawEntry('g', "a", "12 comment=\n"), rawEntry('0', "a/b", "")), collision, "a/b"},
		{"global: thousands", raw(bytes.Repeat(comment, 5000)), collision, "g"},
		{"global: parent", raw(rawEntry('g', "../a", "12 comment=\n")), unsafe, "../a"},
		{"global: absolute", raw(rawEntry('g', "/tmp/GlobalHead.1.1", "12 comment=\n")), unsafe, "/tmp/GlobalHead.1.1"},
		{"global: empty name", raw(rawEntry('g', "", "12 comment=\n")), unsafe, ""},
		{"global: root", raw(rawEntry('g', "./", "12 comment=\n")), unsafe, "./"},
		{"global: after a header of PAX", raw(rawPAX('x', "10 path=b\n"), comment, rawEntry('0', "a", "")), unsafe, "g"},
		{"global: after a header of PAX without records", raw(rawPAX('x', ""), comment, rawEntry('0', "a", "")), unsafe, "g"},
		{"global: after a long name", raw(rawEntry('L', "././@LongLink", "b\x00"), comment, rawEntry('0', "a", "")), unsafe, "g"},
		{"global: broken", raw(rawEntry('g', "g", "99 comment=\n")), unpacker.ErrCorruptArtifact, ""},
	}
	for _, records := range [][]string{
		{"path=b"}, {"linkpath=b"}, {"size=0"}, {"mtime=1"}, {"uid=1"}, {"uname=a"}, {"charset=BINARY"}, {"SCHILY.xattr.security.a=b"}, {"GNU.sparse.size=10"},
		{"GNU.sparse.offset=1", "GNU.sparse.numbytes=1"}, {"path="}, {"Comment="}, {"comment=", "path=b"}, {"path=b", "comment="}, {"size=9", "size="},
	} {
		header := ""
		for _, record := range records {
			header += paxRecord(record)
		}
		all = append(all, hostileArchive{"global: " + strings.Join(records, ", "), raw(rawEntry('g', "b", header), rawEntry('0', "a", "")), unsafe, "b"})
	}
	return slices.Clip(all)
}

// paxRecord returns a record of fewer than 100 bytes with its length.
func paxRecord(record string) string {
	size := len("1 \n") + len(record)
	if size > 9 {
		size++
	}
	return fmt.Sprintf("%d %s\n", size, record)
}

// The advice not to trust an artifact is for entries that harm, and not for those that this
// system, or this package, cannot hold.
func TestUnpackHintOfEntries(t *testing.T) {
	distrust := "do not trust the artifact unless you know who made it"
	for _, tt := range []struct {
		name    string
		archive []byte
		opts    unpacker.Options
		hint    string
	}{
		{"parent", archiveOf(t, regular("./../a", "")), unpacker.Options{}, distrust},
		{"absolute", archiveOf(t, regular("/etc/passwd", "")), unpacker.Options{}, distrust},
		{"device", archiveOf(t, special(tar.TypeChar, "a", "")), unpacker.Options{}, distrust},
		{"global header", ended(rawEntry('g', "g", "10 path=b\n")), unpacker.Options{}, distrust},
		{"long name", archiveOf(t, regular(long(256), "")), unpacker.Options{}, "rename it, and push the artifact again"},
		{"not UTF-8", ended(rawEntry('0', "a\xff", "")), unpacker.Options{}, "rename it, and push the artifact again"},
		{"name of Windows", archiveOf(t, regular("CON", "")), unpacker.Options{PortableNames: true}, "rename it, and push the artifact again"},
		{"sparse file", ended(rawEntry('S', "a", "")), unpacker.Options{}, "push it as a regular file"},
		{"contiguous file", ended(rawEntry('7', "a", "")), unpacker.Options{}, "push it as a regular file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src, manifest := artifactOf(t, layerType, gzipped(t, tt.archive))
			_, _, err := unpackBoth(t, src, manifest, tt.opts)
			requireKind(t, err, unpacker.ErrUnsafeEntry)
			var entryErr *unpacker.EntryError
			require.ErrorAs(t, err, &entryErr)
			assert.Equal(t, tt.hint, entryErr.Hint())
		})
	}
}
