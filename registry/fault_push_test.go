package registry_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/faults"
	"github.com/kubeoci/oci/registry"
)

// steps are the requests that every push makes.
var steps = []faults.Kind{faults.Token, faults.ManifestGet, faults.UploadOpen, faults.UploadPut, faults.ManifestPut}

func TestPushOutlastsFaults(t *testing.T) {
	for _, kind := range steps {
		for _, tt := range passing {
			if tt.attempts() == 2 && kind == faults.UploadOpen {
				continue // the second request names no blob, and is the first of its kind again
			}
			t.Run(fmt.Sprint(kind, " ", tt.fault.Name), func(t *testing.T) {
				rules := []faults.Rule{{On: on(kind), First: min(2, tt.attempts()-1), Do: tt.fault}}
				inFaults(t, private, 0, rules, func(t *testing.T, f *faulty) {
					a := newArtifact(t, "demo")
					began := time.Now()
					_, err := a.push(t, f.client(t, registry.Options{}), registry.PushOptions{}, "v1")
					require.NoError(t, err)
					assert.LessOrEqual(t, time.Since(began), tt.within)
					assert.True(t, f.happened(tt.fault))
					assert.True(t, requireTag(t, f.past, a, "v1"))
				})
			})
		}
	}
}

func TestPushGivesUp(t *testing.T) {
	for _, kind := range steps {
		for _, tt := range passing {
			t.Run(fmt.Sprint(kind, " ", tt.fault.Name), func(t *testing.T) {
				rules := []faults.Rule{{On: on(kind), Do: tt.fault}}
				inFaults(t, private, 0, rules, func(t *testing.T, f *faulty) {
					a := newArtifact(t, "demo")
					began := time.Now()
					_, err := a.push(t, f.client(t, registry.Options{}), registry.PushOptions{}, "v1")
					assert.LessOrEqual(t, time.Since(began), tt.within)
					done := tt.fault.Name == faults.CutResponse().Name && (kind == faults.UploadPut || kind == faults.ManifestPut)
					if done { // and the client finds out
						require.NoError(t, err)
					} else {
						requireKind(t, err, tt.kind)
						assert.GreaterOrEqual(t, f.count(kind), tt.attempts())
					}
					assert.Equal(t, done, requireTag(t, f.past, a, "v1"))
				})
			})
		}
	}
}

