package packager

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/kubeoci/oci/internal/archive"
	"github.com/kubeoci/oci/manifests"
)

// fileSums collects the digests of the files of a Plan while they are read, on all cores:
// that of the archive has to be computed on one. A file of several blocks has a digest for
// each of them.
type fileSums struct {
	files []manifests.File
	small [][sha256.Size]byte

	mu    sync.Mutex
	large map[piece][sha256.Size]byte
}

func newFileSums(p *Plan) *fileSums {
	return &fileSums{files: p.files, small: make([][sha256.Size]byte, len(p.files)), large: map[piece][sha256.Size]byte{}}
}

// add adds a piece of a file, which is all of it unless the file has several blocks. It may
// be called concurrently. A nil fileSums ignores it.
func (s *fileSums) add(p piece, content []byte) {
	if s == nil {
		return
	}
	sum := sha256.Sum256(content)
	if s.files[p.file].Size <= archive.BlockSize {
		s.small[p.file] = sum
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.large[p] = sum
}

// digest returns a digest of the paths and the content of all files.
func (s *fileSums) digest() digest.Digest {
	all := sha256.New() // never fails
	var text []byte
	for n, f := range s.files {
		text = append(appendSize(text[:0], f), s.small[n][:]...)
		_, _ = all.Write(text)
		for offset := int64(0); f.Size > archive.BlockSize && offset < f.Size; offset += archive.BlockSize {
			sum := s.large[piece{int32(n), int32(min(archive.BlockSize, f.Size-offset)), offset}]
			_, _ = all.Write(sum[:])
		}
	}
	return digest.NewDigest(digest.SHA256, all)
}

// appendSize appends the path and the size of a file.
func appendSize(text []byte, f manifests.File) []byte {
	text = binary.AppendUvarint(text, uint64(len(f.Path)))
	text = append(text, f.Path...)
	return binary.AppendVarint(text, f.Size)
}

// sizesOf returns a digest of the paths and the sizes of files.
func sizesOf(files []manifests.File) digest.Digest {
	all := sha256.New() // never fails
	var text []byte
	for _, f := range files {
		text = appendSize(text[:0], f)
		_, _ = all.Write(text)
	}
	return digest.NewDigest(digest.SHA256, all)
}

// readSums reads all files and returns the sums that a Pack collects.
func (p *Plan) readSums(ctx context.Context, observe func(manifests.File, []byte)) (*fileSums, error) {
	once := p
	if p.layout == LayoutBoth { // the copies add nothing
		once = &Plan{set: p.set, layout: LayoutRoot}
		if err := once.layOut(p.files); err != nil {
			return nil, err
		}
	}
	source := newSource(once)
	source.observe, source.digests = observe, newFileSums(once)
	nothing := func(*slot) error { return nil }
	if err := once.read(ctx, source, 0, nothing, nothing); err != nil {
		return nil, err
	}
	return source.digests, nil
}

// Contents identifies the content of the files of a Plan, as [Plan.Pack] or [Plan.Recall]
// read them. It is immutable.
type Contents struct {
	plan   *Plan
	sums   *fileSums
	digest digest.Digest
}

func (p *Plan) contents(sums *fileSums) *Contents { return &Contents{p, sums, sums.digest()} }

// Plan returns the Plan that was packed or recalled.
func (c *Contents) Plan() *Plan { return c.plan }

// Digest returns a digest of the paths and the content of all files, which depends on
// nothing else.
func (c *Contents) Digest() digest.Digest { return c.digest }

// Has reports whether a file of the Plan had the given content. Nil and the zero value have
// no files.
func (c *Contents) Has(f manifests.File, content []byte) bool {
	if c == nil || c.sums == nil {
		return false
	}
	s := c.sums
	n, found := slices.BinarySearchFunc(s.files, f, func(a, b manifests.File) int { return strings.Compare(a.Path, b.Path) })
	switch {
	case !found || s.files[n] != f || f.Size != int64(len(content)):
		return false
	case f.Size <= archive.BlockSize:
		return s.small[n] == sha256.Sum256(content)
	}
	offset := int64(0)
	for block := range slices.Chunk(content, archive.BlockSize) {
		if s.large[piece{int32(n), int32(len(block)), offset}] != sha256.Sum256(block) {
			return false
		}
		offset += int64(len(block))
	}
	return true
}
