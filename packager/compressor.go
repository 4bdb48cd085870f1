package packager

import (
	"os"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"
)

// compressorVersion identifies the program that compresses, because another version of it
// may compress the same bytes otherwise. It is the version of the module or, in programs
// that were built without that information, the digest of the program. It is empty if
// neither is known.
var compressorVersion = sync.OnceValue(func() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		if version := compressorIn(info.Deps); version != "" {
			return version
		}
	}
	return programDigest()
})

func compressorIn(deps []*debug.Module) string {
	i := slices.IndexFunc(deps, func(m *debug.Module) bool { return m.Path == "github.com/klauspost/compress" })
	if i < 0 {
		return ""
	}
	used := deps[i]
	if used.Replace != nil {
		used = used.Replace
	}
	if used.Version == "" { // a directory, whose content may change
		return ""
	}
	return used.Path + " " + used.Version + " " + used.Sum
}

func programDigest() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	program, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = program.Close() }() // only read from
	sum, err := digest.FromReader(program)
	if err != nil {
		return ""
	}
	return sum.String()
}
