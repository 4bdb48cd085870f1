package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// lookUpDigest looks the manifest up by its digest if there are no tags, so that nothing
// is sent if it is there.
func (p *push) lookUpDigest(ctx context.Context) error {
	if !p.opts.DigestOnly {
		return nil
	}
	state, err := p.lookUp(ctx, p.manifest.Digest.String())
	if err != nil && !isRefusal(err) {
		return err
	}
	p.states = []tagState{state}
	return nil
}

// moves reports whether a tag has to be set.
func (p *push) moves(state tagState) bool {
	return p.opts.Force || !state.kept && !state.pointsTo(p.manifest.Digest)
}

// allowAll asks the rules for all tags, or for the digest, before anything is sent.
func (p *push) allowAll(ctx context.Context) error {
	if p.opts.DigestOnly && p.moves(p.states[0]) {
		return p.allow(ctx, "", tagState{})
	}
	for i, tag := range p.tags {
		if !p.moves(p.states[i]) {
			continue
		}
		p.tag = tag
		if err := p.allow(ctx, tag, p.states[i]); err != nil {
			return err
		}
	}
	p.tag = ""
	return nil
}

// publish puts the manifest under its digest, does the steps, and reads everything back.
// Without steps the first tag does the former.
func (p *push) publish(ctx context.Context, blobs []ocispec.Descriptor, data []byte) error {
	steps := len(p.opts.Steps) > 0
	moves := slices.ContainsFunc(p.states, p.moves)
	// The tag tells whether the steps were done for an artifact, and a digest does not.
	again := p.kept || p.opts.DigestOnly && steps
	if !moves && !again || !steps && !p.opts.ReadBack && !p.opts.DigestOnly {
		return nil
	}
	if !p.kept && moves {
		if err := p.place(ctx, blobs, data, p.manifest.Digest.String(), nil); err != nil {
			return err
		}
		p.sent.Store(true)
		p.events.Send(ctx, Event{Descriptor: p.manifest, Bytes: p.manifest.Size})
	}
	if err := p.runSteps(ctx); err != nil {
		return err
	}
	if !p.opts.ReadBack && !steps {
		return nil
	}
	return p.readBack(ctx, blobs)
}

// readBack checks that the registry still has the manifest and, by option, that it serves
// the bytes of all content.
func (p *push) readBack(ctx context.Context, blobs []ocispec.Descriptor) error {
	err := p.client.retry(ctx, p.events.retries(ctx, p.manifest, ""), func(ctx context.Context) error {
		_, data, err := p.repo.manifest(ctx, p.manifest.Digest.String())
		if err == nil && data == nil {
			err = &corruptError{blob: p.manifest}
		}
		return err
	})
	if hasStatus(err, http.StatusNotFound) {
		err = &corruptError{blob: p.manifest, missing: true}
	}
	for _, blob := range blobs {
		if err != nil || !p.opts.ReadBack {
			break
		}
		err = p.client.retry(ctx, p.events.retries(ctx, blob, ""), func(ctx context.Context) error {
			return p.repo.fetch(ctx, blob, discard{}, newReporter(nil))
		})
	}
	return err
}

// discard is a Pusher that keeps nothing.
type discard struct{}

func (discard) Push(_ context.Context, _ ocispec.Descriptor, content io.Reader) error {
	_, err := io.Copy(io.Discard, content)
	return err
}

// TagsError reports a push of several tags that set some of them, or failed to set the
// first. A push that was refused before it sent anything has none.
type TagsError struct {
	// Set are the tags that were set or did not have to be, in their order, and NotSet the
	// others. The first of those is the one that failed, and may be set if the registry did
	// not respond.
	Set, NotSet []string
	Err         error
}

func (e *TagsError) Error() string {
	set := "none"
	if len(e.Set) > 0 {
		set = strings.Join(e.Set, ", ")
	}
	return fmt.Sprintf("%v (tags that were set: %s; not set: %s)", e.Err, set, strings.Join(e.NotSet, ", "))
}

