package packager

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/redact"
)

// MaxAnnotationBytes bounds the keys and values of all annotations together: a
// manifest has to stay below 4 MiB, and consumers copy the annotations into
// Kubernetes objects.
const MaxAnnotationBytes = 64 << 10

// ErrInvalidAnnotation reports an annotation that cannot be written.
var ErrInvalidAnnotation = errors.New("invalid annotation")

// AnnotationError says which annotation cannot be written, and never its value.
// It matches [ErrInvalidAnnotation].
type AnnotationError struct {
	Key    string
	Reason string
}

func (e *AnnotationError) Error() string {
	return fmt.Sprintf("%v %.100q: %s", ErrInvalidAnnotation, e.Key, e.Reason)
}

// Is reports whether target is [ErrInvalidAnnotation].
func (e *AnnotationError) Is(target error) bool { return target == ErrInvalidAnnotation }

func checkAnnotations(annotations map[string]string) error {
	total := 0
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		if reason := annotationFault(key, annotations[key]); reason != "" {
			return &AnnotationError{key, reason}
		}
		if total += len(key) + len(annotations[key]); total > MaxAnnotationBytes {
			return &AnnotationError{key, fmt.Sprintf("all together exceed %d bytes", MaxAnnotationBytes)}
		}
	}
	return nil
}

// manifestAnnotations are those of the caller, without the secrets in URLs, and
// the creation time.
func (o Options) manifestAnnotations() map[string]string {
	annotations := make(map[string]string, len(o.Annotations)+1)
	for key, value := range o.Annotations {
		annotations[key] = redact.URLs(value)
	}
	annotations[ocispec.AnnotationCreated] = o.created().Format(time.RFC3339)
	return annotations
}

func annotationFault(key, value string) string {
	switch {
	case key == "":
		return "the key is empty"
	case key == ocispec.AnnotationCreated:
		return "the creation time is an option of its own"
	case !utf8.ValidString(key) || strings.ContainsFunc(key, unicode.IsControl):
		return "the key holds control characters or is not UTF-8"
	case !utf8.ValidString(value):
		return "the value is not UTF-8"
	case strings.Contains(value, "//") && hiddenUserinfo().MatchString(redact.URLs(value)):
		return "the value holds what may be a password and cannot be told from the rest"
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }):
		return "the value holds control characters"
	}
	return ""
}

// hiddenUserinfo finds a password that holds what ends the authority of a URL.
// What stands before it looks like a port that is no number. Like all
// expressions, it is compiled when it is needed first.
var hiddenUserinfo = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`//[^/\s@:]*:[^/\s@]*[^/\s@0-9].*@`) })
