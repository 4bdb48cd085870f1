package registry

import (
	"context"
	"io"
	"math"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/internal/guard"
	"github.com/kubeoci/oci/internal/ordered"
)

// Packing is an artifact that is packed while its push begins: see
// [Client.LookupWhilePacking]. Functions that are nil give nothing.
type Packing struct {
	// Layer waits until the layer is being written, and returns a reader that follows it
	// to its end. A nil reader, or an error, means that there is no such layer. Close has
	// to end a Read that waits.
	Layer func(ctx context.Context) (io.ReadCloser, error)
	// Blobs waits until the artifact is packed and may be pushed, and returns its blobs,
	// the config first. After an error of Blobs the uploads are cancelled.
	Blobs func(ctx context.Context) ([]ocispec.Descriptor, error)
}

// LookupWhilePacking is [Client.Lookup] for an artifact that is being packed, which saves
// time if the network is slow. The caller packs concurrently, and passes the artifact to
// [Destination.Push].
//
// If the artifact is ready before the tags are looked up, and the registry is known to
// take a blob in a single request, it is asked for the blobs at the same time.
//
// If none of the tags exists, a layer of more than 256 KiB is sent to an upload while it
// is written, which a registry that has it under another tag gets for nothing. With
// [PushOptions.TagRules], which are asked before anything is sent, and with
// [PushOptions.DigestOnly], nothing is sent before Push. Only Push
// completes that upload: until then the repository does not have the layer. If Layer or
// Blobs fails, or ctx ends, the upload is cancelled. A registry that refuses such an upload,
// or breaks it, costs no error: Push sends the layer again, and the Client does not try
// again. The time for which the registry was silent counts for the uploads of Push, as that
// of their own attempts. No event describes bytes that are sent early.
//
// Errors are those of Lookup. The time for which it waits for the artifact does not count
// for [Options.Timeout].
func (c *Client) LookupWhilePacking(ctx context.Context, repository string, tags []string, opts PushOptions, packing Packing) (*Destination, error) {
	d, err := c.newDestination(repository, tags, opts)
	if err != nil {
		return nil, err
	}
	d.ahead = &ahead{blobs: map[digest.Digest]blobState{}, patience: maxSilence}
	if err := calls.NotNil(ctx); err != nil {
		return nil, err
	}
	ready, stop := packing.await(ctx)
	defer stop()
	err = d.within(ctx, func(ctx context.Context) error { return d.askAhead(ctx, ready) })
	if err == nil && d.maySendEarly(packing) && !ready.isDone() {
		d.sendEarly(ctx, packing, ready)
		if err = d.within(ctx, context.Context.Err); err != nil {
			d.ahead.uploads.cancel(context.WithValue(ctx, callKey{}, d.call), d.repo)
		}
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// packedBlobs are the blobs of an artifact, or an error, when done is closed.
type packedBlobs struct {
	done  chan struct{}
	blobs []ocispec.Descriptor
	err   error
}

func (p *packedBlobs) isDone() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// await waits for the blobs until stop is called.
func (p Packing) await(ctx context.Context) (ready *packedBlobs, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ready = &packedBlobs{done: make(chan struct{})}
	if p.Blobs == nil {
		return ready, cancel
	}
	go func() {
		defer close(ready.done)
		_ = calls.Catch(func() (err error) {
			ready.blobs, err = calls.Await(ctx, p.Blobs)
			return err
		}, func(err error) { ready.err = err })
	}()
	return ready, func() {
		cancel()
		<-ready.done
		calls.Rethrow(ready.err)
	}
}

// ahead is what a push has learned, and sent, before the artifact was packed.
type ahead struct {
	blobs    map[digest.Digest]blobState
	uploads  earlyUploads
	patience time.Duration // that the early uploads have left to those of Push
}

// state returns what the registry reported about a blob. A nil *ahead knows none.
func (a *ahead) state(blob ocispec.Descriptor) blobState {
	if a == nil {
		return blobUnknown
	}
	return a.blobs[blob.Digest]
}

// askAhead looks the tags up. If the blobs are known before that is done, it asks for them
// as well.
func (d *Destination) askAhead(ctx context.Context, ready *packedBlobs) error {
	if !d.client.singlePost.isPresent() || d.opts.AssumeBlobs {
		return d.ask(ctx)
	}
	looked := make(chan struct{})
	return ordered.Each(ctx, 2, make([]struct{}, 2), func(ctx context.Context, _ struct{}, i int) error {
		if i == 0 {
			defer close(looked)
			return d.ask(ctx)
		}
		select {
		case <-ready.done:
		case <-looked:
			return nil
		}
		if ready.err != nil || checkBlobs(ready.blobs, math.MaxInt64) != nil {
			return nil // the caller knows, or Push has the same error
		}
		return d.find(ctx, ready.blobs)
	}, func(struct{}, int) error { return nil })
}

// find asks for the blobs, all of them in one round trip.
func (d *Destination) find(ctx context.Context, blobs []ocispec.Descriptor) error {
	ctx, _ = guard.WithPatience(ctx, maxDoubt)
	found := make([]*blobState, min(len(blobs), maxParallel))
	for i := range found {
		found[i] = new(blobState)
	}
	return ordered.Each(ctx, len(blobs), found, func(ctx context.Context, state *blobState, i int) (err error) {
		*state, err = d.repo.findBlob(ctx, blobs[i])
		return err
	}, func(state *blobState, i int) error {
		d.ahead.blobs[blobs[i].Digest] = *state
		return nil
	})
}
