package packager

import (
	"compress/gzip"
	"context"
	"errors"
	"hash/maphash"
	"io"
	"iter"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci/internal/archive"
	"github.com/kubeoci/oci/manifests"
)

// Annotations on the layer, by which oras pull restores the folder.
const (
	annotationContentDigest = "io.deis.oras.content.digest"
	annotationUnpack        = "io.deis.oras.content.unpack"
)

// packLayer writes the layer and records what it became.
func (r *Result) packLayer(ctx context.Context, store content.Pusher, set *manifests.Set) error {
	source, err := set.Open()
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }() // only read from

	spooler, direct := store.(*Store)
	if !direct {
		spooler = new(Store)
		defer func() { _ = spooler.Close() }() // its content was copied, or is of no use
	}
	layer, err := spooler.ingest(ctx, ocispec.MediaTypeImageLayerGzip, func(w io.Writer) error {
		return r.writeLayer(ctx, w, source)
	})
	if err != nil {
		return err
	}
	layer.Annotations = map[string]string{
		annotationContentDigest: r.ContentDigest.String(),
		annotationUnpack:        "true",
		// The folder that oras pull unpacks into, relative to the one it is
		// told. Entries have to be below it, hence not the name of the tree.
		ocispec.AnnotationTitle: ".",
	}
	r.Layer = layer
	if direct {
		return nil
	}
	blob, err := spooler.Fetch(ctx, layer)
	if err != nil {
		return err
	}
	defer func() { _ = blob.Close() }() // only read from
	return pushNew(ctx, store, layer, blob)
}

func (r *Result) writeLayer(ctx context.Context, w io.Writer, source *manifests.Reader) error {
	compressor := gzip.NewWriter(w) // a header without name and time
	digester := digest.Canonical.Digester()
	counter := &countingWriter{w: io.MultiWriter(compressor, digester.Hash())}
	if err := archive.Write(ctx, counter, archiveEntries(r.Layout.Entries, source), MaxArchiveSize); err != nil {
		return err
	}
	r.ContentDigest, r.ContentSize = digester.Digest(), counter.n
	return compressor.Close()
}

// archiveEntries opens the files one after another. Where the tree is laid out
// twice, each is read twice, and has to be the same both times: size and
// modification time do not show every replacement.
func archiveEntries(entries []Entry, source *manifests.Reader) iter.Seq[archive.Entry] {
	seed, sums := maphash.MakeSeed(), make(map[string]uint64, len(entries))
	open := func(f manifests.File) (io.ReadCloser, error) {
		content, err := source.Open(f)
		if err != nil {
			return nil, err
		}
		r := &comparedReader{ReadCloser: content, file: f, sums: sums}
		r.hash.SetSeed(seed)
		return r, nil
	}
	return func(yield func(archive.Entry) bool) {
		for _, e := range entries {
			entry := archive.Entry{
				Path: e.Path,
				Size: e.File.Size,
				Open: func() (io.ReadCloser, error) { return open(e.File) },
			}
			if !yield(entry) {
				return
			}
		}
	}
}

// comparedReader fails at the end of a file that was another one before.
type comparedReader struct {
	io.ReadCloser
	file manifests.File
	sums map[string]uint64
	hash maphash.Hash
}

func (r *comparedReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	_, _ = r.hash.Write(p[:n]) // never fails
	if errors.Is(err, io.EOF) {
		before, again := r.sums[r.file.Path]
		if again && before != r.hash.Sum64() {
			return n, &manifests.PathError{Path: r.file.Path, Err: manifests.ErrFileChanged}
		}
		r.sums[r.file.Path] = r.hash.Sum64()
	}
	return n, err
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
