package packager

import (
	"cmp"
	"context"
	"io"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci/internal/ordered"
)

// Annotations on the layer, by which oras pull restores the folder.
const (
	annotationContentDigest = "io.deis.oras.content.digest"
	annotationUnpack        = "io.deis.oras.content.unpack"
)

// packLayer makes the layer and pushes it to store.
func (p *Packer) packLayer(ctx context.Context, store content.Pusher) (ocispec.Descriptor, Content, error) {
	spooler, direct := store.(*Store)
	if !direct {
		spooler = new(Store)
		defer func() { _ = spooler.Close() }() // its content was copied, or is of no use
	}
	var packed Content
	layer, err := spooler.ingest(ctx, ocispec.MediaTypeImageLayerGzip, func(w io.Writer) (err error) {
		packed, err = p.writeLayer(ctx, w)
		return err
	})
	if err != nil {
		return ocispec.Descriptor{}, Content{}, err
	}
	layer.Annotations = layerAnnotations(packed.Digest)
	if direct {
		return layer, packed, nil
	}
	blob, err := spooler.Fetch(ctx, layer)
	if err != nil {
		return ocispec.Descriptor{}, Content{}, err
	}
	defer func() { _ = blob.Close() }() // only read from
	return layer, packed, pushNew(ctx, store, layer, blob)
}

func layerAnnotations(content digest.Digest) map[string]string {
	return map[string]string{
		annotationContentDigest: content.String(),
		annotationUnpack:        "true",
		// The folder that oras pull unpacks into, relative to the one it is
		// told. Entries have to be below it, hence not the name of the tree.
		ocispec.AnnotationTitle: ".",
	}
}

func (p *Packer) writeLayer(ctx context.Context, w io.Writer) (Content, error) {
	cached := p.opts.Cache.begin()
	level := cmp.Or(p.opts.Level, DefaultLevel)
	compressed := gzipWriter{w: w}
	if err := compressed.open(); err != nil {
		return Content{}, err
	}
	source := newSource(p)
	source.onFile = p.opts.OnFile
	packed, err := p.read(ctx, source, newSlots(spareSlots), func(s *slot) (err error) {
		s.compressed, err = cached.compress(s, level)
		return err
	}, func(s *slot) error {
		return compressed.add(s.raw, s.compressed)
	})
	if err != nil {
		return Content{}, err
	}
	cached.end()
	return packed, compressed.close()
}

// read reads the archive block by block into the slots. It calls work for each on
// several cores, and then hand in the order of the archive.
func (p *Packer) read(ctx context.Context, source *source, slots []*slot, work, hand func(*slot) error) (Content, error) {
	defer source.close()
	digester := digest.Canonical.Digester()
	err := ordered.Each(ctx, p.archive.Blocks(), slots, func(_ context.Context, s *slot, n int) error {
		if err := source.fill(s, n); err != nil {
			return err
		}
		return work(s)
	}, func(s *slot, _ int) error {
		_, _ = digester.Hash().Write(s.raw) // never fails
		return hand(s)
	})
	return Content{digester.Digest(), p.archive.Size()}, err
}
