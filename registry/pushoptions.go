package registry

import ocispec "github.com/opencontainers/image-spec/specs-go/v1"

// PushOptions configure a push. The zero value sets the tags wherever they point,
// and sends nothing if all of them point to the same manifest already, and the registry
// has its blobs.
type PushOptions struct {
	// ImmutableTags refuses to move a tag that exists and points to another
	// manifest, with Force as well: see [TagConflictError]. Two concurrent pushes can still both find
	// the tag free; registries have no way to prevent that. A registry that does
	// not report where a tag points is an error.
	ImmutableTags bool
	// Force sets all tags, also those that point to the manifest already, and asks
	// for every blob.
	Force bool
	// AssumeBlobs takes the blobs of a manifest that a tag points to already to be in
	// the repository. By default the registry is asked for each of them, which takes
	// one round trip, and those that it lost are uploaded again.
	AssumeBlobs bool
	// TagRules decide which tags may be moved, in their order: a tag is set only if none
	// refuses. A tag that points to the manifest already is not moved. The default is none:
	// each tag is moved. See [TagMove.Unknown] for a tag that the caller may not read.
	// With Force, they are not asked about a tag that points to the manifest already, and
	// with DigestOnly once, with an empty tag.
	//
	// Each tag takes one more request, which reads it again. Where the registry reports an
	// ETag, the tag is set under the condition that it has not changed since (RFC 9110,
	// section 13.1.1), and if it has, both are done again, five times in all. Few registries
	// evaluate that condition. Elsewhere another client can still set the tag between the
	// two requests, and so it can where the registry refuses the condition twice for a tag
	// that stays the same: it is then set without one.
	TagRules []TagRule `json:"-"`
	// Steps are done in their order when the manifest is in the repository under its digest
	// alone, and before any tag is set. There are none by default, which saves the request
	// for that. No step is done if no tag has to be set, except with Force, with DigestOnly,
	// and for an artifact that KeepSameContent keeps. [Options.Timeout] bounds them too.
	// Afterwards the manifest is read again, which takes the permission to pull.
	Steps []Step `json:"-"`
	// ReadBack fetches the manifest and all blobs after the steps, and compares them with
	// their digests before any tag is set.
	ReadBack bool
	// KeepSameContent leaves a tag where it is if the manifest that it points to has the
	// same content, although other annotations or another creation time: the same layers,
	// or a layer that has the same digest after it was fetched and decompressed: layers of up
	// to 1 GiB, and 1 GB decompressed, are. The other tags are then set to that manifest, and
	// [PushResult.Manifest] describes it. The steps are done for it each time, unless it is
	// the very manifest that was packed. Artifacts with other media types never count as the
	// same content. A later push with [NotOlder] or [NotLower] is compared with the manifest
	// that stayed, and not with that of a later commit with the same content.
	KeepSameContent bool
	// DigestOnly pushes without any tag. The registry may delete the manifest in time if no
	// other manifest refers to it.
	DigestOnly bool
	// OnEvent receives progress. See [Event].
	OnEvent func(Event) `json:"-"`
}

// Validate returns an error that matches [ErrInvalidOptions] for a step without a name or a
// function, and for a rule that is nil. Each push calls it.
func (o PushOptions) Validate() error {
	if err := checkSteps(o.Steps); err != nil {
		return err
	}
	return checkRules(o.TagRules)
}

// PushResult describes what a push did.
type PushResult struct {
	// Manifest describes the manifest that the tags point to: the one that was pushed,
	// unless SameContent is set.
	Manifest ocispec.Descriptor
	// Unchanged is set if all tags pointed to this manifest before, the registry
	// reported that it has the blobs, unless [PushOptions.AssumeBlobs] is set, and
	// nothing was sent.
	Unchanged bool
	// SameContent is set if a tag had the same content under another digest, and kept it:
	// see [PushOptions.KeepSameContent].
	SameContent bool
}
