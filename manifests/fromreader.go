package manifests

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/kubeoci/oci/internal/calls"
)

// ReaderFileName is the name of the file in the file system that [FromReader]
// returns.
const ReaderFileName = "manifests.yaml"

// FromReader reads multi-document YAML to its end, such as the output of another
// program on standard input, and returns a file system with one file of that
// content, [ReaderFileName], for [CollectFS] or [Root]. The content is kept in
// memory, once.
//
// FromReader returns when ctx ends even if a Read of r blocks. That Read then runs on in
// a goroutine until it returns. If it panics, so does FromReader.
//
// The error is that of ctx or a [*PathError]: for a nil reader with [ErrPathRequired], for
// empty input with [ErrEmptyFile], for more bytes than the default of
// [Options.MaxFileSize] with [ErrLimitExceeded], and otherwise with that of r.
func FromReader(ctx context.Context, r io.Reader) (fs.FS, error) {
	if err := calls.Check(ctx); err != nil {
		return nil, err
	}
	if r == nil {
		return nil, &PathError{Err: errNilReader}
	}
	content, err := calls.Await(ctx, func(ctx context.Context) (*singleFile, error) {
		return readBounded(ctx, soundReader{r}, defaultMaxFileSize)
	})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, &PathError{Path: ReaderFileName, Err: err}
	case content.size == 0:
		return nil, &PathError{Err: errEmptyInput}
	}
	return content, nil
}

// inputLimitError is a limit that no option raises.
type inputLimitError struct{ *LimitError }

func (e inputLimitError) Unwrap() error { return e.LimitError }

func (inputLimitError) Hint() string {
	return "write large input to files in a directory, and give that directory"
}

// chunkSize is the length of all chunks of a file but the last.
const chunkSize = 64 << 10

// readBounded reads into chunks, and does not join them: the input may be large.
func readBounded(ctx context.Context, r io.Reader, limit int64) (*singleFile, error) {
	f := new(singleFile)
	for {
		chunk := make([]byte, chunkSize)
		n, err := fill(chunk, r)
		f.chunks, f.size = append(f.chunks, chunk[:n]), f.size+int64(n)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case f.size > limit:
			return nil, inputLimitError{&LimitError{"MaxFileSize", limit}}
		case errors.Is(err, io.EOF):
			return f, nil
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
type singleFile struct {
	chunks [][]byte
	size   int64
}

// ReadAt implements [io.ReaderAt] for offsets that are not negative.
func (f *singleFile) ReadAt(p []byte, offset int64) (n int, err error) {
	for n < len(p) && offset < f.size {
		copied := copy(p[n:], f.chunks[offset/chunkSize][offset%chunkSize:])
		n, offset = n+copied, offset+int64(copied)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *singleFile) Open(name string) (fs.File, error) {
	switch name {
	case ".":
		return &singleFileDir{file: f}, nil
	case ReaderFileName:
		return &openFile{io.NewSectionReader(f, 0, f.size), singleFileInfo{f}}, nil
	}
	err := fs.ErrNotExist
	if !fs.ValidPath(name) {
		err = fs.ErrInvalid
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: err}
}

// openFile is the file, opened.
type openFile struct {
	*io.SectionReader
	info fs.FileInfo
}

func (o *openFile) Stat() (fs.FileInfo, error) { return o.info, nil }
func (o *openFile) Close() error               { return nil }

// singleFileDir is the root directory, opened.
type singleFileDir struct {
	file *singleFile
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

type singleFileInfo struct{ file *singleFile }

func (singleFileInfo) Name() string       { return ReaderFileName }
func (i singleFileInfo) Size() int64      { return i.file.size }
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
