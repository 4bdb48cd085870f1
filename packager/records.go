package packager

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/advice"
)

// ErrInvalidCache reports a [Cache.Dir] that cannot be used.
var ErrInvalidCache = errors.New("invalid cache directory")

const (
	// maxRecords bounds the records in memory, and those in a directory, of which the
	// oldest are removed.
	maxRecords = 1000
	// maxRecordBytes is several times the size of a record.
	maxRecordBytes = 4 << 10
	recordSuffix   = ".layer.json"
	tempSuffix     = ".tmp"
)

// compressorVersion identifies the program that compresses. Another version of it may
// compress the same bytes otherwise.
var compressorVersion = sync.OnceValue(func() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path != "github.com/klauspost/compress" {
				continue
			}
			if dep.Replace != nil {
				dep = dep.Replace
			}
			return dep.Path + " " + dep.Version + " " + dep.Sum
		}
	}
	return ""
})

// filled reports whether there may be a record. It checks the directory.
func (c *Cache) filled() (bool, error) {
	if c == nil {
		return false, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Dir == "" || len(c.records) > 0 {
		return len(c.records) > 0, nil
	}
	if err := c.checkDir(); err != nil {
		return false, err
	}
	names, err := c.recordFiles()
	return len(names) > 0, err
}

// checkDir makes the directory, and refuses one whose records others can write: a
// record decides which digest a build returns.
func (c *Cache) checkDir() error {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return c.invalid(err)
	}
	info, err := os.Stat(c.Dir)
	if err != nil {
		return c.invalid(err)
	}
	if reason := writableByOthers(info); reason != "" {
		return c.invalid(errors.New(reason))
	}
	return nil
}

func (c *Cache) invalid(err error) error {
	return &advice.Error{
		Err:  fmt.Errorf("%w: %q: %w", ErrInvalidCache, c.Dir, withoutPath(err)),
		Text: "set Cache.Layer.Dir to a directory that belongs to the user of the program, and that nobody else can write",
	}
}

// withoutPath keeps an error from naming the directory twice.
func withoutPath(err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err
	}
	return err
}

// layerOf returns the layer that was remembered for a key.
func (c *Cache) layerOf(key recordKey) (ocispec.Descriptor, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, found := c.records[key]
	if !found && c.Dir != "" {
		r, found = c.readRecord(key)
	}
	return r.layer(), found
}

// remember keeps the layer that was made for a key. A record that cannot be written is no
// error: the next process packs again.
func (c *Cache) remember(key recordKey, layer ocispec.Descriptor) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.records == nil || len(c.records) >= maxRecords {
		c.records = map[recordKey]record{}
	}
	r := record{Key: key, Size: layer.Size, Sum: layer.Digest}
	before, found := c.records[key]
	c.records[key] = r
	if c.Dir == "" || found && before == r {
		return
	}
	if stored, found := c.readRecord(key); !found || stored != r {
		_ = c.writeRecord(r)
	}
}

// path returns the file of a record.
func (c *Cache) path(key recordKey) string {
	name, _ := json.Marshal(key) // strings and a number
	return filepath.Join(c.Dir, digest.FromBytes(name).Encoded()+recordSuffix)
}

// A file has a record and, in a second line, its digest: disks fail.
func (c *Cache) readRecord(key recordKey) (r record, found bool) {
	file, err := openRegular(c.path(key))
	if err != nil {
		return record{}, false
	}
	defer func() { _ = file.Close() }() // only read from
	data, err := io.ReadAll(io.LimitReader(file, maxRecordBytes))
	if err != nil {
		return record{}, false
	}
	text, sum, _ := bytes.Cut(data, []byte("\n"))
	if digest.FromBytes(text) != digest.Digest(bytes.TrimSpace(sum)) || json.Unmarshal(text, &r) != nil ||
		r.Key != key || r.Size <= 0 || r.Sum.Validate() != nil {
		return record{}, false
	}
	return r, true
}

// writeRecord replaces the file of a record at once, so that concurrent readers and
// writers see one or none.
func (c *Cache) writeRecord(r record) (err error) {
	if err := c.checkDir(); err != nil {
		return err
	}
	file, err := os.CreateTemp(c.Dir, "*"+recordSuffix+tempSuffix)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name()) // it was not complete
		}
	}()
	text, err := json.Marshal(r)
	if err == nil {
		_, err = fmt.Fprintf(file, "%s\n%s\n", text, digest.FromBytes(text))
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), c.path(r.Key)); err != nil {
		return err
	}
	return c.removeOldest()
}

// removeOldest keeps the directory from growing for ever. Temporary files of programs
// that were killed count too.
func (c *Cache) removeOldest() error {
	files, err := c.recordFiles()
	if err != nil || len(files) <= maxRecords {
		return err
	}
	infos := make([]fs.FileInfo, 0, len(files))
	for _, file := range files {
		if info, err := file.Info(); err == nil {
			infos = append(infos, info)
		}
	}
	slices.SortFunc(infos, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	for _, info := range infos[:max(len(infos)-maxRecords, 0)] {
		_ = os.Remove(filepath.Join(c.Dir, info.Name())) // another process may have done so
	}
	return nil
}

// recordFiles lists what this package wrote into the directory.
func (c *Cache) recordFiles() ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return nil, c.invalid(err)
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		return !e.Type().IsRegular() || !strings.HasSuffix(strings.TrimSuffix(e.Name(), tempSuffix), recordSuffix)
	}), nil
}

// openRegular opens a file, and no FIFO, which would block.
func openRegular(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fs.ErrInvalid
	}
	return os.Open(path)
}
