package preflight

import (
	"cmp"

	"github.com/kubeoci/oci/internal/objects"
)

// defaultMaxMemory keeps a process that builds an artifact within the limits of package
// manifests below 256 MiB. The garbage collector lets the heap grow to twice the memory
// in use, to which the files of a Set and a plan belong as well.
const defaultMaxMemory = 96 << 20

// memory divides [Options.MaxMemory].
type memory struct {
	parsing int64 // for all files that are being parsed
	kept    int64 // for the results of parsing, until the end of the check, besides perFile for each file
	limits  objects.Limits
}

// perFile is what a file takes in memory besides its content: the structs for it here and
// in the plan, and its places in maps of paths.
const perFile = 440

// memoryOf divides the memory for a number of files, or for a number that is not known.
// The more files there are, the less remains for parsing.
func memoryOf(maximum int64, files int) memory {
	maximum = cmp.Or(maximum, defaultMaxMemory)
	all := perFile * int64(files)
	m := memory{
		parsing: max(maximum/6, maximum/3-all/3),
		kept:    min(maximum/2, max(maximum-maximum/5-all, maximum/8)),
	}
	m.limits.Objects = m.parsing / 8
	m.limits.Parsing = m.parsing - growth*m.limits.Objects
	return m
}

// growth is how much more memory a slice takes while it grows.
const growth = 2

// first returns the limits to try first: enough for a file that is not written to take
// much.
func (m memory) first(content []byte) objects.Limits {
	const (
		perByte = 24 // of a manifest with lines of 20 bytes
		least   = 256 << 10
	)
	return objects.Limits{Parsing: min(m.limits.Parsing, perByte*int64(len(content))+least), Objects: m.limits.Objects}
}

// forParsing returns the memory that is in use while a file is parsed within limits. In
// a list, every value may be an object.
func (m memory) forParsing(limits objects.Limits) int64 {
	return min(m.parsing, 2*limits.Parsing)
}

// few returns the limits for the objects of most files, of which thousands may be parsed
// concurrently.
func (m memory) few() objects.Limits {
	return objects.Limits{Parsing: m.limits.Parsing, Objects: min(m.limits.Objects, 128<<10)}
}
