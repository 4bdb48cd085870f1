package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/guard"
	"github.com/kubeoci/oci/internal/strictjson"
)

// Attachment is an artifact that refers to another one (image-spec v1.1, "Guidelines for
// Artifact Usage"), such as a signature or an attestation.
type Attachment struct {
	// ArtifactType is the media type of the artifact. It is required.
	ArtifactType string
	// Config is the content of the config. Empty means the empty object of image-spec.
	Config []byte
	// ConfigMediaType is required if Config is set.
	ConfigMediaType string
	// Layers are the content. None means the empty object of image-spec.
	Layers []AttachmentLayer
	// Annotations are those of the manifest.
	Annotations map[string]string
}

// AttachmentLayer is a blob of an [Attachment].
type AttachmentLayer struct {
	// MediaType is required.
	MediaType   string
	Content     []byte
	Annotations map[string]string
}

// headerSubject reports that the registry lists a manifest among the referrers of its
// subject (distribution-spec v1.1, "Pushing Manifests with Subject").
const headerSubject = "OCI-Subject"

var errInvalidAttachment = invalidOption("set the ArtifactType of the Attachment, and a media type for each content", "an attachment without a media type")

// Attach pushes an artifact that refers to the published manifest, and returns the
// descriptor of its manifest. The same attachment gives the same digest.
//
// If the registry does not support the referrers API, the artifact is listed in the index
// under the tag that distribution-spec v1.1 describes ("Referrers Tag Schema"). Concurrent
// clients can lose an entry of that index, as the specification has it.
//
// Errors are [*Error] values, as those of [Destination.Push], or match [ErrInvalidOptions] for
// an attachment without a media type.
func (p *Published) Attach(ctx context.Context, a Attachment) (desc ocispec.Descriptor, err error) {
	if a.ArtifactType == "" || (len(a.Config) > 0) != (a.ConfigMediaType != "") ||
		slices.ContainsFunc(a.Layers, func(l AttachmentLayer) bool { return l.MediaType == "" }) {
		return desc, errInvalidAttachment
	}
	contents, manifest, desc, invalid := a.pack(p.Manifest)
	err = p.call(ctx, desc.Digest.String(), func(ctx context.Context, repo *remote) error {
		if invalid != nil {
			return invalid
		}
		p.push.sent.Store(true)
		listed, err := repo.attach(ctx, contents, manifest, desc)
		if err == nil && !listed {
			err = p.list(ctx, repo, desc)
		}
		if err != nil {
			return err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if !slices.ContainsFunc(p.attached, func(d ocispec.Descriptor) bool { return d.Digest == desc.Digest }) {
			p.attached = append(p.attached, desc)
		}
		return nil
	})
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	return desc, nil
}

// memory is a Fetcher of contents.
type memory map[digest.Digest][]byte

func (m memory) Fetch(_ context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(m[desc.Digest])), nil
}

func (m memory) add(mediaType string, content []byte, annotations map[string]string) ocispec.Descriptor {
	desc := ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(content), Size: int64(len(content)), Annotations: annotations}
	m[desc.Digest] = content
	return desc
}

// pack returns the contents, the manifest, and its descriptor as in the index of
// referrers.
func (a Attachment) pack(subject ocispec.Descriptor) (memory, []byte, ocispec.Descriptor, error) {
	contents := memory{}
	m := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: a.ArtifactType,
		Subject:     &ocispec.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size},
		Annotations: a.Annotations,
	}
	if len(a.Config) > 0 {
		m.Config = contents.add(a.ConfigMediaType, a.Config, nil)
	} else {
		m.Config = contents.add(ocispec.MediaTypeEmptyJSON, ocispec.DescriptorEmptyJSON.Data, nil)
	}
	for _, layer := range a.Layers {
		m.Layers = append(m.Layers, contents.add(layer.MediaType, layer.Content, layer.Annotations))
	}
	if len(m.Layers) == 0 {
		m.Layers = []ocispec.Descriptor{contents.add(ocispec.MediaTypeEmptyJSON, ocispec.DescriptorEmptyJSON.Data, nil)}
	}
	data, err := json.Marshal(m)
	if err != nil {
		return nil, nil, ocispec.Descriptor{}, err
	}
	desc := ocispec.Descriptor{
		MediaType: m.MediaType, Digest: digest.FromBytes(data), Size: int64(len(data)),
		ArtifactType: m.ArtifactType, Annotations: m.Annotations,
	}
	return contents, data, desc, checkManifest(desc)
}

