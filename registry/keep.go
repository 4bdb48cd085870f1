package registry

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// annotationContentDigest is the digest of a layer before compression, as ORAS has it. It
// is a claim of whoever pushed the manifest.
const annotationContentDigest = "io.deis.oras.content.digest"

// keptManifest is the manifest of a tag, which takes the place of the one that was packed.
type keptManifest struct {
	content []byte
	blobs   []ocispec.Descriptor
}

// keep looks for tags with the content of the packed manifest. The first of them decides
// which manifest the others get. It returns nil if there is none.
func (p *push) keep(ctx context.Context) (*keptManifest, error) {
	if slices.ContainsFunc(p.states, func(t tagState) bool { return t.pointsTo(p.manifest.Digest) }) {
		return nil, nil // which needs no proof
	}
	known := map[digest.Digest]bool{} // several tags often point to one manifest
	var first *keptManifest
	for i := range p.states {
		state := &p.states[i]
		if state.content == nil {
			continue
		}
		same, compared := known[state.digest]
		if !compared {
			var err error
			if same, err = p.hasSameContent(ctx, state); err != nil {
				return nil, err
			}
			known[state.digest] = same
		}
		if !same {
			continue
		}
		state.kept = true
		if first == nil {
			blobs, err := blobsOf(state.content)
			if err != nil {
				return nil, err
			}
			first = &keptManifest{state.content, blobs}
			p.manifest, p.want, p.kept = state.desc, *state.revision(), true
		}
	}
	return first, nil
}

// hasSameContent reports whether the manifest of a tag is of the same kind and has the same
// layers, which are in the repository.
func (p *push) hasSameContent(ctx context.Context, state *tagState) (bool, error) {
	blobs, err := blobsOf(state.content)
	if err != nil || checkBlobs(blobs, maxKept) != nil {
		return false, nil // it is none of ours
	}
	packed := p.packed.Manifest
	have, want := blobs[1:], packed.Layers
	if len(have) != len(want) || blobs[0].MediaType != packed.Config.MediaType || state.revision().Manifest.ArtifactType != packed.ArtifactType {
		return false, nil
	}
	for i := range have {
		if have[i].MediaType != want[i].MediaType {
			return false, nil
		}
		if have[i].Digest == want[i].Digest && have[i].Size == want[i].Size {
			continue
		}
		content := want[i].Annotations[annotationContentDigest]
		if content == "" || have[i].Annotations[annotationContentDigest] != content {
			return false, nil
		}
		proved, err := p.unpacksTo(ctx, have[i], digest.Digest(content))
		if !proved || err != nil {
			return false, err
		}
	}
	lost := p.lost // of the packed manifest
	defer func() { p.lost = lost }()
	return p.confirm(ctx, blobs)
}

// maxKept bounds the layers that are fetched to compare their content, in bytes.
const maxKept = 1 << 30

// unpacksTo reports whether a layer has a digest after decompression. A layer that cannot
// be read, such as by the caller, or that is of another form, has not.
func (p *push) unpacksTo(ctx context.Context, layer ocispec.Descriptor, want digest.Digest) (bool, error) {
	if want.Validate() != nil || layer.MediaType != ocispec.MediaTypeImageLayerGzip {
		return false, nil
	}
	var sum *unpackedSum
	err := p.client.retry(ctx, nil, func(ctx context.Context) error {
		sum = &unpackedSum{verifier: want.Verifier()}
		return p.repo.fetch(ctx, layer, sum, newReporter(nil))
	})
	if is[*corruptError](err) || errors.Is(err, errOtherForm) || isRefusal(err) {
		return false, nil
	}
	return err == nil && sum.same, err
}

var errOtherForm = errors.New("the layer is not compressed with gzip")

// unpackedSum is a Pusher that compares a layer after decompression.
type unpackedSum struct {
	verifier digest.Verifier
	same     bool
}

// maxUnpacked is the largest size of a layer that is compared, in bytes after decompression.
const maxUnpacked = 1_000_000_000

func (s *unpackedSum) Push(_ context.Context, _ ocispec.Descriptor, content io.Reader) error {
	unpacked, err := gzip.NewReader(content)
	if err == nil {
		_, err = io.CopyN(s.verifier, unpacked, maxUnpacked+1)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %w", errOtherForm, err)
	}
	if _, err := io.Copy(io.Discard, content); err != nil { // verifies the digest of the layer
		return err
	}
	s.same = errors.Is(err, io.EOF) && s.verifier.Verified() // there is no more of it
	return nil
}
