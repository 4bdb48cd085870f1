package unpacker

import (
	"cmp"
	"fmt"

	"github.com/kubeoci/oci/packager"
)

// Default limits of [Options].
const (
	DefaultMaxEntries    = 100_000
	DefaultMaxPathLength = 4096 // PATH_MAX of Linux
	DefaultMaxDepth      = 100
	DefaultMaxNamesSize  = 16 << 20
	// DefaultMaxCompressedSize allows for the bytes that gzip adds to an archive of
	// packager.MaxArchiveSize that cannot be compressed.
	DefaultMaxCompressedSize = packager.MaxArchiveSize + packager.MaxArchiveSize/1000
	// DefaultMaxFSSize is the default of MaxSize for [UnpackFS].
	DefaultMaxFSSize = 64 << 20
)

// Options limit the content to unpack. The zero value is the default. For each
// limit, zero means the default named beside it, and a negative number is refused.
type Options struct {
	MaxCompressedSize int64 // bytes of the layer; DefaultMaxCompressedSize
	MaxSize           int64 // bytes of the archive, headers included; packager.MaxArchiveSize, or DefaultMaxFSSize for UnpackFS
	MaxFileSize       int64 // bytes in one file; MaxSize
	MaxEntries        int   // files, links, and directories, whether listed or implied by a path; DefaultMaxEntries
	MaxPathLength     int   // bytes of one path; DefaultMaxPathLength
	MaxDepth          int   // nested directories; DefaultMaxDepth
	MaxNamesSize      int64 // bytes of all paths and link targets, which are held in memory; DefaultMaxNamesSize

	// SkipLinks skips symbolic and hard links and reports them in the result.
	// Otherwise an archive with a link is refused.
	SkipLinks bool
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
	} {
		if limit.value < 0 {
			return Options{}, fmt.Errorf("%w: %s %d", ErrInvalidLimit, limit.name, limit.value)
		}
	}
	o.MaxCompressedSize = cmp.Or(o.MaxCompressedSize, DefaultMaxCompressedSize)
	o.MaxSize = cmp.Or(o.MaxSize, maxSize)
	o.MaxFileSize = cmp.Or(o.MaxFileSize, o.MaxSize)
	o.MaxEntries = cmp.Or(o.MaxEntries, DefaultMaxEntries)
	o.MaxPathLength = cmp.Or(o.MaxPathLength, DefaultMaxPathLength)
	o.MaxDepth = cmp.Or(o.MaxDepth, DefaultMaxDepth)
	o.MaxNamesSize = cmp.Or(o.MaxNamesSize, DefaultMaxNamesSize)
	return o, nil
}
