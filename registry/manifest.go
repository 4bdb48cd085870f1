package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
)

// maxManifestBytes is what a registry has to accept at least, and the most that
// is read (distribution-spec v1.1, "Pushing Manifests").
const maxManifestBytes = 4 << 20

// headerDigest has the digest of the manifest or blob that an answer is about.
const headerDigest = "Docker-Content-Digest"

// manifestTypes are what may be under a tag.
var manifestTypes = strings.Join([]string{
	ocispec.MediaTypeImageManifest,
	ocispec.MediaTypeImageIndex,
	"application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.oci.artifact.manifest.v1+json",
}, ", ")

// checkManifest refuses what is no image manifest, or too large for one.
func checkManifest(desc ocispec.Descriptor) error {
	if desc.MediaType != ocispec.MediaTypeImageManifest {
		return &localError{fmt.Errorf("%.80q is not an image manifest: %w", desc.MediaType, errdef.ErrUnsupported)}
	}
	if desc.Size > maxManifestBytes {
		return &localError{fmt.Errorf("manifest of %d bytes: %w", desc.Size, errdef.ErrSizeExceedsLimit)}
	}
	return nil
}

// blobsOf returns the config and the layers of an image manifest.
func blobsOf(manifest []byte) ([]ocispec.Descriptor, error) {
	var m ocispec.Manifest
	if err := json.Unmarshal(manifest, &m); err != nil {
		return nil, &localError{fmt.Errorf("the manifest is not valid JSON: %w", err)}
	}
	return append([]ocispec.Descriptor{m.Config}, m.Layers...), nil
}

// manifest asks for what is under a tag or digest, and reads it if it is an
// image manifest of a legal size, which is then what its descriptor says. Of a
// larger one neither digest nor size need be known.
func (r *repository) manifest(ctx context.Context, ref string) (ocispec.Descriptor, []byte, error) {
	resp, err := r.ask(ctx, r.manifestRequest(http.MethodGet, ref), http.StatusOK)
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	desc, err := describe(resp, ref)
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	if desc.Digest != "" && checkManifest(desc) != nil {
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
		return ocispec.Descriptor{}, nil, malformed(resp, "the content is not what its digest says")
	}
	if desc.Digest != "" && desc.Digest != got { // and it was asked for by that
		return ocispec.Descriptor{}, nil, &corruptError{blob: ocispec.Descriptor{Digest: desc.Digest, Size: int64(len(data))}}
	}
	desc.Size, desc.Digest = int64(len(data)), got
	if checkManifest(desc) != nil {
		return desc, nil, nil
	}
	return desc, data, nil
}

// resolve returns the descriptor of what is under a tag or digest, without
// reading it where the registry can be asked so: what is read may be counted.
func (r *repository) resolve(ctx context.Context, ref string) (ocispec.Descriptor, error) {
	resp, err := r.ask(ctx, r.manifestRequest(http.MethodHead, ref), http.StatusOK)
	if err == nil {
		_ = resp.Body.Close() // there is none
		desc, err := describe(resp, ref)
		if err != nil || desc.Digest != "" && desc.Size >= 0 {
			return desc, err
		}
	} else if mayPass(err) || !is[*answerError](err) {
		return ocispec.Descriptor{}, err
	}
	// There are registries that deny to HEAD what they have, and none that says
	// why.
	desc, _, err := r.manifest(ctx, ref)
	return desc, err
}

func (r *repository) manifestRequest(method, ref string) request {
	return request{
		method: method,
		url:    r.url("manifests/"+ref, nil),
		header: http.Header{"Accept": {manifestTypes}},
	}
}

// tagGrace is how long the answer to setting a tag is waited for when the caller
// has given up.
const tagGrace = 500 * time.Millisecond

// putManifest sets a tag. The answer has to say which manifest it is that was
// set.
func (r *repository) putManifest(ctx context.Context, desc ocispec.Descriptor, data []byte, tag string) (said digest.Digest, err error) {
	resp, err := r.ask(ctx, request{
		method: http.MethodPut,
		url:    r.url("manifests/"+tag, nil),
		header: http.Header{"Content-Type": {desc.MediaType}},
		body:   func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
		size:   desc.Size,
		grace:  tagGrace,
	}, http.StatusCreated)
	if err != nil {
		return "", err
	}
	_ = resp.Body.Close() // of no interest
	return digest.Digest(resp.Header.Get(headerDigest)), nil
}

// describe returns what an answer says it is about. Without a digest or a size
// (-1) it does not say.
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
	said := digest.Digest(resp.Header.Get(headerDigest))
	if said != "" && said.Validate() != nil {
		return ocispec.Descriptor{}, malformed(resp, "no digest")
	}
	asked := digest.Digest(ref)
	switch {
	case asked.Validate() != nil: // a tag
		desc.Digest = said
	case said != "" && said.Algorithm() == asked.Algorithm() && said != asked:
		return ocispec.Descriptor{}, malformed(resp, "another digest")
	default:
		desc.Digest = asked
	}
	return desc, nil
}

// isManifest reports whether a registry may have it under a tag.
func isManifest(mediaType string) bool {
	return strings.HasPrefix(mediaType, "application/vnd.oci.") || strings.HasPrefix(mediaType, "application/vnd.docker.distribution.")
}

func malformed(resp *http.Response, what string) error {
	answer := newAnswerError(resp)
	return &malformedError{what, answer.status, answer.contentType}
}

// malformedError is an answer of success that cannot be one.
type malformedError struct {
	what        string
	status      int
	contentType string
}

func (e *malformedError) Error() string {
	text := e.what + ": status " + strconv.Itoa(e.status)
	if e.contentType != "" {
		text += ", " + e.contentType
	}
	return text
}
