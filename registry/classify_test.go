package registry_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

// brokenSource returns the wrong bytes for the layer.
type brokenSource struct {
	content.ReadOnlyStorage
	layer ocispec.Descriptor
	bytes io.Reader
}

func (s brokenSource) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	if desc.Digest == s.layer.Digest {
		return io.NopCloser(s.bytes), nil
	}
	return s.ReadOnlyStorage.Fetch(ctx, desc)
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

// The connection breaks too when the source fails, but that is not the cause.
func TestPushOfASourceThatFails(t *testing.T) {
	errWorn := errors.New("the disk is worn out")
	for _, tt := range []struct {
		name  string
		bytes io.Reader
		want  error
	}{
		{"an error in the middle", io.MultiReader(strings.NewReader("abc"), failingReader{errWorn}), errWorn},
		{"too few bytes", strings.NewReader("abc"), io.ErrUnexpectedEOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newArtifact(t, "demo")
			srv := start(t, memregistry.Options{})
			source := brokenSource{a.store, a.Layer, tt.bytes}
			_, err := srv.client(t, registry.Options{}).Push(t.Context(), source, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
			requireKind(t, err, nil)
			require.ErrorIs(t, err, tt.want)
		})
	}
}

func TestPullOverAConnectionThatIsCut(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, step := range []string{"GET manifests/", "GET blobs/"} {
		t.Run(step, func(t *testing.T) {
			srv := stored(t, a, fault{step, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
				_, _ = io.WriteString(w, "{")
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}})
			_, err := srv.client(t, registry.Options{}).Pull(t.Context(), repository, "v1", new(packager.Store), registry.PullOptions{})
			requireKind(t, err, registry.ErrUnreachable)
		})
	}
}

func TestPullOfAnIndex(t *testing.T) {
	srv := start(t, memregistry.Options{}, fault{"GET manifests/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
		w.Header().Set("Content-Length", "2")
		w.Header().Set("Docker-Content-Digest", "sha256:"+strings.Repeat("0", 64))
	}})
	_, err := srv.client(t, registry.Options{}).Pull(t.Context(), repository, "v1", new(packager.Store), registry.PullOptions{})
	requireKind(t, err, registry.ErrUnsupported)
	assert.Contains(t, err.Error(), ocispec.MediaTypeImageIndex)
}

func TestResolveAtAWebPage(t *testing.T) {
	srv := start(t, memregistry.Options{}, fault{"", page(http.StatusOK)})
	_, err := srv.client(t, registry.Options{}).Resolve(t.Context(), repository, "v1")
	requireKind(t, err, registry.ErrNotRegistry)
}

func TestPushToARegistryThatNamesNoLocation(t *testing.T) {
	srv := start(t, memregistry.Options{}, fault{"POST", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }})
	_, err := newArtifact(t, "demo").push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
	requireKind(t, err, registry.ErrNotRegistry)
}

// A refused credential is denied, whether or not the registry asked for one.
func TestRefusalWithoutChallenge(t *testing.T) {
	srv := start(t, memregistry.Options{}, fault{"POST", status(http.StatusForbidden, "DENIED")})
	requireKind(t, srv.client(t, registry.Options{Credential: ci}).VerifyAccess(t.Context(), repository), registry.ErrPermissionDenied)
	requireKind(t, srv.client(t, registry.Options{}).VerifyAccess(t.Context(), repository), registry.ErrAuthRequired)
}

// An error of a CredentialFunc is not an error of the registry.
func TestErrorOfACredentialFuncIsNotTheRegistrys(t *testing.T) {
	for _, inner := range []error{
		&registry.Error{Op: "resolve", Reference: "vault.example.com/keys", Kind: registry.ErrNotFound},
		&errcode.ErrorResponse{Method: http.MethodGet, URL: new(url.URL), StatusCode: http.StatusForbidden},
		&url.Error{Op: "Get", Err: io.ErrUnexpectedEOF},
		errdef.ErrNotFound,
	} {
		srv := start(t, memregistry.Options{Users: users})
		client := srv.client(t, registry.Options{CredentialFunc: func(context.Context, string) (registry.Credential, error) {
			return registry.Credential{}, inner
		}})
		err := client.VerifyAccess(t.Context(), repository)
		failed, ok := err.(*registry.Error)
		require.True(t, ok, "%T", err)
		assert.Equal(t, "verify access to", failed.Op)
		assert.NoError(t, failed.Kind)
		assert.Zero(t, failed.StatusCode)
		require.ErrorIs(t, err, inner)
	}
}

func TestRefIsATagOrADigest(t *testing.T) {
	srv := start(t, memregistry.Options{})
	for _, tt := range []struct {
		ref  string
		want error
	}{
		{"sha256:abc", reference.ErrInvalidDigest},
		{"sha384:" + strings.Repeat("0", 96), reference.ErrInvalidDigest},
		{".hidden", reference.ErrInvalidTag},
	} {
		_, err := srv.client(t, registry.Options{}).Resolve(t.Context(), repository, tt.ref)
		require.ErrorIs(t, err, tt.want, tt.ref)
	}
	assert.Zero(t, srv.count(""))
}

