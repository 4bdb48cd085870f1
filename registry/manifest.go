package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/strictjson"
)

// maxManifestBytes is the size that every registry has to accept, and the most that
// is read (distribution-spec v1.1, "Pushing Manifests").
const maxManifestBytes = 4 << 20

// headerDigest has the digest of the manifest or blob that a response is about.
const headerDigest = "Docker-Content-Digest"

// manifestTypes are the media types that a tag may point to.
var manifestTypes = strings.Join([]string{
	ocispec.MediaTypeImageManifest,
	ocispec.MediaTypeImageIndex,
	"application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.oci.artifact.manifest.v1+json",
}, ", ")

// checkManifest refuses anything but an image manifest of a legal size.
func checkManifest(desc ocispec.Descriptor) error {
	if desc.MediaType != ocispec.MediaTypeImageManifest {
		return &localError{ErrUnsupported, fmt.Errorf("%.80q is not an image manifest", desc.MediaType)}
	}
	if desc.Size > maxManifestBytes {
		return &localError{ErrTooLarge, fmt.Errorf("manifest of %d bytes, limit %d", desc.Size, maxManifestBytes)}
	}
	return nil
}

// blobsOf returns the config and the layers of an image manifest. It refuses one of which
// other readers may see other blobs.
func blobsOf(manifest []byte) ([]ocispec.Descriptor, error) {
	var m ocispec.Manifest
	err := strictjson.Unmarshal(manifest, &m)
	switch {
	case errors.Is(err, strictjson.ErrAmbiguous), errors.Is(err, strictjson.ErrTooComplex):
		return nil, &localError{ErrUnsupported, fmt.Errorf("manifest: %w", err)}
	case err != nil:
		return nil, &localError{nil, fmt.Errorf("the manifest is not valid JSON: %w", err)}
	}
	return append([]ocispec.Descriptor{m.Config}, m.Layers...), nil
}

// maxBlobs bounds the requests that a manifest makes a pull or push send. Images have some
// dozens of layers, and artifacts of manifests one.
const maxBlobs = 1000

// checkBlobs refuses blobs that cannot exist, and those of more than limit bytes together.
func checkBlobs(blobs []ocispec.Descriptor, limit int64) error {
	if len(blobs) > maxBlobs {
		return &localError{ErrTooLarge, fmt.Errorf("manifest with %d blobs, limit %d", len(blobs), maxBlobs)}
	}
	left := limit
	for _, blob := range blobs {
		if blob.Digest.Validate() != nil || blob.Size < 0 {
			return &localError{ErrCorrupt, fmt.Errorf("invalid blob descriptor %.100q (%d bytes)", blob.Digest, blob.Size)}
		}
		if blob.Size > left {
			return &localError{ErrTooLarge, &sizeError{limit}}
		}
		left -= blob.Size
	}
	return nil
}

// sizeError reports blobs that a pull refuses.
type sizeError struct{ limit int64 }

func (e *sizeError) Error() string { return fmt.Sprintf("blobs of more than %d bytes", e.limit) }

// manifest returns the descriptor of a tag or digest and, if that is an image manifest
// of a legal size, its content, which matches the descriptor. The descriptor of a larger
// one may lack digest and size.
func (r *remote) manifest(ctx context.Context, ref string) (ocispec.Descriptor, []byte, error) {
	desc, content, _, err := r.revision(ctx, ref)
	return desc, content, err
}

// revision is manifest with the ETag of the response, or "".
func (r *remote) revision(ctx context.Context, ref string) (desc ocispec.Descriptor, content []byte, etag string, err error) {
	resp, err := r.ask(ctx, r.manifestRequest(http.MethodGet, ref), http.StatusOK)
	if err != nil {
		return ocispec.Descriptor{}, nil, "", err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	desc, content, err = readManifest(ctx, resp, ref)
	return desc, content, resp.Header.Get("ETag"), err
}

func readManifest(ctx context.Context, resp *http.Response, ref string) (ocispec.Descriptor, []byte, error) {
	desc, err := describe(resp, ref)
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	callIn(ctx).noteResponse()
	if desc.Digest != "" && desc.Size >= 0 && checkManifest(desc) != nil {
		return desc, nil, nil // an index, an image of Docker, or too large
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxManifestBytes+1))
	if err != nil {
		return ocispec.Descriptor{}, nil, connectionError(err)
	}
	if len(data) > maxManifestBytes {
		desc.Size = int64(len(data)) // at least
		return desc, nil, nil
	}
	got := digest.FromBytes(data)
	if desc.Digest != "" {
		got = desc.Digest.Algorithm().FromBytes(data)
	}
	if desc.Digest != "" && desc.Digest != got && !strings.Contains(ref, ":") {
		return ocispec.Descriptor{}, nil, malformed(resp, "digest mismatch")
	}
	if desc.Digest != "" && desc.Digest != got { // and the digest was asked for
		return ocispec.Descriptor{}, nil, &corruptError{blob: ocispec.Descriptor{Digest: desc.Digest, Size: int64(len(data))}}
	}
	desc.Size, desc.Digest = int64(len(data)), got
	if checkManifest(desc) != nil {
		return desc, nil, nil
	}
	return desc, data, nil
}

