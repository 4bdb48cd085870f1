package unpacker

import (
	"context"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/packager"
)

// Result describes an artifact that was unpacked.
type Result struct {
	// Manifest is the descriptor that was given.
	Manifest ocispec.Descriptor
	// Annotations are those of the manifest.
	Annotations map[string]string
	// Layer is the one that was unpacked.
	Layer ocispec.Descriptor
	// Files is in the order of the paths' bytes.
	Files []File
	// SkippedLinks is in the order of the archive.
	SkippedLinks []SkippedLink
}

// File is a regular file of the archive.
type File struct {
	// Path is relative and slash-separated.
	Path string `json:"path"`
	// Size is in bytes.
	Size int64 `json:"size"`
}

// SkippedLink is a link of the archive that was left out.
type SkippedLink struct {
	// Path is relative and slash-separated.
	Path string `json:"path"`
	// Target is where it leads, as the archive says and whatever that is.
	Target string `json:"target"`
	// Hard says that it is not a symbolic link, but stands for a file.
	Hard bool `json:"hard"`
}

// Fetcher reads content. The content stores of oras-go satisfy it.
type Fetcher interface {
	// Fetch returns the content that target describes.
	Fetch(ctx context.Context, target ocispec.Descriptor) (io.ReadCloser, error)
}

// Unpack reads the artifact that manifest describes from src, and unpacks its
// one layer into the folder dir. dir must not exist, or be an empty folder; the
// one that it is in must exist, and be writable.
//
// The artifact is an OCI image manifest with one layer of media type
// application/vnd.oci.image.layer.v1.tar+gzip, the same without +gzip, or
// application/vnd.cncf.flux.content.v1.tar+gzip, and at most nine layers of
// other types, which are left alone. The config is not read. Digests and sizes
// of manifest and layer are verified before anything is unpacked. The archive
// may hold regular files and folders only, under names that mean the same
// everywhere, no two of which differ by case only. Files get the mode 0644 and
// folders 0755, less the umask of the process; times, owners and attributes are
// not restored.
//
// Either all of it is in dir, or nothing: the files are written to a folder
// beside dir, which then takes its place, so dir can be neither the working
// directory nor the root of a file system. A process that is killed leaves that
// folder behind, named .oci-unpack- and letters. Memory does not grow with the
// size of the layer: what of it does not fit into DefaultMemoryLimit is held in
// a temporary file beside dir.
//
// Errors match [ErrInvalidLimit]; [ErrNotArtifact] or [ErrUnsupportedLayer] for
// what is no such artifact; [ErrCorruptArtifact] for bytes that are not what they should
// be; [ErrUnsafeEntry], [ErrLinkEntry] or [ErrCollision] for an entry that is
// refused; [ErrLimitExceeded]; [ErrTargetNotEmpty] or [ErrTargetNotDirectory];
// or are a [*TargetError] with the file system's error, or that of ctx or src.
//
// Unpack is safe for concurrent use. Of several into one dir one succeeds, and
// the others find it not empty.
func Unpack(ctx context.Context, src Fetcher, manifest ocispec.Descriptor, dir string, opts Options) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	opts, err := opts.resolve(packager.MaxArchiveSize)
	if err != nil {
		return Result{}, err
	}
	target, err := stage(dir)
	if err != nil {
		return Result{}, err
	}
	defer func() { _ = target.discard() }() // where src panics
	spooler := &packager.Store{TempDir: target.parent.Name()}
	unpacked, err := unpack(ctx, src, manifest, spooler, target, opts)
	if err == nil {
		err = target.commit()
	}
	if err != nil {
		return Result{}, withCleanup(err, target.discard())
	}
	return unpacked, nil
}

// sink is where an archive is unpacked. The folder that something is in was made
// before.
type sink interface {
	mkdir(name string) error
	// create makes a file of what is in r, which has size bytes.
	create(name string, size int64, r reader) error
}

// unpack puts what is in the layer into out. spooler holds the layer meanwhile.
func unpack(ctx context.Context, src Fetcher, manifest ocispec.Descriptor, spooler *packager.Store, out sink, opts Options) (Result, error) {
	defer func() { _ = spooler.Close() }() // its content is of no more use
	unpacked, err := unpackVerified(ctx, src, manifest, spooler, out, opts)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // whatever it looked like
	}
	return unpacked, err
}

func unpackVerified(ctx context.Context, src Fetcher, manifest ocispec.Descriptor, spooler *packager.Store, out sink, opts Options) (Result, error) {
	doc, err := fetchManifest(ctx, src, manifest)
	if err != nil {
		return Result{}, err
	}
	layer, err := doc.contentLayer()
	if err != nil {
		return Result{}, err
	}
	blob, err := fetchLayer(ctx, src, layer, spooler, opts)
	if err != nil {
		return Result{}, err
	}
	defer func() { _ = blob.Close() }() // only read from
	x, err := extract(ctx, blob, layer, out, opts)
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
