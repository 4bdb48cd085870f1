package manifests

import (
	"context"
	"io"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kubeoci/oci/internal/calls"
)

// grace is how long the Close of a caller's file may take after the end of a context.
const grace = 250 * time.Millisecond

// boundFS is the file system of a caller, bound to a context: its methods and those of its
// files return soon after ctx ends, even if a method of the caller blocks. That method runs
// on; then the file is closed, and nothing else is called. A panic of the method is one of
// the caller of boundFS.
type boundFS struct {
	ctx     context.Context
	fsys    fs.FS
	buffers *sync.Pool
}

func (b boundFS) Open(name string) (fs.File, error) {
	opened := &boundFile{ctx: b.ctx, buffers: b.buffers}
	opened.users.Store(1)
	file, err := await(opened, func() (fs.File, error) {
		file, err := openEntry(b.fsys, name)
		if err == nil {
			opened.file = file
		}
		return file, err
	})
	if err != nil {
		_ = opened.Close() // nothing was written to it
		return nil, err
	}
	if at, ok := file.(io.ReaderAt); ok {
		return boundReaderAt{opened, at}, nil
	}
	return opened, nil
}

// Stat is what [fs.Lstat] calls, and does not follow links.
func (b boundFS) Stat(name string) (fs.FileInfo, error) {
	return await(&boundFile{ctx: b.ctx}, func() (fs.FileInfo, error) { return infoOf(lstat(b.fsys, name)) })
}

// boundFile is a file of a boundFS.
type boundFile struct {
	ctx     context.Context
	file    fs.File      // nil until it is open
	users   atomic.Int32 // the calls that run, and the owner until Close; the last one closes it
	buffers *sync.Pool   // of *boundBuffer
}

func (f *boundFile) Stat() (fs.FileInfo, error) {
	return await(f, func() (fs.FileInfo, error) { return infoOf(stat(f.file)) })
}

func (f *boundFile) Read(p []byte) (int, error) { return f.fill(p, f.file.Read) }

// Close is called also after the end of the context.
func (f *boundFile) Close() error {
	late, cancel := calls.Linger(f.ctx, grace)
	defer cancel()
	_, err := calls.Await(late, func(context.Context) (struct{}, error) { return struct{}{}, f.leave() })
	return err
}

func (f *boundFile) leave() error {
	if f.users.Add(-1) > 0 || f.file == nil {
		return nil
	}
	return f.file.Close()
}

// fill has read fill a buffer, into which a method that blocks may write later.
func (f *boundFile) fill(p []byte, read func([]byte) (int, error)) (int, error) {
	got, err := await(f, func() (*boundBuffer, error) {
		b, _ := f.buffers.Get().(*boundBuffer)
		if b == nil {
			b = new(boundBuffer)
		}
		b.p = slices.Grow(b.p[:0], len(p))[:len(p)]
		var err error
		b.n, err = read(b.p)
		return b, err
	})
	if got == nil {
		return 0, err
	}
	n := got.n
	copy(p, got.p[:max(0, min(n, len(p)))])
	f.buffers.Put(got)
	return n, err
}

// boundBuffer holds the result of a read.
type boundBuffer struct {
	p []byte
	n int
}

// boundReaderAt is a boundFile that implements [io.ReaderAt].
type boundReaderAt struct {
	*boundFile
	at io.ReaderAt
}

func (f boundReaderAt) ReadAt(p []byte, offset int64) (int, error) {
	return f.fill(p, func(own []byte) (int, error) { return f.at.ReadAt(own, offset) })
}

// await calls a method of the caller, unless the context has ended.
func await[T any](f *boundFile, method func() (T, error)) (T, error) {
	if err := f.ctx.Err(); err != nil {
		var zero T
		return zero, err
	}
	f.users.Add(1)
	return calls.Await(f.ctx, func(context.Context) (T, error) {
		defer func() { _ = f.leave() }() // nothing was written to it
		return method()
	})
}

// boundInfo holds the results of a FileInfo's methods, which are the caller's as well.
type boundInfo struct {
	fs.FileInfo
	size    int64
	mode    fs.FileMode
	modTime time.Time
}

func infoOf(info fs.FileInfo, err error) (fs.FileInfo, error) {
	if err != nil {
		return nil, err
	}
	return boundInfo{info, info.Size(), info.Mode(), info.ModTime()}, nil
}

func (i boundInfo) Size() int64        { return i.size }
func (i boundInfo) Mode() fs.FileMode  { return i.mode }
func (i boundInfo) ModTime() time.Time { return i.modTime }
func (i boundInfo) IsDir() bool        { return i.mode.IsDir() }
