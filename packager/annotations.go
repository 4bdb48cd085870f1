package packager

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/redact"
)

// maxAnnotationBytes limits the total size of the keys and values of all annotations.
const maxAnnotationBytes = 64 << 10

// ErrInvalidAnnotation reports an annotation that cannot be written.
var ErrInvalidAnnotation = errors.New("invalid annotation")

// AnnotationError names an annotation that cannot be written, but not its value.
// It matches [ErrInvalidAnnotation].
type AnnotationError struct {
	Key    string
	Reason string
	hint   string
}

func (e *AnnotationError) Error() string {
	return fmt.Sprintf("%v %.100q: %s", ErrInvalidAnnotation, e.Key, e.Reason)
}

// Hint returns advice on the error, or "".
func (e *AnnotationError) Hint() string { return e.hint }

// Is reports whether target is [ErrInvalidAnnotation].
func (e *AnnotationError) Is(target error) bool { return target == ErrInvalidAnnotation }

// maxRevisionBytes bounds Options.Revision: a branch name of Git has at most
// 255 bytes, and a digest follows it.
const maxRevisionBytes = 512

// manifestAnnotations returns the annotations of the manifest: those of the caller, byte by
// byte, except for the address of the source, which loses its secrets.
func (o Options) manifestAnnotations() (map[string]string, error) {
	given := maps.Clone(o.Annotations)
	if given == nil {
		given = map[string]string{}
	}
	for _, option := range []struct{ name, key, value string }{
		{"SourceURL", ocispec.AnnotationSource, strings.TrimSpace(o.SourceURL)},
		{"Revision", ocispec.AnnotationRevision, strings.TrimSpace(o.Revision)},
	} {
		if option.value == "" {
			continue
		}
		if _, duplicate := given[option.key]; duplicate {
			return nil, &AnnotationError{option.key, option.name + " sets it", "set Pack." + option.name + ", or the annotation"}
		}
		given[option.key] = option.value
	}
	if source, found := given[ocispec.AnnotationSource]; found {
		given[ocispec.AnnotationSource] = redact.Source(source)
	}
	if err := checkAnnotations(given); err != nil {
		return nil, err
	}
	if revision := strings.TrimSpace(o.Revision); !isRevision(revision) {
		return nil, &AnnotationError{
			Key:    ocispec.AnnotationRevision,
			Reason: fmt.Sprintf("the revision is longer than %d bytes or contains blanks", maxRevisionBytes),
			hint:   "set Pack.Revision as Flux writes it: branch@sha1:<hex>",
		}
	}
	created := o.created()
	if year := created.Year(); year < 0 || year > 9999 { // RFC 3339 section 5.6
		return nil, &AnnotationError{Key: ocispec.AnnotationCreated, Reason: fmt.Sprintf("the year %d cannot be written", year)}
	}
	given[ocispec.AnnotationCreated] = created.Format(time.RFC3339)
	return given, nil
}

// isRevision reports whether s is a revision or empty. Its control characters, if
// any, are blanks.
func isRevision(s string) bool {
	return len(s) <= maxRevisionBytes && !strings.ContainsFunc(s, unicode.IsSpace)
}

func checkAnnotations(annotations map[string]string) error {
	total := 0
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		if total += len(key) + len(annotations[key]); total > maxAnnotationBytes {
			return &AnnotationError{Key: key, Reason: fmt.Sprintf("the annotations exceed %d bytes in total", maxAnnotationBytes)}
		}
		if reason, hint := annotationFault(key, annotations[key]); reason != "" {
			return &AnnotationError{key, reason, hint}
		}
	}
	return nil
}

func annotationFault(key, value string) (reason, hint string) {
	switch {
	case key == "":
		return "the key is empty", ""
	case key == ocispec.AnnotationCreated:
		return "Created sets it", "set Pack.Created instead"
	case !utf8.ValidString(key) || strings.ContainsFunc(key, unicode.IsControl):
		return "the key contains control characters or is not UTF-8", ""
	case !utf8.ValidString(value):
		return "the value is not UTF-8", ""
	case redact.HoldsCredential(value):
		return "the value holds a URL with a password or a token", "write the URL without user information, and without the secrets of its query"
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }):
		return "the value contains control characters", ""
	}
	return "", ""
}
