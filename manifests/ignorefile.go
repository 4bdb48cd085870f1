package manifests

import (
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/kubeoci/oci/internal/filename"
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
	text    string
	modTime time.Time
}

// treePath is the path of an entry in one of several trees.
type treePath struct {
	tree int
	real string
}

// maxParsedAgain is the size of an ignore file up to which it is parsed again where links
// lead to it. A tree can have hundreds of thousands of such files, whose rules take a
// hundred times the memory of their text.
const maxParsedAgain = 256

// readIgnoreFile reads an ignore file once, however many links lead to it.
func (w *walker) readIgnoreFile(real string, kind fs.FileMode) (ignoreRules, error) {
	at := treePath{w.tree, real}
	file, found := w.ignoreFiles[at]
	if !found {
		var err error
		if file, err = w.readRules(real, kind); err != nil {
			return ignoreRules{}, err
		}
	}
	if found && len(file.text) > maxParsedAgain {
		return file, nil
	}
	parsed, err := ignore.Parse([]byte(file.text), "")
	if err != nil {
		return ignoreRules{}, errTooManyRules
	}
	if w.ignoreFiles == nil {
		w.ignoreFiles = map[treePath]ignoreRules{}
	}
	if len(file.text) > maxParsedAgain {
		file.Rules = parsed
	}
	w.ignoreFiles[at] = file
	file.Rules = parsed
	return file, nil
}

// readRules reads the text of an ignore file, up to one byte beyond the limit.
func (w *walker) readRules(real string, kind fs.FileMode) (none ignoreRules, err error) {
	if !kind.IsRegular() || slices.ContainsFunc(strings.Split(real, "/"), filename.IsVersionControl) {
		return none, errSpecialIgnoreFile
	}
	file, err := openEntry(w.fsys, real)
	if err != nil {
		return none, accessError(err)
	}
	defer func() { _ = file.Close() }() // only read from
	info, err := stat(file)
	if err != nil {
		return none, accessError(err)
	}
	if !info.Mode().IsRegular() { // it was replaced
		return none, ErrFileChanged
	}
	data, err := io.ReadAll(io.LimitReader(soundReader{file}, ignore.MaxSize+1))
	if err != nil {
		return none, accessError(err)
	}
	if int64(len(data)) != min(info.Size(), ignore.MaxSize+1) { // a rule may be missing
		return none, ErrFileChanged
	}
	if w.ignoreSize += int64(len(data)); w.ignoreSize > w.opts.MaxIgnoreSize {
		return none, &LimitError{"MaxIgnoreSize", w.opts.MaxIgnoreSize}
	}
	return ignoreRules{text: string(data), modTime: info.ModTime()}, nil
}
