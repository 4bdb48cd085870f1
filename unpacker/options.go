package unpacker

import (
	"cmp"
	"fmt"
	"math"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// maxFSSize is the default of MaxSize for [UnpackFS].
const maxFSSize = 64 << 20

// Options limit the content to unpack. The zero value is the default. For each
// limit, zero means the default in its comment, and a negative number is refused.
type Options struct {
	// MaxCompressedSize limits the bytes of the layer. The default is
	// packager.MaxArchiveSize and a thousandth, for the bytes that gzip adds to an
	// archive of that size that cannot be compressed.
	MaxCompressedSize int64
	// MaxSize limits the bytes of the archive, headers included. The default is
	// packager.MaxArchiveSize, and 64 MiB for UnpackFS.
	MaxSize int64
	// MaxFileSize limits the bytes of one file. The default is MaxSize.
	MaxFileSize int64
	// MaxEntries limits the number of files, links and directories. Directories that
	// only occur in the path of an entry count too. The default is 250,000, which has room
	// for two copies of the default of manifests.Options.MaxFiles and for 50,000 directories.
	MaxEntries int
	// MaxPathLength limits the bytes of one path, after its name was cleaned. The default
	// is 4096, PATH_MAX of Linux.
	MaxPathLength int
	// MaxDepth limits how deep directories are nested. The default is 101, which has room for
	// a tree of the default of manifests.Options.MaxDepth below a prefix.
	MaxDepth int
	// MaxNamesSize limits the bytes of all names and link targets of the archive, which are
	// held in memory. The default is 40,000,000, 160 for each of the default of MaxEntries.
	MaxNamesSize int64

	// MaxHeaderSize limits the bytes of the headers of one entry, with its PAX records and
	// its long names. The default is 64 KiB, which has room for two paths of the default
	// of MaxPathLength and for the attributes that an archiver adds. A header that fits
	// 1024 bytes is always read.
	MaxHeaderSize int64

	// SkipLinks skips symbolic and hard links and reports them in the result.
	// Otherwise an archive with a link is refused.
	SkipLinks bool
	// AllowVersionControl accepts entries in the data of a version-control system, such
	// as .git/config. Otherwise an archive with one is refused, because programs such as
	// git run commands in it. manifests.Collect never collects them.
	AllowVersionControl bool
	// PortableNames refuses names that mean something else on another system or to a
	// reader: those that Windows reserves, with characters that Windows refuses, with a
	// dot or space at the end, and with invisible characters. On Windows such names
	// are refused in any case. Names that differ by case only are refused everywhere, and
	// those that differ by Unicode normalization where the file system does not tell them
	// apart.
	PortableNames bool
	// InPlace unpacks into the directory that exists, which Unpack otherwise replaces.
	// It is for a mount point, and for a directory whose access control list or label
	// must stay. See Unpack for the difference. UnpackFS ignores it.
	InPlace bool
}

// resolve checks the limits, and fills in the defaults.
func (o Options) resolve(maxSize int64) (Options, error) {
	for _, limit := range []struct {
		name  string
		value int64
	}{
		{"MaxCompressedSize", o.MaxCompressedSize},
		{"MaxSize", o.MaxSize},
		{"MaxFileSize", o.MaxFileSize},
		{"MaxEntries", int64(o.MaxEntries)},
		{"MaxPathLength", int64(o.MaxPathLength)},
		{"MaxDepth", int64(o.MaxDepth)},
		{"MaxNamesSize", o.MaxNamesSize},
		{"MaxHeaderSize", o.MaxHeaderSize},
	} {
		if limit.value < 0 {
			return Options{}, fmt.Errorf("%w: %s %d", manifests.ErrInvalidLimit, limit.name, limit.value)
		}
	}
	o.MaxCompressedSize = cmp.Or(o.MaxCompressedSize, packager.MaxArchiveSize+packager.MaxArchiveSize/1000)
	o.MaxSize = cmp.Or(o.MaxSize, maxSize)
	o.MaxFileSize = cmp.Or(o.MaxFileSize, o.MaxSize)
	o.MaxEntries = cmp.Or(o.MaxEntries, 250_000)
	o.MaxPathLength = cmp.Or(o.MaxPathLength, 4096)
	o.MaxDepth = cmp.Or(o.MaxDepth, 101)
	o.MaxNamesSize = cmp.Or(o.MaxNamesSize, 40_000_000)
	o.MaxHeaderSize = max(cmp.Or(o.MaxHeaderSize, 64<<10), tarEndSize)
	o.MaxSize = min(o.MaxSize, math.MaxInt64-tarUnit) // the padding of a file does not overflow
	return o, nil
}
