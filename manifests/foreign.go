package manifests

import (
	"io"
	"io/fs"
)

// The file system and the reader of a caller may break the rules of their interfaces. The
// functions below return errors for answers that would make this package crash or go
// round in circles.

func openEntry(fsys fs.FS, name string) (fs.File, error) {
	file, err := fsys.Open(name)
	if err == nil && file == nil {
		return nil, errNoFile
	}
	return file, err
}

// openingFS is a file system for the functions of package fs that call Open.
type openingFS struct{ fsys fs.FS }

func (o openingFS) Open(name string) (fs.File, error) { return openEntry(o.fsys, name) }

func stat(file fs.File) (fs.FileInfo, error) {
	info, err := file.Stat()
	if err == nil && info == nil {
		return nil, errNoInfo
	}
	return info, err
}

func lstat(fsys fs.FS, name string) (fs.FileInfo, error) {
	switch fsys.(type) {
	case fs.ReadLinkFS, fs.StatFS:
	default:
		fsys = openingFS{fsys}
	}
	info, err := fs.Lstat(fsys, name)
	if err == nil && info == nil {
		return nil, errNoInfo
	}
	return info, err
}

// maxEmptyReads is how often a reader may return nothing, as in package bufio.
const maxEmptyReads = 100

// soundReader returns an error in place of impossible lengths, and of nothing for ever.
type soundReader struct{ io.Reader }

func (r soundReader) Read(p []byte) (int, error) {
	for range maxEmptyReads {
		n, err := r.Reader.Read(p)
		if n < 0 || n > len(p) {
			return 0, errOddLength
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}
