package archive

import (
	"archive/tar"
	"bytes"
	"time"
)

// Modes are the same for all entries, so that they do not depend on the checkout,
// the umask or the user.
const (
	fileMode = 0o644
	dirMode  = 0o755
)

// Fields of a USTAR header that differ between entries (POSIX.1-2017, pax,
// "ustar Interchange Format").
const (
	nameEnd       = 100
	sizeStart     = 124
	sizeEnd       = 136
	checksumStart = 148
	checksumEnd   = 156
)

// headers are templates for records with short names, made by archive/tar: such
// headers differ in name, size and checksum only.
type headers struct{ file, dir []byte }

func newHeaders() (h headers, err error) {
	if h.file, err = marshal(record{name: "x"}); err != nil {
		return headers{}, err
	}
	h.dir, err = marshal(record{name: "x/"})
	return h, err
}

// headerSize returns the size of the header of a record in bytes.
func headerSize(r record) (int64, error) {
	if isPlain(r) {
		return unit, nil
	}
	header, err := marshal(r)
	return int64(len(header)), err
}

// isPlain reports whether the name fits the field for names of the header, and the
// size the eleven octal digits of the field for sizes.
func isPlain(r record) bool {
	for i := range len(r.name) {
		if r.name[i] >= 0x80 || r.name[i] == 0 {
			return false
		}
	}
	return len(r.name) <= nameEnd && r.content < 1<<33
}

// write writes the header of r to p.
func (h headers) write(p []byte, r record) error {
	if !isPlain(r) {
		header, err := marshal(r)
		copy(p, header)
		return err
	}
	copy(p, h.file)
	if isDir(r.name) {
		copy(p, h.dir)
	}
	clear(p[:nameEnd])
	copy(p, r.name)
	putOctal(p[sizeStart:sizeEnd-1], r.content)
	// The checksum is computed with blanks in its own field, and is followed by a
	// NUL and the last of the blanks.
	copy(p[checksumStart:checksumEnd], "        ")
	var sum int64
	for _, b := range p[:unit] {
		sum += int64(b)
	}
	putOctal(p[checksumStart:checksumEnd-2], sum)
	p[checksumEnd-2] = 0
	return nil
}

// putOctal fills p with the octal digits of n.
func putOctal(p []byte, n int64) {
	for i := len(p) - 1; i >= 0; i-- {
		p[i] = byte('0' + n&7)
		n >>= 3
	}
}

func marshal(r record) ([]byte, error) {
	h := &tar.Header{
		Typeflag: tar.TypeReg,
		Name:     r.name,
		Size:     r.content,
		Mode:     fileMode,
		ModTime:  time.Unix(0, 0),
	}
	if isDir(r.name) {
		h.Typeflag, h.Mode = tar.TypeDir, dirMode
	}
	var out bytes.Buffer
	err := tar.NewWriter(&out).WriteHeader(h)
	return out.Bytes(), err
}
