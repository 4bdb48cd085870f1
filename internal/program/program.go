// Package program identifies the code of the running program, for caches whose content
// depends on it.
package program

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
)

// Version identifies the code of some modules: their versions and sums, as the program
// depends on them. If one of them is the main module, is replaced by a directory or has no
// sum, as in a vendor directory, Version identifies the program instead. It is empty if
// neither is known.
func Version(modules ...string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		if version := versionIn(info.Deps, modules); version != "" {
			return version
		}
	}
	return build()
}

func versionIn(deps []*debug.Module, modules []string) string {
	var versions []string
	for _, path := range modules {
		i := slices.IndexFunc(deps, func(m *debug.Module) bool { return m.Path == path })
		if i < 0 {
			return ""
		}
		used := deps[i]
		if used.Replace != nil {
			used = used.Replace
		}
		if used.Version == "" || used.Sum == "" { // files that may change
			return ""
		}
		versions = append(versions, used.Path+" "+used.Version+" "+used.Sum)
	}
	return strings.Join(versions, ", ")
}

// build identifies the program by its Go build ID or, if it has none, by its digest.
var build = sync.OnceValue(func() string {
	file, err := open()
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }() // only read from
	start := make([]byte, 64<<10)       // the linker writes the ID into the first pages
	n, err := io.ReadFull(file, start)
	if start = start[:n]; err == nil {
		if id := buildID(start); id != "" {
			return id
		}
	}
	sum := sha256.New()
	_, _ = sum.Write(start) // never fails
	if _, err := io.Copy(sum, file); err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
})

// open opens the program. On Linux, another one may have its path by now.
func open() (*os.File, error) {
	if runtime.GOOS == "linux" {
		return os.Open("/proc/self/exe")
	}
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

// buildID returns the ID that the go command has given a program, by whose digests of all
// input and of the result it decides whether the program is up to date (cmd/go/internal/work,
// buildid.go). Others, such as those of other build systems, are not taken: they may be
// constant.
func buildID(start []byte) string {
	const (
		form  = "xxxxxxxxxxxxxxxxxxxx/xxxxxxxxxxxxxxxxxxxx/xxxxxxxxxxxxxxxxxxxx/xxxxxxxxxxxxxxxxxxxx"
		digit = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	)
	for _, before := range []string{"\x04\x00\x00\x00Go\x00\x00", "\xff Go build ID: \""} { // ELF, others
		_, rest, _ := bytes.Cut(start, []byte(before))
		if len(rest) <= len(form) || strings.IndexByte(digit+"/", rest[len(form)]) >= 0 {
			continue
		}
		id := string(rest[:len(form)])
		if strings.Map(func(r rune) rune {
			if strings.ContainsRune(digit, r) {
				return 'x'
			}
			return r
		}, id) == form {
			return id
		}
	}
	return ""
}
