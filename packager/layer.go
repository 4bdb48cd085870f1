package packager

import (
	"context"
	"io"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/ordered"
	"github.com/kubeoci/oci/manifests"
)

// Annotations on the layer, which make oras pull restore the directory.
const (
	annotationContentDigest = "io.deis.oras.content.digest"
	annotationUnpack        = "io.deis.oras.content.unpack"
)

// packLayer compresses the layer and pushes it to store.
func (p *Plan) packLayer(ctx context.Context, store Pusher, cache *Cache, files *fileSums, observe func(manifests.File, []byte)) (ocispec.Descriptor, digest.Digest, error) {
	spooler, direct := store.(*Store)
	if !direct {
		spooler = new(Store)
		defer func() { _ = spooler.Close() }() // its content was copied, or is no longer needed
	}
	var diffID digest.Digest
	layer, err := spooler.ingest(ctx, ocispec.MediaTypeImageLayerGzip, func(w io.Writer, written io.ReaderAt) (err error) {
		diffID, err = p.writeLayer(ctx, gzipWriter{w: w, written: written}, cache, files, observe)
		return err
	})
	if err != nil {
		return ocispec.Descriptor{}, "", err
	}
	layer.Annotations = layerAnnotations(diffID)
	if direct {
		return layer, diffID, nil
	}
	blob, err := spooler.Fetch(ctx, layer)
	if err != nil {
		return ocispec.Descriptor{}, "", err
	}
	defer func() { _ = blob.Close() }() // read-only
	return layer, diffID, pushNew(ctx, store, layer, blob)
}

func layerAnnotations(diffID digest.Digest) map[string]string {
	return map[string]string{
		annotationContentDigest: diffID.String(),
		annotationUnpack:        "true",
		// The directory that oras pull unpacks into, relative to its output
		// directory. Entries must be below it, so it is not the name of the tree.
		ocispec.AnnotationTitle: ".",
	}
}

func (p *Plan) writeLayer(ctx context.Context, compressed gzipWriter, cache *Cache, files *fileSums, observe func(manifests.File, []byte)) (digest.Digest, error) {
	cached := cache.begin()
	if err := compressed.open(); err != nil {
		return "", err
	}
	source := newSource(p)
	source.observe, source.digests = observe, files
	content := digest.Canonical.Digester()
	err := p.read(ctx, source, newSlots(spareSlots), func(s *slot, n int) (err error) {
		if _, again := p.archive.Twin(n); !again {
			s.compressed, err = cached.compress(s, p.settings.level)
		}
		return err
	}, func(s *slot, n int) error {
		_, _ = content.Hash().Write(s.raw) // never fails
		if twin, again := p.archive.Twin(n); again {
			return compressed.repeat(s.raw, twin)
		}
		return compressed.add(s.raw, s.compressed)
	})
	if err != nil {
		return "", err
	}
	cached.end()
	return content.Digest(), compressed.close()
}

// read reads the archive into the slots, block by block. It calls produce for each block
// on several cores, and then consume for each block in the order of the archive.
func (p *Plan) read(ctx context.Context, source *source, slots []*slot, produce, consume func(*slot, int) error) error {
	defer source.close()
	return ordered.Each(ctx, p.archive.Blocks(), slots, func(ctx context.Context, s *slot, n int) error {
		if err := source.fill(ctx, s, n); err != nil {
			return err
		}
		return produce(s, n)
	}, consume)
}
