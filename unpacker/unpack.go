package unpacker

import (
	"context"
	"errors"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/packager"
)

// Result describes an artifact that was unpacked.
type Result struct {
	// Manifest is the descriptor given by the caller.
	Manifest ocispec.Descriptor
	// Annotations are the annotations of the manifest.
	Annotations map[string]string
	// Layer describes the unpacked layer.
	Layer ocispec.Descriptor
	// Files lists the files in the order of their paths' bytes.
	Files []File
	// SkippedLinks lists the skipped links in the order of the archive.
	SkippedLinks []SkippedLink
}

// File is a regular file of the archive.
type File struct {
	// Path is relative and slash-separated.
	Path string `json:"path"`
	// Size is in bytes.
	Size int64 `json:"size"`
}

// SkippedLink is a link of the archive that was skipped.
type SkippedLink struct {
	// Path is relative and slash-separated.
	Path string `json:"path"`
	// Target is the target of the link, unchecked.
	Target string `json:"target"`
	// Hard is true for a hard link, and false for a symbolic one.
	Hard bool `json:"hard"`
}

// Fetcher reads content. The content stores of oras-go satisfy it.
type Fetcher interface {
	// Fetch returns the content that target describes.
	Fetch(ctx context.Context, target ocispec.Descriptor) (io.ReadCloser, error)
}

// Unpack reads the artifact that manifest describes from src, and unpacks its
// layer into dir. dir must not exist or be an empty directory. Its parent directory
// must exist and be writable.
//
// The artifact is an OCI image manifest with one layer of media type
// application/vnd.oci.image.layer.v1.tar+gzip, the same without +gzip, or
// application/vnd.cncf.flux.content.v1.tar+gzip, and at most nine layers of
// other types, which are ignored. Digests and sizes of manifest and layer are verified
// before anything is unpacked. If the config of an image, or the annotation
// io.deis.oras.content.digest of the layer, declares a digest of the uncompressed layer,
// that is verified too: otherwise a layer could be put in the place of another. JSON with
// duplicate keys is refused, because other readers may see another artifact in it.
//
// The archive may contain regular files and directories only, and global headers that have
// nothing but a comment, as git archive writes them. Names are cleaned: ./a//b is a/b. They
// must be relative and UTF-8, without ../, control characters and backslashes, must not
// belong to the data of a version-control system, and must not be equal or differ by case
// only; [Options.PortableNames] refuses more. Files get the mode 0644 and directories 0755, less
// the umask of the process; times, owners and attributes are not restored.
//
// Unpack writes all files or none: it fills a directory beside dir, which then
// replaces dir. The new directory takes over mode and owner of an existing one, or Unpack
// fails; an access control list or a label is that of a new directory. So dir can be
// neither the working directory, nor the root of a file system, nor a mount point,
// although it can be in one. A killed process leaves the other directory behind, which is
// named .oci-unpack- followed by letters.
//
// With [Options.InPlace], dir must exist, and stays the same directory: a mount point, such
// as an empty volume, keeps all attributes. It may contain an empty file system's
// lost+found. Unpack fills the directory .oci-unpack-in-place in it, which only its owner
// can read, and moves each of its entries to dir after all were verified. A reader sees an
// entry, with everything in it, complete or not at all, and for a moment some entries and
// not others. After an error nothing is left. A process that is killed leaves the other
// directory behind and, if that happens while it moves, some of the entries. An artifact
// with an entry named like the other directory is refused.
//
// Other processes may place symbolic links in the directories meanwhile: nothing is
// written outside of them.
//
// Memory does not grow with the size of the layer: a layer larger than the default of
// [packager.Store.MemoryLimit] is held in a temporary file beside dir, or in it with
// InPlace, and buffers take less than two megabytes. It grows with the number of
// entries, by less than a kilobyte each, and with the bytes of their names, which
// MaxEntries and MaxNamesSize of opts limit. The time is in proportion to the bytes of the
// archive and of the names. One goroutine decompresses, and up to four write small files;
// all have ended when Unpack returns.
//
// Unpack returns when ctx ends, even if src ignores it. A function of src that blocks then
// runs on in the background until it returns. Panics of src reach the caller.
//
// Errors match [manifests.ErrInvalidLimit]; [ErrNotArtifact] or
// [ErrUnsupportedLayer] for another kind of artifact; [ErrCorruptArtifact] for
// content that does not match its descriptor or media type; [ErrUnsafeEntry],
// [ErrLinkEntry], [ErrVersionControlEntry] or [manifests.ErrCollision] for an entry that is
// refused;
// [manifests.ErrLimitExceeded]; [ErrTargetNotEmpty] or
// [ErrTargetNotDirectory]; or are a [*TargetError] with the error of the file
// system, or the error of ctx or src.
//
// Unpack is safe for concurrent use. If several calls unpack into one dir, one of
// them succeeds, and the others return ErrTargetNotEmpty.
func Unpack(ctx context.Context, src Fetcher, manifest ocispec.Descriptor, dir string, opts Options) (Result, error) {
	if err := checkCall(ctx, src); err != nil {
		return Result{}, err
	}
	opts, err := opts.resolve(packager.MaxArchiveSize)
	if err != nil {
		return Result{}, err
	}
	target, err := stage(dir, opts.InPlace)
	if err != nil {
		return Result{}, err
	}
	defer func() { _ = target.discard() }() // in case src panics
	spooler := &packager.Store{TempDir: target.home.Name()}
	unpacked, err := unpack(ctx, src, manifest, spooler, target, opts)
	if err == nil {
		err = target.commit()
	}
	if err != nil {
		return Result{}, withCleanup(err, target.discard())
	}
	return unpacked, nil
}

