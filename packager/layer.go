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
func (p *Plan) packLayer(ctx context.Context, store Pusher, cache *Cache, sums *fileSums, observe func(manifests.File, []byte)) (ocispec.Descriptor, digest.Digest, error) {
	spooler, direct := store.(*Store)
	if !direct {
		spooler = new(Store)
		defer func() { _ = spooler.Close() }() // its content was copied, or is no longer needed
	}
	var diffID digest.Digest
	layer, err := spooler.ingest(ctx, ocispec.MediaTypeImageLayerGzip, func(w io.Writer, written io.ReaderAt) (err error) {
		diffID, err = p.writeLayer(ctx, gzipWriter{w: w, written: written}, cache, sums, observe)
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

// usualRatio is a compression ratio that most manifests reach.
const usualRatio = 4

func (p *Plan) writeLayer(ctx context.Context, compressed gzipWriter, cache *Cache, sums *fileSums, observe func(manifests.File, []byte)) (digest.Digest, error) {
	cached := cache.begin()
	if err := compressed.open(); err != nil {
		return "", err
	}
	source := newSource(p)
	source.observe, source.digests = observe, sums
	content, blocks := digest.Canonical.Digester(), newCompressors(p.settings.level, p.archive.Size())
	err := p.read(ctx, source, spareSlots, func(s *slot) (err error) {
		if s.out = s.out[:0]; s.out == nil {
			s.out = make(output, 0, len(s.memory)/usualRatio)
		}
		for i := range s.blocks {
			if b := &s.blocks[i]; b.twin < 0 {
				if b.compressed, err = cached.compress(blocks, &s.out, b.raw); err != nil {
					return err
				}
			}
		}
		return nil
	}, func(s *slot) error {
		for _, b := range s.blocks {
			_, _ = content.Hash().Write(b.raw) // never fails
			if err := compressed.add(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	cached.end()
	return content.Digest(), compressed.close()
}

// read reads the archive group by group, into slots of which some are spare. It calls
// produce for each group on several cores, and then consume for each group in the order of
// the archive.
func (p *Plan) read(ctx context.Context, source *source, spare int, produce, consume func(*slot) error) error {
	defer source.close()
	groups := p.archive.Groups()
	slots := newSlots(groups, spare)
	if len(slots) < groups {
		source.memory = p.archive.LargestGroup()
	}
	return ordered.Each(ctx, groups, slots, func(ctx context.Context, s *slot, n int) error {
		if err := source.fill(ctx, s, n); err != nil {
			return err
		}
		return produce(s)
	}, func(s *slot, _ int) error { return consume(s) })
}
