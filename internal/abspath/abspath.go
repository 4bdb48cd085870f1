// Package abspath makes paths absolute as the system understands them.
package abspath

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Of returns an absolute path of what the system finds at path. [filepath.Abs] finds
// something else if a symbolic link is before "..", because link/.. is above the directory
// that link leads to. The working directory too may have a path with a link. Elements after
// the last ".." keep their names.
func Of(path string) (string, error) {
	elements := strings.Split(path, "/")
	last := len(elements) - 1
	for last >= 0 && elements[last] != ".." {
		last--
	}
	if last < 0 || runtime.GOOS == "windows" { // which removes ".." before it looks for links
		return filepath.Abs(path)
	}
	above := strings.Join(elements[:last+1], "/")
	abs, err := filepath.Abs(above)
	if err == nil && !same(above, abs) {
		abs, err = resolve(above)
	}
	if err != nil {
		return "", err
	}
	return filepath.Join(slices.Insert(elements[last+1:], 0, abs)...), nil
}

// same reports whether two paths lead to one directory.
func same(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// resolve returns an absolute path without symbolic links.
func resolve(path string) (string, error) {
	if !filepath.IsAbs(path) {
		wd, err := os.Getwd()
		if err != nil {
			return "", err
		}
		path = wd + "/" + path // Join would remove ".."
	}
	return filepath.EvalSymlinks(path)
}
