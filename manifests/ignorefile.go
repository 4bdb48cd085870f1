package manifests

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/flux"
	"github.com/kubeoci/oci/internal/ignore"
)

// ignoreFile is the name of the files that hold ignore rules.
const ignoreFile = flux.IgnoreFile

// findIgnoreFile returns the entry of the ignore file, or nil.
func findIgnoreFile(entries []fs.DirEntry) fs.DirEntry {
	for _, entry := range entries {
		if entry.Name() == ignoreFile {
			return entry
		}
	}
	return nil
}

// readIgnoreFile parses an ignore file. Its path in the Set is part of its patterns.
func readIgnoreFile(fsys fs.FS, at entryPath, kind fs.FileMode) ([]ignore.Pattern, error) {
	if !kind.IsRegular() || slices.ContainsFunc(strings.Split(at.real, "/"), isVersionControl) {
		return nil, errSpecialIgnoreFile
	}
	data, err := readRules(fsys, at.real)
	if err != nil {
		return nil, err
	}
	patterns, err := ignore.Parse(data, at.path)
	if err != nil {
		return nil, errTooManyRules
	}
	return patterns, nil
}

// readRules reads an ignore file, up to one byte beyond the limit.
func readRules(fsys fs.FS, name string) ([]byte, error) {
	file, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrFileChanged
	}
	if err != nil {
		return nil, systemError(err)
	}
	defer func() { _ = file.Close() }() // only read from
	info, err := file.Stat()
	if err != nil {
		return nil, systemError(err)
	}
	if !info.Mode().IsRegular() { // it was replaced
		return nil, ErrFileChanged
	}
	data, err := io.ReadAll(io.LimitReader(file, ignore.MaxSize+1))
	if err != nil {
		return nil, systemError(err)
	}
	return data, nil
}