// resolve returns the descriptor of a tag or digest. It reads the manifest only if the
// registry does not describe it otherwise, because registries count reads.
func (r *remote) resolve(ctx context.Context, ref string) (ocispec.Descriptor, error) {
	resp, err := r.ask(ctx, r.manifestRequest(http.MethodHead, ref), http.StatusOK)
	if err == nil {
		_ = resp.Body.Close() // there is none
		desc, err := describe(resp, ref)
		if err == nil {
			callIn(ctx).noteResponse()
		}
		if err != nil || desc.Digest != "" && desc.Size >= 0 {
			return desc, err
		}
	} else if isRetryable(err) || !is[*responseError](err) {
		return ocispec.Descriptor{}, err
	}
	// Some registries refuse HEAD for manifests that they have, and none gives the
	// reason.
	desc, _, err := r.manifest(ctx, ref)
	return desc, err
}

func (r *remote) manifestRequest(method, ref string) request {
	return request{
		method: method,
		url:    r.url("manifests/"+ref, nil),
		header: http.Header{"Accept": {manifestTypes}},
	}
}

// tagGrace is how long to wait for the response to setting a tag when the caller's
// context has ended.
const tagGrace = 500 * time.Millisecond

// putManifest puts a manifest under a tag or digest, with the conditions of the header. It
// returns the digest that the registry reports for it, or "", and whether the registry
// lists it among the referrers of its subject.
func (r *remote) putManifest(ctx context.Context, desc ocispec.Descriptor, data []byte, ref string, conditions http.Header) (reported digest.Digest, listed bool, err error) {
	header := http.Header{"Content-Type": {desc.MediaType}}
	maps.Copy(header, conditions)
	resp, err := r.ask(ctx, request{
		method: http.MethodPut,
		url:    r.url("manifests/"+ref, nil),
		header: header,
		body:   func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
		size:   desc.Size,
		grace:  tagGrace,
	}, http.StatusCreated)
	if refused, ok := errors.AsType[*responseError](err); ok && refused.code == codeDigestInvalid {
		refused.lost = true // distribution 2.8 does so while another client puts the same manifest
	}
	if err != nil {
		return "", false, err
	}
	_ = resp.Body.Close() // not needed
	return digest.Digest(resp.Header.Get(headerDigest)), resp.Header.Get(headerSubject) != "", nil
}

// describe returns the descriptor of the manifest in a response. It lacks the digest,
// and has the size -1, if the response does.
func describe(resp *http.Response, ref string) (ocispec.Descriptor, error) {
	mediaType, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || !isManifest(mediaType) {
		return ocispec.Descriptor{}, malformed(resp, "not a manifest")
	}
	desc := ocispec.Descriptor{MediaType: mediaType, Size: resp.ContentLength}
	if resp.Request.Method == http.MethodHead { // net/http knows it only where it is legal
		if desc.Size, err = strconv.ParseInt(resp.Header.Get("Content-Length"), 10, 64); err != nil {
			desc.Size = -1
		}
	}
	reported := digest.Digest(resp.Header.Get(headerDigest))
	if reported != "" && reported.Validate() != nil {
		return ocispec.Descriptor{}, malformed(resp, "invalid digest header")
	}
	asked := digest.Digest(ref)
	switch {
	case asked.Validate() != nil: // a tag
		desc.Digest = reported
	case reported != "" && reported.Algorithm() == asked.Algorithm() && reported != asked:
		return ocispec.Descriptor{}, malformed(resp, "digest mismatch")
	default:
		desc.Digest = asked
	}
	return desc, nil
}

// isManifest reports whether a tag may point to the media type.
func isManifest(mediaType string) bool {
	return strings.HasPrefix(mediaType, "application/vnd.oci.") || strings.HasPrefix(mediaType, "application/vnd.docker.distribution.")
}

func malformed(resp *http.Response, what string) error {
	e := newResponseError(resp)
	odd := &malformedError{what: what, status: e.status, contentType: e.contentType}
	if isToken(resp.Request) {
		odd.service = e.from
	}
	return odd
}

// malformedError is a successful response that no registry gives.
type malformedError struct {
	what        string
	status      int
	contentType string
	service     *url.URL // of the token service, if it is from that
	transient   bool     // it may be another one later
}

func (e *malformedError) kind() error {
	switch {
	case e.service == nil:
		return ErrNotRegistry
	case e.transient:
		return ErrServer
	}
	return ErrUnsupported
}

func (e *malformedError) Error() string {
	text := e.what + ": status " + strconv.Itoa(e.status)
	if e.contentType != "" {
		text += ", " + e.contentType
	}
	if e.service != nil {
		text = nameOfService(e.service) + ": " + text
	}
	return text
}
