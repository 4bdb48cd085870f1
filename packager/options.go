package packager

import (
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/manifests"
)

// ErrInvalidArtifactType reports an artifact type that is not a media type.
var ErrInvalidArtifactType = errors.New("invalid artifact type")

// mediaType is the form of RFC 6838 section 4.2. It takes milliseconds to compile,
// which only who needs it waits for.
var mediaType = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$`)
})

// Options are what a caller may change about packaging. The zero value is the
// default.
type Options struct {
	// Engine selects the layout. Empty means GitOpsEngineNone.
	Engine GitOpsEngine
	// Prefix is the folder under which GitOpsEngineArgoCD and GitOpsEngineNone
	// put the tree. Empty means the name of the Set; one of an fs.FS has none,
	// and needs a prefix for these two.
	Prefix string
	// Annotations are added to the manifest. User names, passwords and queries
	// in URLs are taken out. The key for the creation time is refused.
	Annotations map[string]string
	// Created is recorded as the creation time. Zero means the Unix epoch, so
	// that the same files give the same digest.
	Created time.Time
	// ArtifactType is the manifest's artifactType. Empty means none; no
	// consumer needs one, and some registries accept only those on a list.
	ArtifactType string
	// Level is how hard to compress, from MinLevel, the fastest, to MaxLevel.
	// Zero means DefaultLevel. The layer's digest depends on it, the content
	// digest does not.
	Level int
	// Cache lets packing the same tree again compress only what changed. Nil
	// means none.
	Cache *Cache
	// OnFile is given the content of files while they are packed: of all that are
	// not larger than 512 KiB, and perhaps of others. It is called by several
	// goroutines at a time, in no order, and again where the tree is in the archive
	// twice. The content is to be left as it is, and is not there any more when it
	// returns. That all is well is known only when Pack has returned.
	OnFile func(f manifests.File, content []byte)
}

// Validate reports whether [Pack] takes the options. The error matches
// [ErrUnknownEngine], [ErrInvalidPrefix], [ErrInvalidArtifactType],
// [ErrInvalidLevel] or [ErrInvalidAnnotation].
func (o Options) Validate() error {
	engine, err := ParseGitOpsEngine(string(o.Engine))
	if err != nil {
		return err
	}
	if o.Prefix != "" && engine != GitOpsEngineFlux {
		if err := checkPrefix(o.Prefix); err != nil {
			return err
		}
	}
	if o.ArtifactType != "" && !mediaType().MatchString(o.ArtifactType) {
		return fmt.Errorf("%w: %.80q is not a media type", ErrInvalidArtifactType, o.ArtifactType)
	}
	if o.Level != 0 && (o.Level < MinLevel || o.Level > MaxLevel) {
		return fmt.Errorf("%w: %d is not from %d to %d", ErrInvalidLevel, o.Level, MinLevel, MaxLevel)
	}
	if year := o.created().Year(); year < 0 || year > 9999 { // RFC 3339 section 5.6
		return &AnnotationError{ocispec.AnnotationCreated, fmt.Sprintf("the year %d cannot be written", year)}
	}
	return checkAnnotations(o.Annotations)
}

// created is the creation time as RFC 3339 without fractions holds it.
func (o Options) created() time.Time {
	if o.Created.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return o.Created.UTC().Truncate(time.Second)
}
