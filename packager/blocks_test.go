package packager_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// hostileFS is the file system of a caller, in which something happens before a method
// returns. Nothing does until it is armed.
type hostileFS struct {
	fstest.MapFS
	sequential bool
	happens    func(method string)
	armed      atomic.Bool
	calls      atomic.Int32 // other than Close, while it is armed
	open       atomic.Int32 // files
}

func (h *hostileFS) enter(method string) {
	if h.armed.Load() {
		if method != "Close" {
			h.calls.Add(1)
		}
		h.happens(method)
	}
}

func (h *hostileFS) Open(name string) (fs.File, error) {
	h.enter("Open")
	file, err := h.MapFS.Open(name)
	if err != nil {
		return nil, err
	}
	h.open.Add(1)
	if h.sequential {
		return hostileFile{file, h}, nil
	}
	return hostileReaderAt{hostileFile{file, h}}, nil
}

type hostileFile struct {
	fs.File
	fsys *hostileFS
}

func (h hostileFile) Stat() (fs.FileInfo, error) { h.fsys.enter("Stat"); return h.File.Stat() }
func (h hostileFile) Read(p []byte) (int, error) { h.fsys.enter("Read"); return h.File.Read(p) }
func (h hostileFile) Close() error {
	h.fsys.enter("Close")
	h.fsys.open.Add(-1)
	return h.File.Close()
}

type hostileReaderAt struct{ hostileFile }

func (h hostileReaderAt) ReadAt(p []byte, offset int64) (int, error) {
	h.fsys.enter("ReadAt")
	return h.File.(io.ReaderAt).ReadAt(p, offset)
}

// packings lists the functions that read the files of a Set. Their cache remembers it.
var packings = map[string]func(context.Context, *packager.Plan, *packager.Store, *packager.Cache) error{
	"Pack": func(ctx context.Context, p *packager.Plan, s *packager.Store, _ *packager.Cache) error {
		_, err := packager.Pack(ctx, s, p.Set(), p.Layout(), packager.Options{})
		return err
	},
	"Plan.Pack": func(ctx context.Context, p *packager.Plan, s *packager.Store, c *packager.Cache) error {
		_, err := p.Pack(ctx, s, c, nil)
		return err
	},
	"Plan.Digest": func(ctx context.Context, p *packager.Plan, _ *packager.Store, _ *packager.Cache) error {
		_, err := p.Digest(ctx)
		return err
	},
	"Plan.Recall": func(ctx context.Context, p *packager.Plan, s *packager.Store, c *packager.Cache) error {
		_, _, err := p.Recall(ctx, s, c, nil)
		return err
	},
}

// hostileMethods lists the methods that are called for a file.
var hostileMethods = []struct {
	name, method string
	size         int
	sequential   bool
}{
	{"Open", "Open", 5, false},
	{"Stat", "Stat", 5, false},
	{"Read", "Read", 5, true},
	{"ReadAt", "ReadAt", 5, false},
	{"Close", "Close", 5, false},
	{"Open of a large file", "Open", 1 << 20, false},
	{"Stat of a large file", "Stat", 1 << 20, false},
	{"Read of a large file", "Read", 1 << 20, true},
	{"ReadAt of a large file", "ReadAt", 1 << 20, false},
	{"Close of a large file", "Close", 1 << 20, false},
}

// eachHostile calls f for each method and each function that reads files.
func eachHostile(t *testing.T, f func(t *testing.T, fsys *hostileFS, method string, run func(context.Context) error)) {
	for _, tt := range hostileMethods {
		for name, packing := range packings {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					fsys := &hostileFS{MapFS: fstest.MapFS{}, sequential: tt.sequential}
					for name, size := range map[string]int{"a.yaml": tt.size, "b.yaml": 5, "c/d.yaml": 5} {
						fsys.MapFS[name] = &fstest.MapFile{Data: bytes.Repeat([]byte("a"), size)}
					}
					set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
					require.NoError(t, err)
					plan, cache := newPlan(t, set, packager.LayoutRoot, packager.Options{}), new(packager.Cache)
					packCached(t, plan, cache)
					f(t, fsys, tt.method, func(ctx context.Context) error {
						store := new(packager.Store)
						defer func() { assert.NoError(t, store.Close()) }()
						return packing(ctx, plan, store, cache)
					})
				})
			})
		}
	}
}

// A file system that blocks does not hold up the caller beyond its context. Its method
// runs on; then nothing but Close is called, for every file that was opened.
func TestPackFromAFileSystemThatBlocks(t *testing.T) {
	eachHostile(t, func(t *testing.T, fsys *hostileFS, method string, run func(context.Context) error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		release := make(chan struct{})
		released := sync.OnceFunc(func() { close(release) })
		defer released()
		fsys.happens = func(called string) {
			if called == method {
				<-release
			}
		}
		fsys.armed.Store(true)
		began := time.Now()
		require.ErrorIs(t, run(ctx), context.DeadlineExceeded)
		assert.Less(t, time.Since(began), time.Minute+time.Second)
		made := fsys.calls.Load()
		released()
		synctest.Wait()
		assert.Equal(t, made, fsys.calls.Load(), "calls after the end")
		assert.Zero(t, fsys.open.Load(), "open files")
	})
}

