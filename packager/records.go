package packager

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

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

// hasDir reports whether records are kept in a directory.
func (c *Cache) hasDir() bool { return c.Dir != "" && compressorVersion() != "" }

// filled reports whether there may be a record. It checks the directory.
func (c *Cache) filled() (bool, error) {
	if c == nil {
		return false, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.hasDir() || len(c.records) > 0 {
		return len(c.records) > 0, nil
	}
	dir, err := c.openDir()
	if err != nil {
		return false, c.invalid(err)
	}
	defer func() { _ = dir.Close() }() // only read from
	names, err := recordFiles(dir)
	if err != nil {
		return false, c.invalid(err)
	}
	return len(names) > 0, nil
}

// openDir makes and opens the directory, and refuses one whose records others can write:
// a record decides which digest a build returns. The caller closes it.
func (c *Cache) openDir() (*os.Root, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, err
	}
	dir, err := os.OpenRoot(c.Dir + string(filepath.Separator)) // does not block on a FIFO
	if err != nil {
		return nil, err
	}
	info, err := dir.Stat(".")
	if err == nil {
		err = checkOwner(info)
	}
	if err != nil {
		_ = dir.Close() // only read from
		return nil, err
	}
	return dir, nil
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

// recall returns the record of a key.
func (c *Cache) recall(key recordKey) (r record, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, found = c.records[key]
	if !found && c.hasDir() {
		if dir, err := c.openDir(); err == nil {
			defer func() { _ = dir.Close() }() // only read from
			r, found = readRecord(dir, key)
		}
	}
	return r, found
}

// remember keeps a record. One that cannot be written is no error: the next process packs
// again.
func (c *Cache) remember(r record) {
	key := r.Key
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.records == nil || len(c.records) >= maxRecords {
		c.records = map[recordKey]record{}
	}
	before, found := c.records[key]
	c.records[key] = r
	if !c.hasDir() || found && before == r {
		return
	}
	dir, err := c.openDir()
	if err != nil {
		return
	}
	defer func() { _ = dir.Close() }() // its files were closed
	if stored, found := readRecord(dir, key); !found || stored != r {
		_ = writeRecord(dir, r)
	}
}

// fileName returns the name of the file of a record.
func (k recordKey) fileName() string {
	text, _ := json.Marshal(k) // strings and a number
	return digest.FromBytes(text).Encoded() + recordSuffix
}

// A file has a record and, in a second line, its digest: disks fail.
func readRecord(dir *os.Root, key recordKey) (r record, found bool) {
	data, err := readOwn(dir, key.fileName())
	if err != nil {
		return record{}, false
	}
	text, sum, _ := bytes.Cut(data, []byte("\n"))
	if digest.FromBytes(text) != digest.Digest(bytes.TrimSpace(sum)) || json.Unmarshal(text, &r) != nil ||
		r.Key != key || r.Size <= 0 || r.Sum.Validate() != nil || r.Content.Validate() != nil {
		return record{}, false
	}
	return r, true
}

// readOwn reads a regular file that only the user of the program can write. It opens no
// FIFO, which would block.
func readOwn(dir *os.Root, name string) ([]byte, error) {
	info, err := dir.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fs.ErrInvalid
	}
	file, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read from
	if info, err = file.Stat(); err != nil {
		return nil, err
	}
	if err := checkOwner(info); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(file, maxRecordBytes))
}

// writeRecord replaces the file of a record at once, so that concurrent readers and
// writers see one or none.
func writeRecord(dir *os.Root, r record) (err error) {
	temp := rand.Text() + recordSuffix + tempSuffix
	file, err := dir.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = dir.Remove(temp) // it was not complete
		}
	}()
	text, err := json.Marshal(r)
	if err == nil {
		_, err = fmt.Fprintf(file, "%s\n%s\n", text, digest.FromBytes(text))
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := dir.Rename(temp, r.Key.fileName()); err != nil {
		return err
	}
	return removeOldest(dir)
}

// removeOldest keeps the directory from growing for ever. Temporary files of programs
// that were killed count too.
func removeOldest(dir *os.Root) error {
	files, err := recordFiles(dir)
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
		_ = dir.Remove(info.Name()) // another process may have done so
	}
	return nil
}

// recordFiles lists what this package wrote into the directory.
func recordFiles(dir *os.Root) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(dir.FS(), ".")
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		return !e.Type().IsRegular() || !strings.HasSuffix(strings.TrimSuffix(e.Name(), tempSuffix), recordSuffix)
	}), nil
}
