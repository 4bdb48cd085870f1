package packager

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"regexp"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/kubeoci/oci/internal/archive"
	"github.com/kubeoci/oci/manifests"
)

// Annotations on the layer, by which oras pull restores the folder.
const (
	annotationContentDigest = "io.deis.oras.content.digest"
	annotationUnpack        = "io.deis.oras.content.unpack"
)

// MaxArchiveSize is how many bytes an archive may have before compression.
// Argo CD stops unpacking there (ARGOCD_REPO_SERVER_OCI_MANIFEST_MAX_EXTRACTED_SIZE,
// default 1G), and where that is between two entries it does so without an error.
const MaxArchiveSize = 1_000_000_000

// ErrInvalidArtifactType reports an artifact type that is not a media type.
var ErrInvalidArtifactType = errors.New("invalid artifact type")

// mediaType is the form of RFC 6838 section 4.2.
var mediaType = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$`)

// ErrTooLarge reports an archive of more than [MaxArchiveSize] bytes.
var ErrTooLarge = archive.ErrTooLarge

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
}

// Validate reports whether [Pack] takes the options. The error matches
// [ErrUnknownEngine], [ErrInvalidPrefix], [ErrInvalidArtifactType] or
// [ErrInvalidAnnotation].
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
	if o.ArtifactType != "" && !mediaType.MatchString(o.ArtifactType) {
		return fmt.Errorf("%w: %.80q is not a media type", ErrInvalidArtifactType, o.ArtifactType)
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

// Result describes an artifact in a content store.
type Result struct {
	Manifest ocispec.Descriptor
	Config   ocispec.Descriptor
	Layer    ocispec.Descriptor
	// ContentDigest is that of the uncompressed archive. It depends on the
	// files and the layout alone, not on annotations or the compressor.
	ContentDigest digest.Digest
	// ContentSize is the size of the uncompressed archive in bytes.
	ContentSize int64
	// Created is the creation time that the manifest records.
	Created time.Time
	// Layout says what is where in the archive.
	Layout Layout
}

// Pack packages the files of set into store: the layer, the config, and then
// the manifest, which is tagged nowhere. What store holds already is not an
// error.
//
// Errors match [ErrCollision], [ErrInvalidPrefix], [ErrUnknownEngine],
// [ErrInvalidArtifactType], [ErrInvalidAnnotation], [ErrTooLarge], those of
// [manifests.Reader.Open], or are those of store or ctx. Nothing refers to what was written before an error.
//
// Pack may be called concurrently, for one store too if that allows it.
func Pack(ctx context.Context, store content.Pusher, set *manifests.Set, opts Options) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	if err := opts.Validate(); err != nil {
		return Result{}, err
	}
	layout, err := Plan(set.Files(), opts.Engine, cmp.Or(opts.Prefix, set.Name()))
	if err != nil {
		return Result{}, err
	}
	if size := layout.leastSize(); size > MaxArchiveSize { // found before anything is read
		return Result{}, fmt.Errorf("%w: at least %d bytes, and %d are allowed", ErrTooLarge, size, MaxArchiveSize)
	}
	result := Result{Layout: layout, Created: opts.created()}
	if err := result.packLayer(ctx, store, set); err != nil {
		return Result{}, err
	}
	config := imageConfig(result.ContentDigest)
	if result.Config, err = pushJSON(ctx, store, ocispec.MediaTypeImageConfig, config); err != nil {
		return Result{}, err
	}
	manifest := ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: opts.ArtifactType,
		Config:       result.Config,
		Layers:       []ocispec.Descriptor{result.Layer},
		Annotations:  opts.manifestAnnotations(),
	}
	if result.Manifest, err = pushJSON(ctx, store, manifest.MediaType, manifest); err != nil {
		return Result{}, err
	}
	result.Manifest.ArtifactType = opts.ArtifactType
	return result, nil
}

// packLayer writes the layer and records what it became.
func (r *Result) packLayer(ctx context.Context, store content.Pusher, set *manifests.Set) error {
	source, err := set.Open()
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }() // only read from

	spooler, direct := store.(*Store)
	if !direct {
		spooler = new(Store)
		defer func() { _ = spooler.Close() }() // its content was copied, or is of no use
	}
	layer, err := spooler.ingest(ctx, ocispec.MediaTypeImageLayerGzip, func(w io.Writer) error {
		return r.writeLayer(ctx, w, source)
	})
	if err != nil {
		return err
	}
	layer.Annotations = map[string]string{
		annotationContentDigest: r.ContentDigest.String(),
		annotationUnpack:        "true",
		// The folder that oras pull unpacks into, relative to the one it is
		// told. Entries have to be below it, hence not the name of the tree.
		ocispec.AnnotationTitle: ".",
	}
	r.Layer = layer
	if direct {
		return nil
	}
	blob, err := spooler.Fetch(ctx, layer)
	if err != nil {
		return err
	}
	defer func() { _ = blob.Close() }() // only read from
	return pushNew(ctx, store, layer, blob)
}

func (r *Result) writeLayer(ctx context.Context, w io.Writer, source *manifests.Reader) error {
	compressor := gzip.NewWriter(w) // a header without name and time
	digester := digest.Canonical.Digester()
	counter := &countingWriter{w: io.MultiWriter(compressor, digester.Hash())}
	if err := archive.Write(ctx, counter, archiveEntries(r.Layout.Entries, source), MaxArchiveSize); err != nil {
		return err
	}
	r.ContentDigest, r.ContentSize = digester.Digest(), counter.n
	return compressor.Close()
}

// archiveEntries opens the files one after another. Where the tree is laid out
// twice, each is read twice, and has to be the same both times: size and
// modification time do not show every replacement.
func archiveEntries(entries []Entry, source *manifests.Reader) iter.Seq[archive.Entry] {
	seed, sums := maphash.MakeSeed(), make(map[string]uint64, len(entries))
	open := func(f manifests.File) (io.ReadCloser, error) {
		content, err := source.Open(f)
		if err != nil {
			return nil, err
		}
		r := &comparedReader{ReadCloser: content, file: f, sums: sums}
		r.hash.SetSeed(seed)
		return r, nil
	}
	return func(yield func(archive.Entry) bool) {
		for _, e := range entries {
			entry := archive.Entry{
				Path: e.Path,
				Size: e.File.Size,
				Open: func() (io.ReadCloser, error) { return open(e.File) },
			}
			if !yield(entry) {
				return
			}
		}
	}
}

// comparedReader fails at the end of a file that was another one before.
type comparedReader struct {
	io.ReadCloser
	file manifests.File
	sums map[string]uint64
	hash maphash.Hash
}

func (r *comparedReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	_, _ = r.hash.Write(p[:n]) // never fails
	if errors.Is(err, io.EOF) {
		before, again := r.sums[r.file.Path]
		if again && before != r.hash.Sum64() {
			return n, &manifests.PathError{Path: r.file.Path, Err: manifests.ErrFileChanged}
		}
		r.sums[r.file.Path] = r.hash.Sum64()
	}
	return n, err
}

// imageConfig is what registries and tools expect of an image. Architecture and
// operating system are required by the image specification and say nothing
// about the content, so they are the same everywhere.
func imageConfig(diffID digest.Digest) ocispec.Image {
	return ocispec.Image{
		Platform: ocispec.Platform{Architecture: "amd64", OS: "linux"},
		RootFS:   ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{diffID}},
	}
}

func pushJSON(ctx context.Context, store content.Pusher, mediaType string, v any) (ocispec.Descriptor, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	desc := content.NewDescriptorFromBytes(mediaType, data)
	return desc, pushNew(ctx, store, desc, bytes.NewReader(data))
}

// pushNew pushes content unless the store holds it already.
func pushNew(ctx context.Context, store content.Pusher, desc ocispec.Descriptor, r io.Reader) error {
	err := store.Push(ctx, desc, r)
	if errors.Is(err, errdef.ErrAlreadyExists) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store %s: %w", desc.MediaType, err)
	}
	return nil
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