// Faults with an outcome of their own. No error means success.
func TestPushMeetsFaults(t *testing.T) {
	a := newArtifact(t, "demo")
	size := func(more int64) func(string) int64 {
		return func(about string) int64 {
			if about == a.Config.Digest.String() {
				return a.Config.Size + more
			}
			return a.Layer.Size + more
		}
	}
	const elsewhere = "http://192.0.2.1"
	foreign := faults.Location("foreign place", func(_ *http.Request, place *url.URL) string { return elsewhere + place.RequestURI() })
	lost := faults.Status(404, "BLOB_UPLOAD_UNKNOWN")
	for _, tt := range []struct {
		name  string
		opts  registry.Options
		want  error
		rules []faults.Rule
	}{
		{"a lost upload", registry.Options{}, nil, []faults.Rule{{On: on(faults.UploadPut), First: 2, Do: lost}}},
		{"an upload that is lost each time", registry.Options{}, registry.ErrNotFound, []faults.Rule{{On: on(faults.UploadPut), Do: lost}}},
		{"a HEAD that claims a missing blob", registry.Options{}, nil, []faults.Rule{
			{On: on(faults.UploadPut), First: 1, Do: faults.CutBody(5)},
			{On: on(faults.BlobHead), Do: faults.Claim(size(0))},
			{On: on(faults.ManifestPut), First: 1, Do: faults.Status(404, "MANIFEST_BLOB_UNKNOWN")},
		}},
		{"a HEAD of another size", registry.Options{}, nil, []faults.Rule{
			{On: on(faults.UploadPut), First: 1, Do: faults.CutBody(5)},
			{On: on(faults.BlobHead), Do: faults.Claim(size(1))},
		}},
		{"a HEAD that denies an existing blob", registry.Options{}, nil, []faults.Rule{
			{On: on(faults.UploadPut), First: 1, Do: faults.CutResponse()},
			{On: on(faults.BlobHead), Do: faults.Status(404, "BLOB_UNKNOWN")},
		}},
		{"a tag that is set in secret", registry.Options{}, nil, []faults.Rule{
			{On: on(faults.ManifestPut), First: 1, Do: faults.CutResponse()},
			{On: on(faults.ManifestHead), Do: faults.Status(404, "MANIFEST_UNKNOWN")},
		}},
		{"another digest in the response", registry.Options{}, nil, []faults.Rule{{On: on(faults.ManifestPut), Do: digestHeader}}},
		{"no digest in the response", registry.Options{}, nil, []faults.Rule{{On: on(faults.ManifestPut), Do: faults.Header("Docker-Content-Digest", "")}}},
		{"another digest everywhere", registry.Options{}, registry.ErrTagConflict, []faults.Rule{{On: on(faults.ManifestPut, faults.ManifestHead), Do: digestHeader}}},
		{"a relative location", registry.Options{}, nil, []faults.Rule{
			{On: on(faults.UploadOpen), Do: faults.Location("relative", func(_ *http.Request, place *url.URL) string { return place.RequestURI() })},
		}},
		{"an absolute location", registry.Options{}, nil, []faults.Rule{
			{On: on(faults.UploadOpen), Do: faults.Location("absolute", func(r *http.Request, place *url.URL) string { return "http://" + r.Host + place.RequestURI() })},
		}},
		{"a foreign location", registry.Options{}, registry.ErrUnsupported, []faults.Rule{{On: on(faults.UploadOpen), Do: foreign}}},
		{"a foreign location by permission", registry.Options{AllowCrossOriginUploads: true}, nil, []faults.Rule{{On: on(faults.UploadOpen), Do: foreign}}},
		{"an invalid location", registry.Options{}, registry.ErrNotRegistry, []faults.Rule{{On: on(faults.UploadOpen), Do: faults.Header("Location", "")}}},
		{"a page for a tag", registry.Options{}, nil, []faults.Rule{{On: on(faults.ManifestGet), Do: faults.Page()}}},
		{"a page for an upload", registry.Options{}, registry.ErrNotRegistry, []faults.Rule{{On: on(faults.UploadOpen), Do: faults.Page()}}},
		{"a page for a blob", registry.Options{}, registry.ErrNotRegistry, []faults.Rule{{On: on(faults.UploadPut), Do: faults.Page()}}},
		{"a page for a manifest", registry.Options{}, registry.ErrNotRegistry, []faults.Rule{{On: on(faults.ManifestPut), Do: faults.Page()}}},
		{"a redirect of a tag", registry.Options{}, nil, []faults.Rule{{On: on(faults.ManifestGet), First: 1, Do: faults.Redirect(elsewhere)}}},
		{"a redirect of an upload", registry.Options{}, registry.ErrNotRegistry, []faults.Rule{{On: on(faults.UploadOpen), Do: faults.Redirect(elsewhere)}}},
		{"a redirect of a blob", registry.Options{}, registry.ErrNotRegistry, []faults.Rule{{On: on(faults.UploadPut), Do: faults.Redirect(elsewhere)}}},
		{"a redirect of a manifest", registry.Options{}, registry.ErrNotRegistry, []faults.Rule{{On: on(faults.ManifestPut), Do: faults.Redirect(elsewhere)}}},
		{"a loop of tags", registry.Options{}, nil, []faults.Rule{{On: on(faults.ManifestGet), Do: faults.Redirect("")}}},
		{"a loop of uploads", registry.Options{}, registry.ErrNotRegistry, []faults.Rule{{On: on(faults.UploadOpen), Do: faults.Redirect("")}}},
		{"a loop of blobs", registry.Options{}, registry.ErrNotRegistry, []faults.Rule{{On: on(faults.UploadPut), Do: faults.Redirect("")}}},
		{"slow answers", registry.Options{}, nil, []faults.Rule{{Do: faults.Slow(100 * time.Millisecond)}}},
		{"no room", registry.Options{}, registry.ErrTooLarge, []faults.Rule{{On: on(faults.UploadPut), Do: faults.Status(413, "")}}},
		{"a conflict about a new tag", registry.Options{}, registry.ErrInvalid, []faults.Rule{{On: on(faults.ManifestPut), Do: faults.Status(409, "TAG_IMMUTABLE")}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFaults(t, memregistry.Options{}, 0, tt.rules, func(t *testing.T, f *faulty) {
				_, err := a.push(t, f.client(t, tt.opts), registry.PushOptions{}, "v1")
				requireOutcome(t, err, tt.want)
				exists := requireTag(t, f.past, a, "v1")
				if tt.want == nil {
					assert.True(t, exists)
				}
				for _, rule := range tt.rules {
					assert.True(t, f.happened(rule.Do), rule)
				}
			})
		})
	}
}