// attach pushes an artifact with a subject, and returns whether the registry lists it among
// the referrers of that.
func (r *remote) attach(ctx context.Context, contents memory, manifest []byte, desc ocispec.Descriptor) (listed bool, err error) {
	blobs, err := blobsOf(manifest)
	if err != nil {
		return false, err
	}
	slices.SortFunc(blobs, func(a, b ocispec.Descriptor) int { return strings.Compare(string(a.Digest), string(b.Digest)) })
	blobs = slices.CompactFunc(blobs, func(a, b ocispec.Descriptor) bool { return a.Digest == b.Digest })
	p := &push{Destination: &Destination{client: r.client, repo: r, events: newReporter(nil)}, src: contents, manifest: desc}
	p.trust.level = trustMount
	if err := p.blobs(ctx, blobs); err != nil {
		return false, err
	}
	err = p.place(ctx, blobs, manifest, desc.Digest.String(), nil)
	return p.listed, err
}

// lists reports whether the registry lists a manifest among the referrers of its subject, if
// it has one. The response to the manifest tells, unless it was lost.
func (r *remote) lists(ctx context.Context, desc ocispec.Descriptor, manifest []byte) bool {
	subject := revisionOf(desc, manifest).Manifest.Subject
	if subject == nil {
		return false
	}
	index, _, err := r.referrersPage(ctx, r.url("referrers/"+subject.Digest.String(), nil))
	return err == nil && slices.ContainsFunc(index.Manifests, func(d ocispec.Descriptor) bool { return d.Digest == desc.Digest })
}

// list adds a manifest to the index of the referrers of the published one. Calls that are
// concurrent lose no entry of each other.
func (p *Published) list(ctx context.Context, repo *remote, desc ocispec.Descriptor) error {
	p.listing.Lock()
	defer p.listing.Unlock()
	return repo.listReferrer(ctx, p.Manifest.Digest, desc)
}

// listReferrer adds a manifest to the index of the referrers of a subject.
func (r *remote) listReferrer(ctx context.Context, subject digest.Digest, desc ocispec.Descriptor) error {
	tag := subject.Algorithm().String() + "-" + subject.Encoded()
	return r.client.retry(ctx, nil, func(ctx context.Context) error {
		index := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex}
		data, err := r.index(ctx, tag)
		switch {
		case hasStatus(err, http.StatusNotFound):
		case err != nil:
			return err
		default:
			if err := parseIndex(data, &index); err != nil {
				return err
			}
		}
		index.MediaType = ocispec.MediaTypeImageIndex // which that of the response was
		if slices.ContainsFunc(index.Manifests, func(d ocispec.Descriptor) bool { return d.Digest == desc.Digest }) {
			return nil
		}
		index.Manifests = append(index.Manifests, desc)
		if data, err = json.Marshal(index); err != nil {
			return &localError{nil, err}
		}
		listed := ocispec.Descriptor{MediaType: index.MediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
		if listed.Size > maxManifestBytes {
			return &localError{ErrTooLarge, errors.New("the index of referrers is full")}
		}
		_, _, err = r.putManifest(ctx, listed, data, tag, nil)
		if isSuccess(err) {
			if got, asked := r.resolve(ctx, tag); asked == nil && got.Digest == listed.Digest {
				return nil
			}
		}
		return err
	})
}

var errNoIndex = errors.New("the tag for the referrers does not point to an image index")

// index returns the content of the index under a tag, and fails if that is something else,
// which must not be replaced (distribution-spec v1.1, "Pushing Manifests with Subject").
func (r *remote) index(ctx context.Context, tag string) ([]byte, error) {
	q := r.manifestRequest(http.MethodGet, tag)
	q.header = http.Header{"Accept": {ocispec.MediaTypeImageIndex}}
	resp, err := r.ask(ctx, q, http.StatusOK)
	if err != nil {
		return nil, err
	}
	desc, err := describe(resp, tag)
	if err == nil && desc.MediaType != ocispec.MediaTypeImageIndex {
		err = &localError{nil, errNoIndex}
	}
	if err != nil {
		_ = resp.Body.Close() // not needed
		return nil, err
	}
	return readIndex(resp)
}

// Bounds on referrers. Registries fill each page up to 4 MiB.
const (
	maxPages     = 100
	maxReferrers = 100_000
)

