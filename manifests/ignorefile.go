package manifests

import (
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

// ignoreRules are the rules of an ignore file.
type ignoreRules struct {
	ignore.Rules
	size int // of the file, in bytes
}

// treePath is the path of an entry in one of several trees.
type treePath struct {
	tree int
	real string
}

// readIgnoreFile parses an ignore file once, however many links lead to it.
func (w *walker) readIgnoreFile(real string, kind fs.FileMode) (ignoreRules, error) {
	at := treePath{w.tree, real}
	if file, found := w.ignoreFiles[at]; found {
		return file, nil
	}
	if !kind.IsRegular() || slices.ContainsFunc(strings.Split(real, "/"), isVersionControl) {
		return ignoreRules{}, errSpecialIgnoreFile
	}
	data, err := readRules(w.fsys, real)
	if err != nil {
		return ignoreRules{}, err
	}
	if w.ignoreSize += int64(len(data)); w.ignoreSize > w.opts.MaxIgnoreSize {
		return ignoreRules{}, &LimitError{"MaxIgnoreSize", w.opts.MaxIgnoreSize}
	}
	parsed, err := ignore.Parse(data, "")
	if err != nil {
		return ignoreRules{}, errTooManyRules
	}
	if w.ignoreFiles == nil {
		w.ignoreFiles = map[treePath]ignoreRules{}
	}
	w.ignoreFiles[at] = ignoreRules{parsed, len(data)}
	return w.ignoreFiles[at], nil
}

// readRules reads an ignore file, up to one byte beyond the limit.
func readRules(fsys fs.FS, name string) ([]byte, error) {
	file, err := openEntry(fsys, name)
	if err != nil {
		return nil, accessError(err)
	}
	defer func() { _ = file.Close() }() // only read from
	info, err := stat(file)
	if err != nil {
		return nil, accessError(err)
	}
	if !info.Mode().IsRegular() { // it was replaced
		return nil, ErrFileChanged
	}
	data, err := io.ReadAll(io.LimitReader(soundReader{file}, ignore.MaxSize+1))
	if err != nil {
		return nil, accessError(err)
	}
	return data, nil
}
