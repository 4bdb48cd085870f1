package packager

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/kubeoci/oci/internal/advice"
	"github.com/kubeoci/oci/internal/redact"
)

var (
	// ErrInvalidArtifactType reports an artifact type that is not a media type.
	ErrInvalidArtifactType = errors.New("invalid artifact type")
	// ErrInvalidLevel reports a level of compression that does not exist.
	ErrInvalidLevel = errors.New("invalid compression level")
)

// mediaType matches the form of RFC 6838 section 4.2. It is compiled on first use,
// because compiling takes milliseconds.
var mediaType = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$`)
})

// Options configure packaging. The zero value is the default.
type Options struct {
	// Prefix is the directory of the archive that holds the tree: a name that package
	// manifests would collect. LayoutRoot ignores it. Empty means the name of the Set. A Set
	// from an fs.FS has no name, and needs a prefix for the other layouts.
	Prefix string
	// Annotations are added to the manifest as they are. A value that holds a URL with
	// a password, with user information for HTTP, or with a secret in its query is
	// refused, except for org.opencontainers.image.source, for which see SourceURL. The
	// key of the creation time is refused, as are those of SourceURL and Revision if
	// these are set. All keys and values together may have 64 KiB: a manifest must stay
	// below 4 MiB, and consumers copy the annotations into Kubernetes objects.
	Annotations map[string]string
	// SourceURL is recorded as org.opencontainers.image.source. If it has a password, or
	// user information for HTTP, it is recorded without, and always without a query.
	// Empty means none; blanks around it are ignored, and so are those around Revision.
	SourceURL string
	// Revision is recorded as org.opencontainers.image.revision. Flux expects
	// branch@sha1:<hex>, tag@sha1:<hex> or sha1:<hex>. It has at most 512 bytes, and no blanks
	// inside. Empty means none.
	Revision string
	// Created is recorded as the creation time, in whole seconds. Zero means the Unix epoch, so
	// that the same files give the same digest. A year that RFC 3339 cannot write is
	// ErrInvalidAnnotation.
	Created time.Time
	// ArtifactType is the manifest's artifactType. Empty means none; no
	// consumer needs one, and some registries accept only those on a list.
	ArtifactType string
	// Level is the level of compression, from 1, the fastest, to 9. Zero means 5. The
	// layer's digest depends on it, the content digest does not.
	Level int
}

// settings are checked Options with the defaults filled in.
type settings struct {
	layout       Layout
	prefix       string // "" for LayoutRoot, or for the name of the Set
	annotations  map[string]string
	created      time.Time
	artifactType string
	level        int
}

// Format prints the options without passwords in URLs.
func (o Options) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// MarshalJSON omits passwords in URLs.
func (o Options) MarshalJSON() ([]byte, error) {
	type plain Options
	return redact.JSON(plain(o), redact.URLs)
}

// Validate reports whether [NewPlan] accepts the options for a layout. The error
// matches [ErrUnknownLayout], [ErrInvalidPrefix], [ErrInvalidArtifactType],
// [ErrInvalidLevel] or [ErrInvalidAnnotation].
func (o Options) Validate(layout Layout) error {
	_, err := o.resolve(layout)
	return err
}

func (o Options) resolve(layout Layout) (settings, error) {
	layout, err := ParseLayout(string(layout))
	if err != nil {
		return settings{}, err
	}
	s := settings{
		layout:       cmp.Or(layout, LayoutRoot),
		prefix:       o.Prefix,
		created:      o.created(),
		artifactType: o.ArtifactType,
		level:        cmp.Or(o.Level, defaultLevel),
	}
	if s.layout == LayoutRoot {
		s.prefix = ""
	}
	if s.prefix != "" {
		if err := checkPrefix(s.prefix); err != nil {
			return settings{}, err
		}
	}
	if s.artifactType != "" && !mediaType().MatchString(s.artifactType) {
		return settings{}, &advice.Error{
			Err:  fmt.Errorf("%w: %.80q is not a media type", ErrInvalidArtifactType, s.artifactType),
			Text: "set Pack.ArtifactType to a media type such as application/vnd.example.app, or leave it empty",
		}
	}
	if s.level < minLevel || s.level > maxLevel {
		return settings{}, &advice.Error{
			Err:  fmt.Errorf("%w: %d is not from %d to %d", ErrInvalidLevel, s.level, minLevel, maxLevel),
			Text: fmt.Sprintf("set Pack.Level to a number from %d to %d, or to 0 for the default", minLevel, maxLevel),
		}
	}
	s.annotations, err = o.manifestAnnotations()
	return s, err
}

// created returns the creation time as RFC 3339 without fractions holds it.
func (o Options) created() time.Time {
	if o.Created.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return o.Created.UTC().Truncate(time.Second)
}