func (e *TagsError) Unwrap() error { return e.Err }

// setTags sets the tags in their order.
func (p *push) setTags(ctx context.Context, blobs []ocispec.Descriptor, data []byte) error {
	for i, tag := range p.tags {
		p.tag = tag
		moved, err := p.move(ctx, blobs, data, i)
		if err != nil && len(p.tags) > 1 {
			return p.tagsError(i, err)
		}
		if err != nil {
			return err
		}
		if moved {
			p.sent.Store(true)
		}
		p.reportTag(ctx, tag, !moved)
	}
	return nil
}

// tagsError describes a failure to set the tag i.
func (p *push) tagsError(i int, err error) error {
	failed := &TagsError{Set: slices.Clone(p.tags[:i]), NotSet: []string{p.tags[i]}, Err: err}
	for later := i + 1; later < len(p.tags); later++ {
		to := &failed.Set
		if p.moves(p.states[later]) {
			to = &failed.NotSet
		}
		*to = append(*to, p.tags[later])
	}
	return failed
}

const (
	// maxMoves is how often a tag is read and set again if others set it meanwhile.
	maxMoves = 5
	// maxRefused is how often a condition is refused for a tag that stays the same until it
	// is dropped, because the registry cannot evaluate it. Once is not enough: others may have
	// set the tag, and then set it back.
	maxRefused = 2
)

// move sets a tag, if it has to be set and the rules allow it.
func (p *push) move(ctx context.Context, blobs []ocispec.Descriptor, data []byte, i int) (moved bool, err error) {
	tag := p.tags[i]
	if !p.moves(p.states[i]) {
		return false, nil
	}
	if len(p.opts.TagRules) == 0 {
		return true, p.place(ctx, blobs, data, tag, nil)
	}
	var refused error // a condition that did not hold
	times := 0        // that one did not, since the tag changed last
	for range maxMoves {
		before := p.states[i]
		if p.states[i], err = p.lookUp(ctx, tag); isRefusal(err) {
			p.states[i], err = tagState{unknown: err}, nil
		}
		if err != nil {
			return false, err
		}
		if !p.opts.Force && p.states[i].pointsTo(p.manifest.Digest) { // set by somebody else, or by a request that seemed to fail
			return true, nil
		}
		if err := p.allow(ctx, tag, p.states[i]); err != nil {
			return false, err
		}
		if before.digest != p.states[i].digest {
			times = 0
		}
		unless := p.states[i].conditions()
		if times >= maxRefused {
			unless = nil
		}
		p.looked = true
		if refused = p.place(ctx, blobs, data, tag, unless); !hasStatus(refused, http.StatusPreconditionFailed) {
			return refused == nil, refused
		}
		times++
	}
	return false, refused
}

// lookAgain asks the rules again before an attempt to set a tag that is not the first since
// it was looked up: others may have set it meanwhile. It returns the conditions of the
// attempt, if there were any before.
func (p *push) lookAgain(ctx context.Context, tag string, unless http.Header) (http.Header, error) {
	looked := p.looked
	p.looked = false
	i := slices.Index(p.tags, tag)
	if looked || i < 0 || len(p.opts.TagRules) == 0 {
		return unless, nil
	}
	state, err := p.look(ctx, tag)
	if isRefusal(err) {
		state, err = tagState{unknown: err}, nil
	}
	if err != nil {
		return nil, err
	}
	if p.states[i] = state; unless != nil {
		unless = state.conditions()
	}
	return unless, p.allow(ctx, tag, state)
}

// conditions are those under which a tag is set that was read before.
func (t tagState) conditions() http.Header {
	switch {
	case t.unknown != nil:
	case !t.exists:
		return http.Header{"If-None-Match": {"*"}}
	case t.etag != "":
		return http.Header{"If-Match": {t.etag}}
	}
	return nil
}