// A hint that advises another attempt belongs to an error that is retryable.
func TestHintOfAServerFailure(t *testing.T) {
	for status := 500; status <= 511; status++ {
		srv := start(t, memregistry.Options{}, fault{"POST", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }})
		err := requireError(t, srv.client(t, registry.Options{Retry: once}).VerifyAccess(t.Context(), repository))
		assert.Equal(t, err.Retryable(), err.Hint() == "try again later", "%d: %s", status, err.Hint())
	}
}

func TestTextOfAResponse(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"unknown status", 520, "", "status 520"},
		{"known status", 503, "", "status 503, Service Unavailable"},
		{"an empty error", 500, `{"errors":[{}]}`, "status 500, Internal Server Error"},
		{"no code", 500, `{"errors":[{"message":"oops"}]}`, "status 500, oops"},
		{"no message", 500, `{"errors":[{"code":"OOPS"}]}`, "status 500, OOPS"},
		{"invisible characters", 500, `{"errors":[{"code":"X","message":"a\u2028b\u202ec"}]}`, "status 500, X: a b c"},
		{"a code that goes on", 500, `{"errors":[{"code":"` + strings.Repeat("D", 300) + `"}]}`, "status 500, " + strings.Repeat("D", 64) + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, memregistry.Options{}, fault{"POST", func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}})
			err := srv.client(t, registry.Options{}).VerifyAccess(t.Context(), repository)
			assert.EqualError(t, err, "verify access to "+srv.host+"/apps/demo: registry failed: "+tt.want)
		})
	}
}

// The subject of a signature is a manifest, not a blob, and is not copied.
func TestSubjectIsNotCopied(t *testing.T) {
	a := newArtifact(t, "demo")
	subject := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, []byte("{}"))
	data, err := json.Marshal(ocispec.Manifest{
		MediaType: ocispec.MediaTypeImageManifest, Config: a.Config, Layers: []ocispec.Descriptor{a.Layer}, Subject: &subject,
	})
	require.NoError(t, err)
	desc := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, data)
	require.NoError(t, a.store.Push(t.Context(), desc, bytes.NewReader(data)))

	srv := start(t, memregistry.Options{})
	client := srv.client(t, registry.Options{})
	_, err = client.Push(t.Context(), a.store, desc, repository, []string{"v1"}, registry.PushOptions{})
	require.NoError(t, err)
	assert.Equal(t, 2, srv.count("PUT blobs/"))
	pulled, err := client.Pull(t.Context(), repository, "v1", new(packager.Store), registry.PullOptions{})
	require.NoError(t, err)
	assert.Equal(t, desc.Digest, pulled.Digest)
}

func TestPushOfAnotherMediaType(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, mediaType := range []string{ocispec.MediaTypeImageIndex, "application/x-foo", ""} {
		desc := a.Manifest
		desc.MediaType = mediaType
		srv := start(t, memregistry.Options{})
		_, err := srv.client(t, registry.Options{}).Push(t.Context(), a.store, desc, repository, []string{"v1"}, registry.PushOptions{})
		requireKind(t, err, registry.ErrUnsupported)
		assert.Equal(t, []string{"GET manifests/v1"}, srv.requests(a))
	}
}

// The digest alone decides whether a tag is in the way, even if the size is wrong.
func TestImmutableTagsOfTheSameDigest(t *testing.T) {
	a := newArtifact(t, "demo")
	srv := stored(t, a, fault{"GET manifests/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex) // so it is not read
		w.Header().Set("Content-Length", "0")
		w.Header().Set("Docker-Content-Digest", a.Manifest.Digest.String())
	}})
	_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{ImmutableTags: true}, "v1")
	require.NoError(t, err)
}

// Docker writes a user name without a password beside a token.
func TestDockerConfigurationWithATokenBesideAName(t *testing.T) {
	for _, tt := range []struct{ name, entry, sent string }{
		{"identity token", `"identitytoken":"` + password + `"`, "POST /token"},
		{"registry token", `"registrytoken":"` + password + `"`, "POST blobs/uploads/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, memregistry.Options{Users: users, Bearer: true}, fault{"POST /token", status(http.StatusUnauthorized, "UNAUTHORIZED")})
			name := base64.StdEncoding.EncodeToString([]byte("00000000-0000-0000-0000-000000000000:"))
			config := writeConfig(t, `{"auths":{%q:{"auth":"`+name+`",`+tt.entry+`}}}`, srv.host)
			err := srv.client(t, registry.Options{DockerConfig: config}).VerifyAccess(t.Context(), repository)
			requireKind(t, err, registry.ErrPermissionDenied)
			assert.Positive(t, srv.count(tt.sent))
		})
	}
}

// A token from a file often has an invisible newline.
func TestTokenWithANewline(t *testing.T) {
	for _, cred := range []registry.Credential{{AccessToken: password + "\n"}, {IdentityToken: password + "\r\n"}} {
		_, err := registry.NewClient("ghcr.io", registry.Options{Credential: cred})
		require.ErrorIs(t, err, registry.ErrInvalidCredential)
		requireNothingSecretIn(t, err)
	}
	_, err := registry.NewClient("ghcr.io", registry.Options{UserAgent: "a\nb"})
	require.ErrorIs(t, err, registry.ErrInvalidOptions)
}
