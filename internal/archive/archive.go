// Package archive writes tar streams that depend on the names and content of
// their files and on nothing else.
package archive

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"iter"
	"path"
	"time"
)

// ErrTooLarge reports a stream that would exceed the limit given to [Write].
var ErrTooLarge = errors.New("archive is too large")

// Entry is a regular file of the archive.
type Entry struct {
	Path string // relative, clean and slash-separated
	Size int64
	Open func() (io.ReadCloser, error)
}

// The same for every entry, so that neither checkout nor umask nor user shows.
const (
	fileMode = 0o644
	dirMode  = 0o755
)

// Write writes the entries, which have to come in the order of their paths'
// bytes and be free of collisions, as a tar stream of at most limit bytes.
// Every folder that holds an entry gets an entry of its own before it, since
// oras pull creates none that is not listed.
//
// The stream uses the USTAR format, and PAX records for names that do not fit
// it. An error of Open or of reading is returned as it is.
func Write(ctx context.Context, w io.Writer, entries iter.Seq[Entry], limit int64) error {
	limited := &limitedWriter{w: w, left: limit}
	tw := tar.NewWriter(limited)
	written := map[string]bool{} // folders
	buf := make([]byte, 64<<10)
	for entry := range entries {
		if err := writeFolders(tw, path.Dir(entry.Path), written); err != nil {
			return err
		}
		if err := writeFile(ctx, tw, entry, buf); err != nil {
			return err
		}
	}
	return tw.Close()
}

func writeFolders(tw *tar.Writer, dir string, written map[string]bool) error {
	if dir == "." || written[dir] {
		return nil
	}
	if err := writeFolders(tw, path.Dir(dir), written); err != nil {
		return err
	}
	written[dir] = true
	return tw.WriteHeader(&tar.Header{
		Typeflag: tar.TypeDir,
		Name:     dir + "/",
		Mode:     dirMode,
		ModTime:  time.Unix(0, 0),
	})
}

func writeFile(ctx context.Context, tw *tar.Writer, entry Entry, buf []byte) error {
	content, err := entry.Open()
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }() // only read from

	if err := tw.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg,
		Name:     entry.Path,
		Size:     entry.Size,
		Mode:     fileMode,
		ModTime:  time.Unix(0, 0),
	}); err != nil {
		return err
	}
	_, err = io.CopyBuffer(tw, contextReader{ctx, content}, buf)
	return err
}

// contextReader stops reading when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// limitedWriter fails as soon as more than left bytes are written.
type limitedWriter struct {
	w    io.Writer
	left int64
}

func (l *limitedWriter) Write(p []byte) (int, error) {
	if l.left -= int64(len(p)); l.left < 0 {
		return 0, ErrTooLarge
	}
	return l.w.Write(p)
}
