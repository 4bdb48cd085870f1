package unpacker

import (
	"archive/tar"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/manifests"
)

const (
	tarUnit    = 512         // everything in a tar stream has a multiple of this size
	tarEndSize = 2 * tarUnit // of zeros
)

// extraction unpacks the entries of one archive.
type extraction struct {
	opts   Options
	out    sink
	stream *stream
	tree   *tree
	names  int64 // bytes
	files  []File
	links  []SkippedLink
}

// extract unpacks the entries of a layer into out.
func extract(ctx context.Context, blob io.Reader, layer ocispec.Descriptor, claims []*claim, out sink, opts Options) (*extraction, error) {
	stream, err := openStream(ctx, blob, layer, claims, opts.MaxSize)
	if err != nil {
		return nil, err
	}
	defer stream.close()
	x := &extraction{opts: opts, out: out, stream: stream, tree: newTree(opts.MaxEntries)}
	err = x.entries(ctx)
	if failed := out.finish(ctx); failed != nil { // of an earlier entry
		err = failed
	}
	if err != nil {
		return nil, err
	}
	if err := checkClaims(layer, claims); err != nil {
		return nil, err
	}
	slices.SortFunc(x.files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return x, nil
}

func (x *extraction) entries(ctx context.Context) error {
	var end int64 // of the previous entry
	for archive := tar.NewReader(x.stream); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		x.stream.limitHeader(end, x.opts.MaxHeaderSize)
		header, err := archive.Next()
		x.stream.headerEnd = math.MaxInt64
		switch {
		case errors.Is(err, io.EOF):
			return x.finish(end)
		case errors.Is(err, tar.ErrInsecurePath): // enabled by GODEBUG; names are checked here
		case err != nil:
			return x.stream.readError(err)
		}
		// They are parts of the whole header otherwise, which is much larger perhaps.
		header.Name, header.Linkname = strings.Clone(header.Name), strings.Clone(header.Linkname)
		headerSize := x.stream.n - end
		end = roundUp(x.stream.n)
		if header.Typeflag == tar.TypeReg {
			if header.Size > x.opts.MaxSize-end {
				return &EntryError{Entry: header.Name, Reason: fmt.Sprintf("it has %d bytes", header.Size), Err: &manifests.LimitError{Limit: "MaxSize", Max: x.opts.MaxSize}}
			}
			end += roundUp(header.Size)
		}
		if err := x.entry(ctx, header, headerSize, archive); err != nil {
			return err
		}
	}
}

// roundUp returns the size of n bytes with their padding.
func roundUp(n int64) int64 { return (n + tarUnit - 1) / tarUnit * tarUnit }

// finish reads the rest of the archive after the last entry, which ends at end: two
// units of zeros, without which entries may be missing, and then only zeros.
func (x *extraction) finish(end int64) error {
	if x.stream.n-end != tarEndSize {
		return corrupt(x.stream.layer, "the archive has no end marker")
	}
	rest := make([]byte, readSize)
	for {
		n, err := x.stream.Read(rest)
		if strings.Trim(string(rest[:n]), "\x00") != "" {
			return corrupt(x.stream.layer, "data after the end of the archive")
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (x *extraction) entry(ctx context.Context, h *tar.Header, headerSize int64, archive io.Reader) error {
	if err := checkKind(h, headerSize); err != nil {
		return err
	}
	name := clean(h.Name)
	if err := x.checkLimits(h, name); err != nil {
		return err
	}
	if err := x.checkName(h, name); err != nil {
		return err
	}
	if name == "" {
		return x.tree.addRoot(h.Name)
	}
	isDir := h.Typeflag == tar.TypeDir
	isLink := h.Typeflag == tar.TypeSymlink || h.Typeflag == tar.TypeLink
	if isLink && !x.opts.SkipLinks {
		return &EntryError{h.Name, fmt.Sprintf("its target is %.100q", h.Linkname), ErrLinkEntry}
	}
	missing, err := x.tree.add(name, isDir)
	if err != nil {
		return err
	}
	for _, dir := range missing {
		if err := x.out.mkdir(dir); err != nil {
			return err
		}
	}
	switch {
	case isDir, h.Typeflag == tar.TypeXGlobalHeader: // of which Flux makes a file
		return nil
	case isLink:
		x.links = append(x.links, SkippedLink{name, h.Linkname, h.Typeflag == tar.TypeLink})
		return nil
	}
	return x.file(ctx, name, h.Size, archive)
}

func (x *extraction) checkName(h *tar.Header, name string) error {
	if reason := harm(h.Name, name); reason != "" {
		return &EntryError{h.Name, reason, ErrUnsafeEntry}
	}
	if reason := nameFault(h, name, x.opts.PortableNames); reason != "" {
		return &EntryError{h.Name, reason, errName}
	}
	if element := versionControl(name); element != "" && !x.opts.AllowVersionControl {
		return &EntryError{h.Name, fmt.Sprintf("programs run commands in %.100q", element), ErrVersionControlEntry}
	}
	return nil
}

func (x *extraction) file(ctx context.Context, name string, size int64, archive io.Reader) error {
	x.files = append(x.files, File{name, size})
	content := &contextReader{ctx: ctx, r: archive}
	err := x.out.create(name, size, reader{content})
	if content.err != nil {
		return x.stream.readError(content.err)
	}
	return err
}

func (x *extraction) checkLimits(h *tar.Header, name string) error {
	x.names += int64(len(h.Name) + len(h.Linkname))
	for _, l := range []struct {
		limit      string
		value, max int64
	}{
		{"MaxPathLength", int64(len(name)), int64(x.opts.MaxPathLength)},
		{"MaxDepth", int64(strings.Count(name, "/")), int64(x.opts.MaxDepth)},
		{"MaxFileSize", h.Size, x.opts.MaxFileSize},
		{"MaxNamesSize", x.names, x.opts.MaxNamesSize},
	} {
		if l.value > l.max {
			return &EntryError{Entry: h.Name, Err: &manifests.LimitError{Limit: l.limit, Max: l.max}}
		}
	}
	return nil
}
