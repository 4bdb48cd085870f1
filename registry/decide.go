package registry

import (
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// tagState describes the manifest that a tag points to. It is zero for a tag that does not exist, and
// for one that was not looked up.
type tagState struct {
	exists bool
	digest digest.Digest // empty if the registry did not report it
	// verified is set if the tag points to an image manifest whose content was read
	// and has the digest.
	verified bool

	desc    ocispec.Descriptor
	content []byte // of an image manifest
	etag    string
	unknown error // the refusal to look the tag up
	kept    bool  // although it has another digest, because it has the same content
}

// pointsTo reports whether the tag is known to point to a manifest.
func (t tagState) pointsTo(manifest digest.Digest) bool { return t.verified && t.digest == manifest }

// step is what a push has to do.
type step int

const (
	// stepPush uploads the blobs that the registry lacks, then sets the tags.
	stepPush step = iota
	// stepTag only sets tags: one of them points to the manifest, so that the
	// registry should have its blobs.
	stepTag
	// stepNothing leaves everything as it is: all tags point to the manifest.
	stepNothing
	// stepConflict fails: an immutable tag points to another manifest.
	stepConflict
)

// decide compares the digest of a manifest with what its tags point to. For
// stepConflict it returns the index of the first such tag too.
//
// A tag is evidence for the blobs of this very manifest only: another manifest that
// refers to the same blobs proves nothing about them.
func decide(manifest digest.Digest, tags []tagState, immutable, force bool) (s step, conflict int) {
	same := 0
	for i, tag := range tags {
		if immutable && tag.exists && tag.digest != manifest && !tag.kept {
			return stepConflict, i
		}
		if tag.kept || tag.pointsTo(manifest) {
			same++
		}
	}
	switch {
	case force || same == 0:
		return stepPush, 0
	case same < len(tags):
		return stepTag, 0
	}
	return stepNothing, 0
}
