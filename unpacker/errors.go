package unpacker

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/manifests"
)

// Errors of [Unpack] and [UnpackFS]. Two entries that need the same name are
// [manifests.ErrCollision], an artifact beyond one of the limits in [Options] is
// [manifests.ErrLimitExceeded], and a negative limit [manifests.ErrInvalidLimit]. A
// collision is in an [*EntryError]; a [manifests.LimitError], which has the name of
// the field of Options, is in an EntryError or a [*BlobError].
var (
	// ErrNotArtifact reports content other than an image manifest with one layer
	// of files. The error in the chain is an [*ArtifactError].
	ErrNotArtifact = errors.New("not an artifact with one layer of files")
	// ErrUnsupportedLayer reports a layer of another media type or another
	// compression, or one that is no tar archive. The error in the chain is an
	// [*ArtifactError] or a [*BlobError].
	ErrUnsupportedLayer = errors.New("unsupported layer")
	// ErrCorruptArtifact reports content that does not match its descriptor or its
	// media type. The error in the chain is a [*BlobError].
	ErrCorruptArtifact = errors.New("content is corrupt")
	// ErrUnsafeEntry reports an entry that is neither a file nor a directory, or
	// whose name leads out of the archive or has another meaning elsewhere, and a global
	// header with more than a comment. The error in the chain is an [*EntryError].
	ErrUnsafeEntry = errors.New("unsafe entry in the archive")
	// ErrLinkEntry reports a symbolic or hard link. The error in the chain is an
	// [*EntryError].
	ErrLinkEntry = errors.New("link in the archive")
	// ErrVersionControlEntry reports an entry in the data of a version-control system,
	// such as .git. The error in the chain is an [*EntryError].
	ErrVersionControlEntry = errors.New("data of a version-control system in the archive")
	// ErrTargetNotEmpty reports a target directory that is not empty. The error in
	// the chain is a [*TargetError].
	ErrTargetNotEmpty = errors.New("target is not empty")
	// ErrTargetNotDirectory reports a target that is a file, a symbolic link or
	// another kind of entry. The error in the chain is a [*TargetError].
	ErrTargetNotDirectory = errors.New("target is not a directory")
)

// ArtifactError describes content that is not an artifact of this library's kind.
// It matches [ErrNotArtifact] or [ErrUnsupportedLayer].
type ArtifactError struct {
	// MediaType and ArtifactType are those of the manifest, if it has them.
	MediaType, ArtifactType string
	// Contents are the media types of its layers, or of its manifests.
	Contents []string
	// Reason is why it is refused.
	Reason string
	// Err is ErrNotArtifact or ErrUnsupportedLayer.
	Err error
}

// maxListed is the maximum number of media types that an error lists.
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
			text.WriteString("; it contains ")
		default:
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "%.100q", mediaType)
	}
	return text.String()
}

func (e *ArtifactError) Unwrap() error { return e.Err }

// Hint returns advice on the error.
func (e *ArtifactError) Hint() string { return hintFor(e.Err) }

// BlobError reports a manifest or a layer that is refused as a whole.
type BlobError struct {
	// Blob is the descriptor given by the caller or by the manifest.
	Blob ocispec.Descriptor
	// Reason gives details, or is empty.
	Reason string
	// Err is ErrCorruptArtifact, ErrUnsupportedLayer or a manifests.LimitError.
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

// Hint returns advice on the error.
func (e *BlobError) Hint() string { return hintFor(e.Err) }

// quoteUnlessPlain quotes s unless it can be a digest.
func quoteUnlessPlain(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789:") == "" && s != "" {
		return s
	}
	return fmt.Sprintf("%.100q", s)
}

// EntryError reports an entry of an archive that is refused.
type EntryError struct {
	// Entry is the name of the entry, as the archive has it or without elements that mean
	// nothing.
	Entry string
	// Reason gives details, or is empty.
	Reason string
	// Err matches ErrUnsafeEntry, ErrLinkEntry, ErrVersionControlEntry or
	// manifests.ErrCollision, or is a manifests.LimitError.
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

// Hint returns advice on the error.
func (e *EntryError) Hint() string { return hintFor(e.Err) }

// TargetError reports a target directory that cannot be used.
type TargetError struct {
	// Path is the directory given by the caller, or a file in it.
	Path string
	// Err is ErrTargetNotEmpty, ErrTargetNotDirectory, the error of the file system, or the
	// reason why a directory cannot be replaced, such as the working directory.
	Err error
}

func (e *TargetError) Error() string { return fmt.Sprintf("%v: %q", e.Err, e.Path) }

func (e *TargetError) Unwrap() error { return e.Err }

// Hint returns advice on the error, or "".
func (e *TargetError) Hint() string { return hintFor(e.Err) }

func hintFor(err error) string {
	if limit, ok := errors.AsType[*manifests.LimitError](err); ok {
		return "set a higher " + limit.Limit + " if you trust the artifact"
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
	{ErrNotArtifact, "name the image manifest of an artifact that contains manifests"},
	{ErrUnsupportedLayer, "push the files as one gzip-compressed tar archive of the media type " + ocispec.MediaTypeImageLayerGzip + ", as oras push does with a directory"},
	{ErrCorruptArtifact, "fetch it again; if the error persists, push the artifact again"},
	{ErrLinkEntry, "set SkipLinks if the links are not needed, or push files in their place"},
	{ErrVersionControlEntry, "set AllowVersionControl if you trust the artifact, or remove the data and push it again"},
	{errKind, "push it as a regular file"},
	{errName, "rename it, and push the artifact again"},
	{ErrUnsafeEntry, "do not trust the artifact unless you know who made it"},
	{manifests.ErrCollision, "rename one of the two, and push the artifact again"},
	{ErrTargetNotEmpty, "name a directory that is empty or does not exist"},
	{ErrTargetNotDirectory, "name a directory that is empty or does not exist"},
	{fs.ErrNotExist, "create the parent directory of the target or, with InPlace, the target"},
	{errOwner, "set InPlace to unpack into the directory of another user"},
	{errRoot, "name a directory below it, or set InPlace"},
	{errWorkingDirectory, "set InPlace to unpack into the working directory"},
	{fs.ErrPermission, "name a directory whose parent directory you may write to, or set InPlace"},
	{syscall.EBUSY, "set InPlace to unpack into a mount point, or name a directory in it"},
}

// withCleanup adds the error of a failed clean-up, if any, to err.
func withCleanup(err, cleanup error) error {
	if cleanup == nil {
		return err
	}
	return errors.Join(err, cleanup)
}