// Referrers lists the artifacts of a type that refer to the published manifest, or all of
// them if the type is empty. It reads at most 100 pages of 4 MiB and 100,000 values each,
// with 100,000 artifacts in all; more are [ErrTooLarge].
//
// Errors are those of [Client.Resolve].
func (p *Published) Referrers(ctx context.Context, artifactType string) (found []ocispec.Descriptor, err error) {
	err = p.call(ctx, p.Manifest.Digest.String(), func(ctx context.Context, repo *remote) error {
		found, err = repo.referrers(ctx, p.Manifest.Digest)
		return err
	})
	return slices.DeleteFunc(found, func(d ocispec.Descriptor) bool { return artifactType != "" && d.ArtifactType != artifactType }), err
}

// referrers asks the API, and reads the index under the tag where there is none.
func (r *remote) referrers(ctx context.Context, subject digest.Digest) (all []ocispec.Descriptor, err error) {
	next := r.url("referrers/"+subject.String(), nil)
	for page := 0; next != nil; page++ {
		if page == maxPages {
			return nil, &localError{ErrTooLarge, errors.New("the list of referrers has too many pages")}
		}
		var index ocispec.Index
		err := r.client.retry(ctx, nil, func(ctx context.Context) (err error) {
			if index, next, err = r.referrersPage(ctx, next); r.hasNoReferrers(err) {
				return &finalError{err}
			}
			return err
		})
		switch {
		case err == nil && len(all)+len(index.Manifests) > maxReferrers:
			return nil, &localError{ErrTooLarge, errors.New("the list of referrers is too long")}
		case err == nil:
			all = append(all, index.Manifests...)
		case page == 0 && r.hasNoReferrers(err):
			return r.taggedReferrers(ctx, subject)
		default:
			return nil, err
		}
	}
	return all, nil
}

// hasNoReferrers reports whether err is the response of a registry without the API. GHCR
// redirects to its web site, which may respond that there were too many requests.
func (r *remote) hasNoReferrers(err error) bool {
	resp, responded := errors.AsType[*responseError](err)
	odd, isOdd := errors.AsType[*malformedError](err)
	switch {
	case isOdd:
		return odd.contentType == "text/html"
	case responded && resp.isPage() && !guard.SameOrigin(resp.from, r.client.server()):
		return resp.status < http.StatusInternalServerError
	}
	return hasStatus(err, http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotImplemented)
}

// taggedReferrers reads the index under the tag for the referrers, if there is one.
func (r *remote) taggedReferrers(ctx context.Context, subject digest.Digest) ([]ocispec.Descriptor, error) {
	var index ocispec.Index
	err := r.client.retry(ctx, nil, func(ctx context.Context) error {
		data, err := r.index(ctx, subject.Algorithm().String()+"-"+subject.Encoded())
		if err != nil {
			return err
		}
		return parseIndex(data, &index)
	})
	if hasStatus(err, http.StatusNotFound) {
		err = nil
	}
	return index.Manifests, err
}

// referrersPage returns a page of the referrers API, and the address of the next one, which
// has to be in the same repository, or nil.
func (r *remote) referrersPage(ctx context.Context, at *url.URL) (index ocispec.Index, next *url.URL, err error) {
	resp, err := r.ask(ctx, request{method: http.MethodGet, url: at}, http.StatusOK)
	if err != nil {
		return index, at, err // which another attempt asks for
	}
	if newResponseError(resp).isPage() {
		_ = resp.Body.Close() // not needed
		return index, at, malformed(resp, "not a list of referrers")
	}
	data, err := readIndex(resp)
	if err != nil {
		return index, at, err
	}
	if link := nextPage().FindStringSubmatch(resp.Header.Get("Link")); link != nil {
		next, err = at.Parse(link[1])
		if err != nil || next.Scheme != at.Scheme || next.Host != at.Host || next.Path != at.Path {
			return index, at, malformed(resp, "a page of referrers that leads elsewhere")
		}
	}
	err = parseIndex(data, &index) // before index is returned
	return index, next, err
}

// nextPage matches the link to the next page (distribution-spec v1.1, "Listing Referrers").
var nextPage = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<([^>]+)>\s*;\s*rel="?next"?`) })

func parseIndex(data []byte, index *ocispec.Index) error {
	err := strictjson.Unmarshal(data, index)
	switch {
	case errors.Is(err, strictjson.ErrTooComplex):
		return &localError{ErrTooLarge, err}
	case err != nil:
		return &localError{ErrCorrupt, err}
	}
	return nil
}

// readIndex reads the index in a response, and closes it.
func readIndex(resp *http.Response) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }() // only read from
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxManifestBytes+1))
	if err != nil {
		return nil, connectionError(err)
	}
	if len(data) > maxManifestBytes {
		return nil, &localError{ErrTooLarge, errors.New("the index of referrers is too large")}
	}
	return data, nil
}