var errNilSource = errors.New("the source of the artifact is nil")

// checkCall returns an error for a call that cannot succeed.
func checkCall(ctx context.Context, src Fetcher) error {
	if src == nil {
		return errNilSource
	}
	return calls.Check(ctx)
}

// sink receives the content of an archive. Parents are created before children.
type sink interface {
	mkdir(name string) error
	// create creates a file with the content of r, which has size bytes. It may return
	// before that is written, but reads all of it.
	create(name string, size int64, r reader) error
	// finish returns when all is written, or after the end of ctx. Its error is that of the
	// first entry that could not be written.
	finish(ctx context.Context) error
}

// unpack writes the content of the layer to out. spooler holds the layer meanwhile.
func unpack(ctx context.Context, src Fetcher, manifest ocispec.Descriptor, spooler *packager.Store, out sink, opts Options) (Result, error) {
	defer func() { _ = spooler.Close() }() // its content is no longer needed
	unpacked, err := unpackVerified(ctx, src, manifest, spooler, out, opts)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // which may have caused an error of another kind
	}
	return unpacked, err
}

func unpackVerified(ctx context.Context, src Fetcher, manifest ocispec.Descriptor, spooler *packager.Store, out sink, opts Options) (Result, error) {
	doc, err := fetchManifest(ctx, src, manifest)
	if err != nil {
		return Result{}, err
	}
	index, err := doc.contentLayer()
	if err != nil {
		return Result{}, err
	}
	claims, err := doc.claims(ctx, src, index)
	if err != nil {
		return Result{}, err
	}
	layer := doc.Layers[index]
	blob, err := fetchLayer(ctx, src, layer, spooler, opts)
	if err != nil {
		return Result{}, err
	}
	defer func() { _ = blob.Close() }() // read-only
	x, err := extract(ctx, blob, layer, claims, out, opts)
	if err != nil {
		return Result{}, err
	}
	return Result{
		Manifest:     manifest,
		Annotations:  doc.Annotations,
		Layer:        layer,
		Files:        x.files,
		SkippedLinks: x.links,
	}, nil
}
