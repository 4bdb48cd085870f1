package unpacker

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/packager"
)

// UnpackFS is like [Unpack], but unpacks into memory. The file system that it
// returns is read-only and safe for concurrent use. It implements [fs.ReadFileFS],
// [fs.ReadDirFS] and [fs.StatFS], and its files implement [io.Seeker] and
// [io.ReaderAt]. Files have no modification time.
//
// Nothing is written to disk. Memory holds the files, the names, and the layer
// during the call: MaxSize, MaxCompressedSize, MaxEntries and MaxNamesSize of opts
// limit it. The default of MaxSize is 64 MiB, and that of
// MaxCompressedSize the compressed size of an archive of MaxSize that cannot be
// compressed.
//
// Errors are those of Unpack, except those for the target.
func UnpackFS(ctx context.Context, src Fetcher, manifest ocispec.Descriptor, opts Options) (fs.FS, Result, error) {
	if err := checkCall(ctx, src); err != nil {
		return nil, Result{}, err
	}
	given := opts.MaxCompressedSize
	opts, err := opts.resolve(maxFSSize)
	if err != nil {
		return nil, Result{}, err
	}
	if given == 0 {
		opts.MaxCompressedSize = min(opts.MaxSize, packager.MaxArchiveSize)/1000*1001 + 2000
	}
	opts.MaxFileSize = min(opts.MaxFileSize, math.MaxInt) // a file is one slice
	root := &memNode{name: "."}
	m := &memFS{nodes: map[string]*memNode{".": root}}
	unpacked, err := unpack(ctx, src, manifest, &packager.Store{MemoryLimit: opts.MaxCompressedSize}, m, opts)
	if err != nil {
		return nil, Result{}, err
	}
	for _, n := range m.nodes {
		slices.SortFunc(n.children, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	}
	return m, unpacked, nil
}

// memFS is a file system in memory.
type memFS struct{ nodes map[string]*memNode }

// memNode is a file or a directory with its metadata.
type memNode struct {
	name     string
	file     bool
	data     []byte
	children []fs.DirEntry
}

func (n *memNode) Name() string               { return n.name }
func (n *memNode) Size() int64                { return int64(len(n.data)) }
func (n *memNode) IsDir() bool                { return !n.file }
func (n *memNode) Type() fs.FileMode          { return n.Mode().Type() }
func (n *memNode) Info() (fs.FileInfo, error) { return n, nil }
func (n *memNode) ModTime() time.Time         { return time.Time{} }
func (n *memNode) Sys() any                   { return nil }

func (n *memNode) Mode() fs.FileMode {
	if n.file {
		return 0o644
	}
	return fs.ModeDir | 0o755
}

func (m *memFS) add(name string, n *memNode) {
	n.name = path.Base(name)
	m.nodes[name] = n
	parent := m.nodes[path.Dir(name)]
	parent.children = append(parent.children, n)
}

func (m *memFS) mkdir(name string) error {
	m.add(name, new(memNode))
	return nil
}

func (m *memFS) create(name string, size int64, r reader) error {
	data, err := readSized(r, size)
	if err != nil {
		return err
	}
	m.add(name, &memNode{file: true, data: data})
	return nil
}

func (m *memFS) finish(context.Context) error { return nil }

// readSized reads size bytes. It takes memory as it reads, because r may have fewer.
func readSized(r io.Reader, size int64) ([]byte, error) {
	const start = 1 << 20 // most manifests are smaller, so that they are not copied
	data := make([]byte, min(size, start))
	for done := 0; ; {
		if _, err := io.ReadFull(r, data[done:]); err != nil {
			return nil, err
		}
		if done = len(data); int64(done) == size {
			return data, nil
		}
		more := make([]byte, min(size, 2*int64(done)))
		copy(more, data)
		data = more
	}
}

func (m *memFS) find(op, name string) (*memNode, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if n := m.nodes[name]; n != nil {
		return n, nil
	}
	return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// Open implements [fs.FS].
func (m *memFS) Open(name string) (fs.File, error) {
	n, err := m.find("open", name)
	switch {
	case err != nil:
		return nil, err
	case n.file:
		return &memFile{memNode: n, Reader: bytes.NewReader(n.data)}, nil
	}
	return &memDir{memNode: n, path: name}, nil
}

// Stat implements [fs.StatFS].
func (m *memFS) Stat(name string) (fs.FileInfo, error) {
	n, err := m.find("stat", name)
	if err != nil { // otherwise the interface would not be nil
		return nil, err
	}
	return n, nil
}

// ReadFile implements [fs.ReadFileFS].
func (m *memFS) ReadFile(name string) ([]byte, error) {
	n, err := m.find("read", name)
	if err == nil && !n.file {
		err = &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	if err != nil {
		return nil, err
	}
	return append(make([]byte, 0, len(n.data)), n.data...), nil // never nil
}

// ReadDir implements [fs.ReadDirFS].
func (m *memFS) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := m.find("readdir", name)
	if err == nil && n.file {
		err = &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	if err != nil {
		return nil, err
	}
	return slices.Clone(n.children), nil
}

// memFile is an open file.
type memFile struct {
	*memNode
	*bytes.Reader
}

func (f *memFile) Stat() (fs.FileInfo, error) { return f.memNode, nil }
func (f *memFile) Size() int64                { return f.memNode.Size() }
func (f *memFile) Close() error               { return nil }

// memDir is an open directory.
type memDir struct {
	*memNode
	path string
	done int // number of children returned
}

func (f *memDir) Stat() (fs.FileInfo, error) { return f.memNode, nil }
func (f *memDir) Close() error               { return nil }

func (f *memDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.path, Err: fs.ErrInvalid}
}

// ReadDir implements [fs.ReadDirFile].
func (f *memDir) ReadDir(n int) ([]fs.DirEntry, error) {
	rest := f.children[f.done:]
	if n > 0 {
		if len(rest) == 0 {
			return nil, io.EOF
		}
		rest = rest[:min(n, len(rest))]
	}
	f.done += len(rest)
	return slices.Clone(rest), nil
}
