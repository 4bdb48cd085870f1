// Package records keeps small pieces of data in a directory, for other processes of the same
// user.
package records

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/kubeoci/oci/internal/advice"
)

// ErrInvalid reports a directory that cannot be used.
var ErrInvalid = errors.New("invalid cache directory")

// MaxFiles bounds the records of a [Dir], of which the oldest are removed.
const MaxFiles = 1000

const tempSuffix = ".tmp"

// Dir is a directory of records of one kind. It is made if it does not exist, must belong to
// the user of the program, and nobody else may be able to write to it, because records are
// believed.
type Dir struct {
	Path string
	// Option names Path in advice.
	Option string
	// Suffix is that of the files. Kinds of records with other suffixes can share the
	// directory.
	Suffix string
	// Group is text of which the names of the files have a digest, so that IsEmpty finds
	// them. Empty means that there are no groups.
	Group []byte
	// MaxBytes is the largest size of a record.
	MaxBytes int
	// MaxTotal is the size of all records beyond which a record that is larger than most
	// makes the oldest be removed.
	MaxTotal int64
}

// open makes, checks and opens the directory. The caller closes it. The error matches
// [ErrInvalid].
func (d Dir) open() (*os.Root, error) {
	root, err := d.openOnce()
	if errors.Is(err, fs.ErrNotExist) { // it was removed after it was made
		root, err = d.openOnce()
	}
	return root, err
}

func (d Dir) openOnce() (*os.Root, error) {
	if err := os.MkdirAll(d.Path, 0o700); err != nil {
		return nil, d.invalid(err)
	}
	root, err := os.OpenRoot(d.Path + string(filepath.Separator)) // does not block on a FIFO
	if err != nil {
		return nil, d.invalid(err)
	}
	info, err := root.Stat(".")
	if err == nil {
		err = checkOwner(info)
	}
	if err != nil {
		_ = root.Close() // only read from
		return nil, d.invalid(err)
	}
	return root, nil
}

func (d Dir) invalid(err error) error {
	return &advice.Error{
		Err: fmt.Errorf("%w: %q: %w", ErrInvalid, d.Path, withoutPath(err)),
		Text: cmp.Or(advice.OpenFiles(err),
			"set "+d.Option+" to a directory that belongs to the user of the program, and that nobody else can write"),
	}
}

// withoutPath keeps an error from naming the directory twice.
func withoutPath(err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err
	}
	return err
}

// IsEmpty reports whether the directory has no records of the group. The error matches [ErrInvalid].
func (d Dir) IsEmpty() (bool, error) {
	root, err := d.open()
	if err != nil {
		return false, err
	}
	defer func() { _ = root.Close() }() // only read from
	names, err := d.names(root)
	if err != nil {
		return false, d.invalid(err)
	}
	ending := d.ending()
	return !slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(name, ending) }), nil
}

// Read returns the record of a key, or nil if there is none or it is corrupt. The error
// matches [ErrInvalid].
func (d Dir) Read(key []byte) ([]byte, error) {
	root, err := d.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // only read from
	return d.read(root, d.name(key)), nil
}

// Write replaces the record of a key. One that cannot be written, or is too large, is no
// error: the next process does the work again.
func (d Dir) Write(key, data []byte) {
	name, file := d.name(key), append(slices.Clip(data), seal(data)...)
	if len(file) > d.MaxBytes {
		return
	}
	root, err := d.open()
	if err != nil {
		return
	}
	defer func() { _ = root.Close() }() // its files were closed
	if before := d.read(root, name); before != nil && bytes.Equal(before, data) {
		return
	}
	if d.write(root, name, file) == nil {
		d.removeOldest(root, name, len(file))
	}
}

// name returns the name of the file of a record.
func (d Dir) name(key []byte) string { return digest.FromBytes(key).Encoded() + d.ending() }

// ending returns the end of the names of the files of the group.
func (d Dir) ending() string {
	if len(d.Group) == 0 {
		return d.Suffix
	}
	return "-" + digest.FromBytes(d.Group).Encoded()[:16] + d.Suffix
}

// seal returns what follows a record in its file: its digest on a line, because disks fail.
func seal(data []byte) string { return "\n" + digest.FromBytes(data).String() + "\n" }

// read returns a record that is as it was written.
func (d Dir) read(root *os.Root, name string) []byte {
	data, err := readOwn(root, name, int64(d.MaxBytes))
	if err != nil {
		return nil
	}
	size := len(data) - len(seal(nil))
	if size < 0 || seal(data[:size]) != string(data[size:]) {
		return nil
	}
	return data[:size]
}

// readOwn reads a regular file that only the user of the program can write. It opens no
// FIFO, which would block.
func readOwn(root *os.Root, name string, most int64) ([]byte, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fs.ErrInvalid
	}
	file, err := root.Open(name)
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
	return io.ReadAll(io.LimitReader(file, most))
}

// write replaces a file at once, so that concurrent readers and writers see one or none.
func (d Dir) write(root *os.Root, name string, data []byte) (err error) {
	temp := rand.Text() + d.Suffix + tempSuffix
	file, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = root.Remove(temp) // it was not complete
		}
	}()
	_, err = file.Write(data)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return root.Rename(temp, name)
}

// maxAhead bounds how much later than one record others are written concurrently.
const maxAhead = time.Minute

// removeOldest keeps the directory from growing for ever after a record of some size was
// written. Temporary files of programs that were killed count too. A record with a later time
// than the one that was written is from before the clock was set back.
func (d Dir) removeOldest(root *os.Root, written string, size int) {
	names, err := d.names(root)
	if err != nil || len(names) <= MaxFiles && int64(size) <= d.MaxTotal/MaxFiles {
		return
	}
	own, err := root.Lstat(written)
	if err != nil { // another process has removed it
		return
	}
	latest := own.ModTime().Add(maxAhead) // by the clock of the file system
	when := func(info fs.FileInfo) time.Time {
		if info.ModTime().After(latest) {
			return time.Time{}
		}
		return info.ModTime()
	}
	infos := make([]fs.FileInfo, 0, len(names))
	left := d.MaxTotal
	for _, name := range names {
		if info, err := root.Lstat(name); err == nil && info.Mode().IsRegular() {
			infos = append(infos, info)
			left -= info.Size()
		}
	}
	slices.SortFunc(infos, func(a, b fs.FileInfo) int {
		return cmp.Or(when(a).Compare(when(b)), a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	for i, info := range infos {
		if len(infos)-i <= MaxFiles && left >= 0 {
			return
		}
		_ = root.Remove(info.Name()) // another process may have done so
		left += info.Size()
	}
}

// names lists the names of the records. Nothing is asked about each file, because a build lists
// the directory several times, and hundreds of builds share it.
func (d Dir) names(root *os.Root) ([]string, error) {
	var names []string
	list, err := root.Open(".")
	if err == nil {
		names, err = list.Readdirnames(-1)
		_ = list.Close() // only read from
	}
	if errors.Is(err, fs.ErrNotExist) { // it was removed after it was opened
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(names, func(name string) bool {
		return !strings.HasSuffix(strings.TrimSuffix(name, tempSuffix), d.Suffix)
	}), nil
}