// A panic of a file system, or the end of its goroutine, is one of the caller.
func TestPackFromAFileSystemThatPanics(t *testing.T) {
	errHostile := errors.New("hostile")
	for name, end := range map[string]func(){"panic": func() { panic(errHostile) }, "end of the goroutine": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			eachHostile(t, func(t *testing.T, fsys *hostileFS, method string, run func(context.Context) error) {
				fsys.happens = func(called string) {
					if called == method {
						end()
					}
				}
				fsys.armed.Store(true)
				done := make(chan error, 1)
				go func() {
					_ = calls.Catch(func() error { return run(t.Context()) }, func(err error) { done <- err })
				}()
				err := <-done
				var p *calls.Panic
				require.ErrorAs(t, err, &p)
				assert.Equal(t, name == "panic", p.Value == errHostile)
			})
		})
	}
}

// A failure of the store ends a read that blocks, before the context does.
func TestPackFromAFileSystemThatBlocksWhenTheStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys := &hostileFS{MapFS: fstest.MapFS{"a.yaml": {Data: noise(t, 3<<20)}}}
		set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
		require.NoError(t, err)
		release := make(chan struct{})
		defer close(release)
		var reads atomic.Int32
		fsys.happens = func(called string) {
			if called == "ReadAt" && reads.Add(1) > 1 {
				<-release
			}
		}
		fsys.armed.Store(true)
		store := &packager.Store{MemoryLimit: -1, TempDir: t.TempDir() + "/missing"}
		_, err = packager.Pack(t.Context(), store, set, packager.LayoutRoot, packager.Options{})
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
}

// oddity is a result that breaks the rules of io/fs.
type oddity struct {
	open func(fs.File) (fs.File, error)
	stat func(fs.FileInfo) (fs.FileInfo, error)
	read func([]byte) (int, error)
}

type oddFS struct {
	fstest.MapFS
	armed *atomic.Bool
	oddity
}

func (o oddFS) Open(name string) (fs.File, error) {
	file, err := o.MapFS.Open(name)
	if err != nil || !o.armed.Load() {
		return file, err
	}
	if o.open != nil {
		return o.open(file)
	}
	return oddFile{file, o.oddity}, nil
}

type oddFile struct {
	fs.File
	oddity
}

func (o oddFile) Stat() (fs.FileInfo, error) {
	info, err := o.File.Stat()
	if err != nil || o.stat == nil {
		return info, err
	}
	return o.stat(info)
}

func (o oddFile) Read(p []byte) (int, error) {
	if o.read == nil {
		return o.File.Read(p)
	}
	return o.read(p)
}

// oddReaderAt breaks the rules in ReadAt as well.
type oddReaderAt struct{ oddFile }

func (o oddReaderAt) ReadAt(p []byte, _ int64) (int, error) { return o.read(p) }

func TestPackFromAnOddFileSystem(t *testing.T) {
	readAt := func(read func([]byte) (int, error)) oddity {
		return oddity{open: func(file fs.File) (fs.File, error) { return oddReaderAt{oddFile{file, oddity{read: read}}}, nil }}
	}
	for _, tt := range []struct {
		name string
		oddity
		err error
	}{
		{"nil file", oddity{open: func(fs.File) (fs.File, error) { return nil, nil }}, fs.ErrInvalid},
		{"nil info", oddity{stat: func(fs.FileInfo) (fs.FileInfo, error) { return nil, nil }}, fs.ErrInvalid},
		{"read of a negative length", oddity{read: func([]byte) (int, error) { return -1, nil }}, fs.ErrInvalid},
		{"read beyond the buffer", oddity{read: func(p []byte) (int, error) { return len(p) + 1, nil }}, fs.ErrInvalid},
		{"read of nothing for ever", oddity{read: func([]byte) (int, error) { return 0, nil }}, io.ErrNoProgress},
		{"read of too much", oddity{read: func(p []byte) (int, error) { return len(p), nil }}, manifests.ErrFileChanged},
		{"read at an offset of a negative length", readAt(func([]byte) (int, error) { return -1, nil }), fs.ErrInvalid},
		{"read at an offset beyond the buffer", readAt(func(p []byte) (int, error) { return len(p) + 1, nil }), fs.ErrInvalid},
		{"read at an offset of the largest length", readAt(func([]byte) (int, error) { return math.MaxInt, nil }), fs.ErrInvalid},
		{"read at an offset of nothing", readAt(func([]byte) (int, error) { return 0, nil }), io.ErrNoProgress},
		{"read at an offset of too much", readAt(func(p []byte) (int, error) { return len(p), nil }), manifests.ErrFileChanged},
	} {
		for name, size := range map[string]int{"small": 5, "large": 3 << 20} {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				fsys := oddFS{fstest.MapFS{"a.yaml": {Data: noise(t, size)}}, new(atomic.Bool), tt.oddity}
				set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
				require.NoError(t, err)
				fsys.armed.Store(true)
				_, err = packager.Pack(t.Context(), new(packager.Store), set, packager.LayoutRoot, packager.Options{})
				require.ErrorIs(t, err, tt.err)
			})
		}
	}
}