var digestHeader = faults.Header("Docker-Content-Digest", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

// requireOutcome asserts success for nil, and that kind of error otherwise.
func requireOutcome(t *testing.T, err, want error) {
	t.Helper()
	if want == nil {
		require.NoError(t, err)
		return
	}
	requireKind(t, err, want)
}

// The query of an upload location is often a signature.
func TestPushKeepsTheQueryOfAnUpload(t *testing.T) {
	const query = "?_state=a%2Fb%3D&x=1%20+2&x&~"
	rules := []faults.Rule{{On: on(faults.UploadOpen), Do: faults.Location("query", func(_ *http.Request, place *url.URL) string {
		return place.Path + query
	})}}
	inFaults(t, private, 0, rules, func(t *testing.T, f *faulty) {
		a := newArtifact(t, "demo")
		_, err := a.push(t, f.client(t, registry.Options{}), registry.PushOptions{}, "v1")
		require.NoError(t, err)
		for _, seen := range f.Seen() {
			if seen.Kind == faults.UploadPut {
				assert.Contains(t, seen.URI, query+"&digest=sha256%3A")
			}
		}
		assert.Equal(t, 2, f.count(faults.UploadPut))
	})
}

// A registry that sends a byte now and then is not waited for.
func TestPushIsNotHeldUpByATrickle(t *testing.T) {
	rules := []faults.Rule{{On: on(faults.ManifestGet), Do: faults.Slow(20 * time.Second)}}
	inFaults(t, private, 0, rules, func(t *testing.T, f *faulty) {
		stored, a := newArtifact(t, "stored"), newArtifact(t, "demo")
		_, err := stored.push(t, f.past, registry.PushOptions{}, "v1")
		require.NoError(t, err)
		began := time.Now()
		_, err = a.push(t, f.client(t, registry.Options{}), registry.PushOptions{}, "v1")
		requireKind(t, err, registry.ErrUnreachable)
		assert.LessOrEqual(t, time.Since(began), time.Minute)
		assert.True(t, requireTag(t, f.past, stored, "v1"))
	})
}

// The error after a time-out names the last failure.
func TestPushReportsTheLastFailure(t *testing.T) {
	for _, kind := range steps {
		t.Run(string(kind), func(t *testing.T) {
			inFaults(t, private, 0, []faults.Rule{{On: on(kind), Do: faults.Silence()}}, func(t *testing.T, f *faulty) {
				a, began := newArtifact(t, "demo"), time.Now()
				_, err := a.push(t, f.client(t, registry.Options{Timeout: 45 * time.Second}), registry.PushOptions{}, "v1")
				requireKind(t, err, registry.ErrUnreachable)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				last := "nothing moved for 30s"
				if kind == faults.Token {
					last = "the token service at localhost/token: " + last
				}
				assert.Contains(t, err.Error(), "not done within 45s; before that: registry unreachable: "+last)
				assert.LessOrEqual(t, time.Since(began), 46*time.Second)
			})
		})
	}
}
