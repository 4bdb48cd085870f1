// Package tree simulates changes to trees of files: another checkout and a changed file.
package tree

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Files lists the files of a tree, relative to it and sorted.
func Files(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		path, err = filepath.Rel(dir, path)
		files = append(files, path)
		return err
	})
	return files, err
}

// Size returns the number of files of a tree and the sum of their sizes.
func Size(dir string) (files int, bytes int64, err error) {
	names, err := Files(dir)
	for _, name := range names {
		info, failed := os.Stat(filepath.Join(dir, name))
		if failed != nil {
			return 0, 0, failed
		}
		bytes += info.Size()
	}
	return len(names), bytes, err
}

// Copy copies some files of src to dst with the same names and content, in the reverse
// order and with other times and modes.
func Copy(ctx context.Context, dst, src string, files []string) error {
	for _, file := range slices.Backward(files) {
		if err := ctx.Err(); err != nil {
			return err
		}
		content, err := os.ReadFile(filepath.Join(src, file))
		if err != nil {
			return err
		}
		path := filepath.Join(dst, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	return Touch(dst, time.Now().Add(-24*time.Hour)) // archives have whole seconds
}

// Touch gives all files of a tree the same time.
func Touch(dir string, at time.Time) error {
	files, err := Files(dir)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := os.Chtimes(filepath.Join(dir, file), at, at); err != nil {
			return err
		}
	}
	return nil
}

// Changer changes one file after another.
type Changer struct {
	dir   string
	files []string
	n     int
}

// NewChanger returns a Changer of a tree.
func NewChanger(dir string) (*Changer, error) {
	files, err := Files(dir)
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s has no files", dir)
	}
	return &Changer{dir: dir, files: files}, err
}

// Change adds some lines to another file than the previous calls, until all files have
// changed.
func (c *Changer) Change() error {
	c.n++
	// A prime step selects files that are far from each other.
	path := filepath.Join(c.dir, c.files[c.n*7919%len(c.files)])
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "# Change %d.\n# These lines were added\n# by the comparison.\n", c.n)
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}
