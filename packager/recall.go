package packager

import (
	"context"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/archive"
	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/manifests"
)

// Recall returns the result of [Plan.Pack] without compressing anything, and true, if the
// cache remembers the layer that Pack made of the same content. It reads all files, unless
// the cache remembers none of files with these names and sizes, and stores the config and
// the manifest, but not the layer. Whoever needs the layer calls Pack, and compares the
// digests: the files may have changed since, and so may the directory of the cache.
//
// observe is that of Pack, and a call that blocks ends as that does. The errors are those of
// Pack, and match [ErrInvalidCache] for a directory that cannot be used.
func (p *Plan) Recall(ctx context.Context, store Pusher, cache *Cache, observe func(f manifests.File, content []byte)) (Result, bool, error) {
	if err := p.check(ctx, store); err != nil {
		return Result{}, false, err
	}
	if cache == nil { // a key takes a while
		return Result{}, false, nil
	}
	if some, err := cache.mayHave(p.recordKey()); err != nil || !some {
		return Result{}, false, err
	}
	found := false
	result, err := calls.Prompt(ctx, func() (result Result, err error) {
		result, found, err = p.recall(ctx, store, cache, observe)
		return result, err
	})
	if err != nil { // and recall may still run
		return Result{}, false, err
	}
	return result, found, nil
}

func (p *Plan) recall(ctx context.Context, store Pusher, cache *Cache, observe func(manifests.File, []byte)) (Result, bool, error) {
	sums, err := p.readSums(ctx, observe)
	if err != nil {
		return Result{}, false, err
	}
	contents := p.contents(sums)
	r, found := cache.recall(p.recordKey().with(contents))
	if !found {
		return Result{}, false, nil
	}
	layer := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayerGzip, Digest: r.Sum, Size: r.Size, Annotations: layerAnnotations(r.Content)}
	result, err := p.describe(ctx, store, layer, r.Content, contents)
	return result, err == nil, err
}

// recordKey identifies a layer by everything that its bytes depend on, except the content of
// the files.
func (p *Plan) recordKey() recordKey {
	return recordKey{
		Sizes: sizesOf(p.files), Layout: p.layout, Prefix: p.prefix, Level: p.settings.level,
		BlockSize: archive.BlockSize, AloneSize: archive.AloneSize, Compressor: compressorVersion(),
	}
}

// with adds the content of the files.
func (k recordKey) with(contents *Contents) recordKey {
	k.Files = contents.digest
	return k
}

// withoutFiles returns the part of the key that is known before the files are read.
func (k recordKey) withoutFiles() recordKey {
	k.Files = ""
	return k
}

// record is what a Cache remembers of a layer.
type record struct {
	Key     recordKey     `json:"key"`
	Size    int64         `json:"size"`
	Sum     digest.Digest `json:"digest"`
	Content digest.Digest `json:"content"` // of the archive
}

type recordKey struct {
	Sizes      digest.Digest `json:"sizes"`
	Files      digest.Digest `json:"files"`
	Layout     Layout        `json:"layout"`
	Prefix     string        `json:"prefix"`
	Level      int           `json:"level"`
	BlockSize  int           `json:"blockSize"`
	AloneSize  int           `json:"aloneSize"`
	Compressor string        `json:"compressor"`
}
