package registry_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// told is a refusal with a detail.
func told(status int, code, message, detail string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q,"detail":%s}]}`, code, message, detail)
	}
}

// refusedMoves are the ways in which registries refuse to move a tag. Those of ECR, Nexus
// and Harbor are from reports; the others are supposed.
var refusedMoves = []struct {
	name    string
	handler http.HandlerFunc
	status  int
	text    string
	hint    string
}{
	{"ECR", refusal(400, "TAG_INVALID", "The image tag 'v1' already exists and cannot be overwritten because the tag is immutable."), 400,
		"status 400, TAG_INVALID: The image tag 'v1' already exists and cannot be overwritten because the tag is immutable.", hintImmutable},
	{"Nexus", told(400, "BLOB_UPLOAD_INVALID", "blob upload invalid", `"Repository does not allow updating assets: docker"`), 400,
		"status 400, BLOB_UPLOAD_INVALID: blob upload invalid: Repository does not allow updating assets: docker", hintMayBeImmutable},
	{"Harbor", refusal(412, "PRECONDITION", "configured as immutable"), 412, "status 412, PRECONDITION: configured as immutable", hintImmutable},
	{"409 of another program", page(409), 409, "status 409, Conflict", hintImmutable},
	{"zot", refusal(409, "MANIFEST_INVALID", "tag exists"), 409, "status 409, MANIFEST_INVALID: tag exists", hintImmutable},
	{"Artifact Registry", told(400, "MANIFEST_INVALID", "", `"cannot update tag v1"`), 400, "status 400, MANIFEST_INVALID: cannot update tag v1", hintMayBeImmutable},
	{"unknown", refusal(400, "UNKNOWN", "no"), 400, "status 400, UNKNOWN: no", hintMayBeImmutable},
	{"400 denied", refusal(400, "DENIED", "no"), 400, "status 400, DENIED: no", hintMayBeImmutable},
	{"Docker Hub", refusal(403, "DENIED", "requested access to the resource is denied"), 403,
		"status 403, DENIED: requested access to the resource is denied", hintMayBeImmutable},
	{"detail like the message", told(403, "DENIED", "protected", `"protected"`), 403, "status 403, DENIED: protected", hintMayBeImmutable},
	{"detail of another form", told(403, "DENIED", "protected", `{"tag":"v1"}`), 403, "status 403, DENIED: protected", hintMayBeImmutable},
}

const (
	hintImmutable      = "push under another tag: the registry does not let this one be moved"
	hintMayBeImmutable = "push under another tag if the registry does not let this one be moved; otherwise its message gives the reason"
)

// The refusal of a tag that points to another manifest is a conflict, in the words of the
// registry.
func TestRefusalToMoveATag(t *testing.T) {
	old, a := newArtifact(t, "old"), newArtifact(t, "demo")
	for _, tt := range refusedMoves {
		t.Run(tt.name, func(t *testing.T) {
			srv := stored(t, old, fault{"PUT manifests/", tt.handler})
			for _, opts := range []registry.PushOptions{{}, {Force: true}} {
				_, err := a.push(t, srv.client(t, registry.Options{Credential: ci}), opts, "v1")
				failed := requireKind(t, err, registry.ErrTagConflict)
				require.EqualError(t, err, "push to "+srv.host+"/"+repository+":v1: tag exists with other content: "+tt.text)
				assert.Equal(t, tt.status, failed.StatusCode)
				assert.Equal(t, tt.hint, failed.Hint())
				assert.False(t, failed.Retryable())
				var conflict *registry.TagConflictError
				require.ErrorAs(t, err, &conflict)
				assert.Equal(t, registry.TagConflictError{Tag: "v1", Have: old.Manifest.Digest, Want: a.Manifest.Digest}, *conflict)
			}
		})
	}
}

// The refusal of a tag that does not exist is none.
func TestRefusalOfANewTag(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, tt := range refusedMoves {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, memregistry.Options{}, fault{"PUT manifests/", tt.handler})
			_, err := a.push(t, srv.client(t, registry.Options{Credential: ci}), registry.PushOptions{}, "v1")
			want := registry.ErrInvalid
			if tt.status == http.StatusForbidden {
				want = registry.ErrPermissionDenied
			}
			requireKind(t, err, want)
			assert.Contains(t, err.Error(), tt.text)
		})
	}
}

// Another push may set the tag after the lookup: the registry is asked again.
func TestRefusalOfATagThatIsSetMeanwhile(t *testing.T) {
	old, a := newArtifact(t, "old"), newArtifact(t, "demo")
	for _, first := range []artifact{old, a} {
		srv := start(t, memregistry.Options{})
		other := newClient(t, "localhost", registry.Options{Transport: inProcess{srv.registry}})
		srv.fail(fault{"PUT manifests/", func(w http.ResponseWriter, r *http.Request) {
			_, err := first.push(t, other, registry.PushOptions{}, "v1")
			assert.NoError(t, err)
			refusal(409, "TAG_IMMUTABLE", "too late")(w, r)
		}})
		_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
		if first.Manifest.Digest == a.Manifest.Digest {
			require.NoError(t, err, "the tag points to this manifest")
			continue
		}
		requireKind(t, err, registry.ErrTagConflict)
	}
}

// If the registry does not tell where tags point, its status decides.
func TestRefusalOfATagThatCannotBeLookedUp(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, tt := range []struct {
		handler http.HandlerFunc
		kind    error
	}{
		{refusal(412, "PRECONDITION", "configured as immutable"), registry.ErrTagConflict},
		{refusal(400, "TAG_INVALID", "immutable"), registry.ErrTagConflict},
		{refusal(400, "MANIFEST_INVALID", "no"), registry.ErrInvalid},
		{refusal(403, "DENIED", "no"), registry.ErrAuthRequired},
	} {
		denied := status(403, "DENIED")
		srv := start(t, memregistry.Options{}, fault{"GET manifests/", denied}, fault{"HEAD manifests/", denied}, fault{"PUT manifests/", tt.handler})
		_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
		requireKind(t, err, tt.kind)
	}
}

// A denial before anything was accepted is about the credential.
func TestDenialThatIsNoRefusalToMoveATag(t *testing.T) {
	a, old := newArtifact(t, "demo"), newArtifact(t, "old")
	srv := stored(t, a)
	_, err := srv.client(t, registry.Options{}).Push(t.Context(), old.store, old.Manifest, repository, []string{"v2"}, registry.PushOptions{})
	require.NoError(t, err)
	srv.fail(fault{"PUT manifests/", refusal(403, "DENIED", "read only")})
	_, err = a.push(t, srv.client(t, registry.Options{Credential: ci}), registry.PushOptions{AssumeBlobs: true}, "v1", "v2")
	requireKind(t, err, registry.ErrPermissionDenied)
}
