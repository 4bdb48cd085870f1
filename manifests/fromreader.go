package manifests

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"slices"
	"time"
)

// ReaderFileName is the name of the file in the file system that [FromReader]
// returns.
const ReaderFileName = "manifests.yaml"

// FromReader reads multi-document YAML to its end, such as the output of another
// program on standard input, and returns a file system with one file of that
// content, [ReaderFileName], for [CollectFS] or [Root]. The content is kept in
// memory. Canceling a read that blocks is up to the caller.
//
// The error is a [*PathError]: for a nil reader with [ErrPathRequired], for empty
// input with [ErrEmptyFile], for more bytes than the default of
// [Options.MaxFileSize] with [ErrLimitExceeded], and otherwise with that of r.
func FromReader(r io.Reader) (fs.FS, error) {
	if r == nil {
		return nil, &PathError{Err: errNilReader}
	}
	content, err := readBounded(soundReader{r}, defaultMaxFileSize)
	if err != nil {
		return nil, &PathError{Path: ReaderFileName, Err: err}
	}
	if len(content) == 0 {
		return nil, &PathError{Err: errEmptyInput}
	}
	return singleFile(content), nil
}

// inputLimitError is a limit that no option raises.
type inputLimitError struct{ *LimitError }

func (e inputLimitError) Unwrap() error { return e.LimitError }

func (inputLimitError) Hint() string {
	return "write large input to files in a directory, and give that directory"
}

// readBounded reads into chunks, each as large as all before it, and joins them at
// the end, so that input beyond the limit is not copied.
func readBounded(r io.Reader, limit int64) ([]byte, error) {
	var chunks [][]byte
	for size, next := int64(0), int64(4096); ; next = size {
		chunk := make([]byte, min(next, limit+1-size))
		n, err := fill(chunk, r)
		chunks, size = append(chunks, chunk[:n]), size+int64(n)
		switch {
		case size > limit:
			return nil, inputLimitError{&LimitError{"MaxFileSize", limit}}
		case errors.Is(err, io.EOF):
			return slices.Concat(chunks...), nil
		case err != nil:
			return nil, err
		}
	}
}

// fill reads until p is full. Unlike [io.ReadFull], it keeps the errors of r apart:
// io.EOF is the end of the input, and io.ErrUnexpectedEOF a failure of r.
func fill(p []byte, r io.Reader) (n int, err error) {
	for n < len(p) && err == nil {
		var more int
		more, err = r.Read(p[n:])
		n += more
	}
	return n, err
}

// singleFile is the content of a file system's only file.
type singleFile []byte

func (f singleFile) Open(name string) (fs.File, error) {
	switch name {
	case ".":
		return &singleFileDir{file: f}, nil
	case ReaderFileName:
		return &openFile{bytes.NewReader(f), singleFileInfo{f}}, nil
	}
	err := fs.ErrNotExist
	if !fs.ValidPath(name) {
		err = fs.ErrInvalid
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: err}
}

// openFile is the file, opened.
type openFile struct {
	*bytes.Reader
	info fs.FileInfo
}

func (o *openFile) Stat() (fs.FileInfo, error) { return o.info, nil }
func (o *openFile) Close() error               { return nil }

// singleFileDir is the root directory, opened.
type singleFileDir struct {
	file singleFile
	read bool
}

func (d *singleFileDir) Stat() (fs.FileInfo, error) { return rootInfo{}, nil }
func (d *singleFileDir) Close() error               { return nil }

func (d *singleFileDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: ".", Err: errors.New("is a directory")}
}

func (d *singleFileDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if d.read {
		if n > 0 {
			return nil, io.EOF
		}
		return nil, nil
	}
	d.read = true
	return []fs.DirEntry{fs.FileInfoToDirEntry(singleFileInfo{d.file})}, nil
}

type singleFileInfo struct{ file singleFile }

func (singleFileInfo) Name() string       { return ReaderFileName }
func (i singleFileInfo) Size() int64      { return int64(len(i.file)) }
func (singleFileInfo) Mode() fs.FileMode  { return 0o444 }
func (singleFileInfo) ModTime() time.Time { return time.Time{} }
func (singleFileInfo) IsDir() bool        { return false }
func (singleFileInfo) Sys() any           { return nil }

type rootInfo struct{}

func (rootInfo) Name() string       { return "." }
func (rootInfo) Size() int64        { return 0 }
func (rootInfo) Mode() fs.FileMode  { return fs.ModeDir | 0o555 }
func (rootInfo) ModTime() time.Time { return time.Time{} }
func (rootInfo) IsDir() bool        { return true }
func (rootInfo) Sys() any           { return nil }
