package unpacker

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/manifests"
)

// What can be wrong with what is to be unpacked, and where to.
var (
	// ErrNotArtifact reports something other than an image manifest with one
	// layer of content. The error in the chain is an [*ArtifactError].
	ErrNotArtifact = errors.New("not an artifact of one layer of files")
	// ErrUnsupportedLayer reports a layer of another media type or another
	// compression. The error in the chain is an [*ArtifactError] or a
	// [*BlobError].
	ErrUnsupportedLayer = errors.New("unsupported layer")
	// ErrCorruptArtifact reports content that is not what its descriptor says, or not
	// what its media type says. The error in the chain is a [*BlobError].
	ErrCorruptArtifact = errors.New("content is corrupt")
	// ErrUnsafeEntry reports an entry that is neither file nor folder, or whose
	// name does not mean the same everywhere. The error in the chain is an
	// [*EntryError].
	ErrUnsafeEntry = errors.New("unsafe entry in the archive")
	// ErrLinkEntry reports a symbolic or hard link. The error in the chain is an
	// [*EntryError].
	ErrLinkEntry = errors.New("link in the archive")
	// ErrCollision reports an entry whose name another entry has. The error in the
	// chain is an [*EntryError].
	ErrCollision = manifests.ErrCollision
	// ErrTargetNotEmpty reports a folder to unpack into that holds something.
	// The error in the chain is a [*TargetError].
	ErrTargetNotEmpty = errors.New("target is not empty")
	// ErrTargetNotDirectory reports a folder to unpack into that is a file, a
	// symbolic link or something else. The error in the chain is a
	// [*TargetError].
	ErrTargetNotDirectory = errors.New("target is not a directory")
	// ErrLimitExceeded reports an artifact beyond one of the limits in
	// [Options]. The error in the chain is a [*LimitError], within an
	// [*EntryError] or a [*BlobError].
	ErrLimitExceeded = manifests.ErrLimitExceeded
	// ErrInvalidLimit reports a negative limit in [Options].
	ErrInvalidLimit = manifests.ErrInvalidLimit
)

// LimitError says which limit is exceeded. Limit is the name of the field in
// [Options]. It matches [ErrLimitExceeded].
type LimitError = manifests.LimitError

// ArtifactError says what is there in place of an artifact. It matches
// [ErrNotArtifact] or [ErrUnsupportedLayer].
type ArtifactError struct {
	// MediaType and ArtifactType are those of the manifest, if it has them.
	MediaType, ArtifactType string
	// Contents are the media types of its layers, or of its manifests.
	Contents []string
	// Reason says why it is refused.
	Reason string
	// Err is ErrNotArtifact or ErrUnsupportedLayer.
	Err error
}

// maxListed is how many media types an error lists.
const maxListed = 10

func (e *ArtifactError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%v: %s", e.Err, e.Reason)
	if e.MediaType != "" {
		fmt.Fprintf(&text, "; it is %.100q", e.MediaType)
	}
	if e.ArtifactType != "" {
		fmt.Fprintf(&text, " of the type %.100q", e.ArtifactType)
	}
	for i, mediaType := range e.Contents {
		switch {
		case i == maxListed:
			fmt.Fprintf(&text, " and %d more", len(e.Contents)-i)
			return text.String()
		case i == 0:
			text.WriteString("; it holds ")
		default:
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "%.100q", mediaType)
	}
	return text.String()
}

func (e *ArtifactError) Unwrap() error { return e.Err }

// Hint says what to do about the error.
func (e *ArtifactError) Hint() string { return hintFor(e.Err) }

// BlobError says what is wrong with the manifest or the layer as a whole.
type BlobError struct {
	// Blob is the descriptor as it was given, or as it is in the manifest.
	Blob ocispec.Descriptor
	// Reason says more, if it is not empty.
	Reason string
	// Err is ErrCorruptArtifact, ErrUnsupportedLayer or a LimitError.
	Err error
}

func (e *BlobError) Error() string {
	text := fmt.Sprintf("%v: %.100q %.140s", e.Err, e.Blob.MediaType, quoteUnlessPlain(string(e.Blob.Digest)))
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

func (e *BlobError) Unwrap() error { return e.Err }

// Hint says what to do about the error.
func (e *BlobError) Hint() string { return hintFor(e.Err) }

// quoteUnlessPlain quotes what cannot be a digest.
func quoteUnlessPlain(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789:") == "" && s != "" {
		return s
	}
	return fmt.Sprintf("%.100q", s)
}

// EntryError says what is wrong with which entry of an archive.
type EntryError struct {
	// Entry is its name, as it is in the archive.
	Entry string
	// Reason says more, if it is not empty.
	Reason string
	// Err is ErrUnsafeEntry, ErrLinkEntry, ErrCollision or a LimitError.
	Err error
}

func (e *EntryError) Error() string {
	text := fmt.Sprintf("%v: %.100q", e.Err, e.Entry)
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

func (e *EntryError) Unwrap() error { return e.Err }

// Hint says what to do about the error.
func (e *EntryError) Hint() string { return hintFor(e.Err) }

// TargetError says what is wrong with the place to unpack to.
type TargetError struct {
	// Path is the folder that was given, or a file in it.
	Path string
	// Err is ErrTargetNotEmpty, ErrTargetNotDirectory, or the file system's own
	// error.
	Err error
}

func (e *TargetError) Error() string { return fmt.Sprintf("%v: %q", e.Err, e.Path) }

func (e *TargetError) Unwrap() error { return e.Err }

// Hint says what to do about the error, or "".
func (e *TargetError) Hint() string { return hintFor(e.Err) }

func hintFor(err error) string {
	if limit, ok := errors.AsType[*LimitError](err); ok {
		return "raise " + limit.Limit + " if the artifact is to be trusted"
	}
	for _, h := range hints {
		if errors.Is(err, h.err) {
			return h.text
		}
	}
	return ""
}

var hints = []struct {
	err  error
	text string
}{
	{ErrNotArtifact, "name the image manifest of an artifact that holds manifests"},
	{ErrUnsupportedLayer, "push the files as one gzip-compressed tar archive"},
	{ErrCorruptArtifact, "fetch it again; if it is the same then, push the artifact again"},
	{ErrLinkEntry, "skip links if what they lead to is not needed, or push files in their place"},
	{ErrUnsafeEntry, "do not trust the artifact unless you know who made it"},
	{ErrCollision, "rename one of the two, and push the artifact again"},
	{ErrTargetNotEmpty, "name a folder that is empty or does not exist"},
	{ErrTargetNotDirectory, "name a folder that is empty or does not exist"},
	{fs.ErrNotExist, "create the folder that is to hold the target"},
	{fs.ErrPermission, "name a folder within one that you may write to"},
}

// withCleanup tells as well that something was left behind.
func withCleanup(err, cleanup error) error {
	if cleanup == nil {
		return err
	}
	return errors.Join(err, cleanup)
}
