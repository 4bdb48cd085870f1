package registry_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// step returns options with one step.
func step(run func(context.Context, *registry.Published) error) registry.PushOptions {
	return registry.PushOptions{Steps: []registry.Step{{Name: "sign", Run: run}}}
}

var signature = registry.Attachment{
	ArtifactType: "application/vnd.example.signature",
	Layers:       []registry.AttachmentLayer{{MediaType: "text/plain", Content: []byte("signed")}},
	Annotations:  map[string]string{"by": "ci"},
}

func TestSteps(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	client := srv.client(t, registry.Options{})
	var order []string
	var attached ocispec.Descriptor
	opts := registry.PushOptions{Steps: []registry.Step{
		{Name: "sign", Run: func(ctx context.Context, p *registry.Published) (err error) {
			order = append(order, "sign")
			assert.Equal(t, a.Manifest.Digest, p.Manifest.Digest)
			assert.Equal(t, p.Manifest, p.Packed)
			assert.Equal(t, srv.host+"/"+repository, p.Repository)
			assert.Equal(t, []string{"v1", "latest"}, p.Tags)
			assert.Empty(t, srv.digestOf(t, "v1"), "a tag was set before the step")
			assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, a.Manifest.Digest.String()))
			attached, err = p.Attach(ctx, signature)
			return err
		}},
		{Name: "check", Run: func(ctx context.Context, p *registry.Published) error {
			order = append(order, "check")
			found, err := p.Referrers(ctx, signature.ArtifactType)
			require.NoError(t, err)
			require.Len(t, found, 1)
			assert.Equal(t, attached.Digest, found[0].Digest)
			none, err := p.Referrers(ctx, "application/vnd.example.sbom")
			require.NoError(t, err)
			assert.Empty(t, none)
			return p.Pull(ctx, new(packager.Store))
		}},
	}}
	var events []string
	opts.OnEvent = func(e registry.Event) {
		if e.Step != "" {
			events = append(events, e.Step)
		}
	}
	got, err := a.push(t, client, opts, "v1", "latest")
	require.NoError(t, err)
	assert.Equal(t, []string{"sign", "check"}, order)
	assert.Equal(t, order, events)
	assert.Equal(t, registry.PushResult{Manifest: a.Manifest}, got)
	srv.requireStored(t, a, "v1")
	srv.requireStored(t, a, "latest")

	order = nil
	got, err = a.push(t, client, opts, "v1")
	require.NoError(t, err)
	assert.True(t, got.Unchanged)
	assert.Empty(t, order, "a step was done although nothing changed")
}

// A push without steps makes no further request.
func TestPushWithoutSteps(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
	require.NoError(t, err)
	assert.NotContains(t, srv.requests(a), "PUT manifests/manifest")
}

func TestStepsThatFail(t *testing.T) {
	errStep := errors.New("no key")
	for _, tt := range []struct {
		name     string
		run      func(ctx context.Context, cancel context.CancelFunc, p *registry.Published) error
		is       error
		text     string
		attached int
	}{
		{"error", func(context.Context, context.CancelFunc, *registry.Published) error { return errStep }, errStep, "no key", 0},
		{"error after an attachment", func(ctx context.Context, _ context.CancelFunc, p *registry.Published) error {
			for range 2 {
				_, err := p.Attach(ctx, signature)
				require.NoError(t, err)
			}
			return errStep
		}, errStep, " (1 attached to it): no key", 1},
		{"panic", func(context.Context, context.CancelFunc, *registry.Published) error { panic("boom") }, nil, "panic: boom", 0},
		{"panic with an error", func(context.Context, context.CancelFunc, *registry.Published) error { panic(errStep) }, errStep, "panic: no key", 0},
		{"end of its goroutine", func(context.Context, context.CancelFunc, *registry.Published) error { runtime.Goexit(); return nil }, nil, "the step \"sign\" failed", 0},
		{"cancels", func(ctx context.Context, cancel context.CancelFunc, _ *registry.Published) error {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		}, context.Canceled, "", 0},
		{"blocks", func(_ context.Context, cancel context.CancelFunc, _ *registry.Published) error {
			cancel()
			select {}
		}, context.Canceled, "", 0},
		{"invalid attachment", func(ctx context.Context, _ context.CancelFunc, p *registry.Published) error {
			_, err := p.Attach(ctx, registry.Attachment{})
			return err
		}, registry.ErrInvalidOptions, "an attachment without a media type", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var published *registry.Published
			opts := step(func(ctx context.Context, p *registry.Published) error {
				published = p
				return tt.run(ctx, cancel, p)
			})
			_, err := srv.client(t, registry.Options{}).Push(ctx, a.store, a.Manifest, repository, []string{"v1"}, opts)
			require.Error(t, err)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
			require.ErrorContains(t, err, tt.text)
			assert.Empty(t, srv.digestOf(t, "v1"))
			if tt.text != "" {
				var failed *registry.StepError
				require.ErrorAs(t, err, &failed)
				assert.Equal(t, "sign", failed.Step)
				assert.Equal(t, a.Manifest.Digest, failed.Manifest)
				assert.Len(t, failed.Attached, tt.attached)
			}
			_, err = published.Attach(context.Background(), signature)
			assert.Error(t, err, "after the end of the step")
		})
	}
}

func TestStepErrorText(t *testing.T) {
	a := newArtifact(t, "first")
	err := &registry.StepError{Step: "sign", Manifest: a.Manifest.Digest, Err: errors.New("no key")}
	require.EqualError(t, err, fmt.Sprintf(`the step "sign" failed, and no tag was moved to the manifest %s: no key`, a.Manifest.Digest))
}

func TestInvalidSteps(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	nothing := func(context.Context, *registry.Published) error { return nil }
	for name, opts := range map[string]registry.PushOptions{
		"without a name":     {Steps: []registry.Step{{Run: nothing}}},
		"without a function": {Steps: []registry.Step{{Name: "sign"}}},
		"rule that is nil":   {TagRules: []registry.TagRule{nil}},
		"nil for some tags":  {TagRules: []registry.TagRule{registry.OnlyTags(nil, "v1")}},
		"tags for a digest":  {DigestOnly: true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := a.push(t, srv.client(t, registry.Options{}), opts, "v1")
			require.ErrorIs(t, err, registry.ErrInvalidOptions)
		})
	}
	assert.Empty(t, srv.requests(a))
}

// What happens to the manifest while a step runs is found before a tag is set.
func TestManifestIsLostDuringSteps(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	for _, readBack := range []bool{false, true} {
		opts := step(func(context.Context, *registry.Published) error {
			srv.fail(fault{"GET manifests/" + a.Manifest.Digest.String(), status(http.StatusNotFound, "MANIFEST_UNKNOWN")})
			return nil
		})
		opts.ReadBack = readBack
		_, err := a.push(t, srv.client(t, registry.Options{}), opts, "v1")
		require.ErrorIs(t, err, registry.ErrCorrupt)
		assert.Empty(t, srv.digestOf(t, "v1"))
	}
}

// A step that deletes the manifest fails the push.
func TestStepThatDeletesTheManifest(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	_, err := a.push(t, srv.client(t, registry.Options{}), step(func(ctx context.Context, p *registry.Published) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodDelete, srv.URL+"/v2/"+repository+"/manifests/"+p.Manifest.Digest.String(), nil)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusAccepted, response.StatusCode)
		return nil
	}), "v1")
	require.ErrorIs(t, err, registry.ErrCorrupt)
	assert.Empty(t, srv.digestOf(t, "v1"))
}

func TestReadBack(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault func(a artifact) fault
		is    error
	}{
		{"good", func(artifact) fault { return fault{"none", nil} }, nil},
		{"other manifest", func(a artifact) fault {
			return fault{"GET manifests/" + a.Manifest.Digest.String(), func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
				_, _ = w.Write([]byte("{}"))
			}}
		}, registry.ErrCorrupt},
		{"other layer", func(a artifact) fault {
			return fault{"GET blobs/" + a.Layer.Digest.String(), func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write(make([]byte, a.Layer.Size))
			}}
		}, registry.ErrCorrupt},
		{"no config", func(a artifact) fault {
			return fault{"GET blobs/" + a.Config.Digest.String(), status(http.StatusNotFound, "BLOB_UNKNOWN")}
		}, registry.ErrCorrupt},
		{"manifest by digest refused", func(a artifact) fault {
			return fault{"PUT manifests/" + a.Manifest.Digest.String(), status(http.StatusForbidden, "DENIED")}
		}, registry.ErrAuthRequired},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newArtifact(t, "first")
			srv := start(t, memregistry.Options{}, tt.fault(a))
			_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{ReadBack: true}, "v1")
			if tt.is == nil {
				require.NoError(t, err)
				srv.requireStored(t, a, "v1")
				return
			}
			require.ErrorIs(t, err, tt.is)
			assert.Empty(t, srv.digestOf(t, "v1"))
		})
	}
}

func TestDigestOnly(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	client := srv.client(t, registry.Options{})
	var events []registry.Event
	opts := registry.PushOptions{DigestOnly: true, OnEvent: func(e registry.Event) { events = append(events, e) }}
	got, err := a.push(t, client, opts)
	require.NoError(t, err)
	assert.Equal(t, registry.PushResult{Manifest: a.Manifest}, got)
	srv.requireStored(t, a, a.Manifest.Digest.String())
	require.NotEmpty(t, events)
	assert.Equal(t, registry.Event{Descriptor: a.Manifest, Bytes: a.Manifest.Size}, events[len(events)-1])
	srv.requests(a)

	got, err = a.push(t, client, opts)
	require.NoError(t, err)
	assert.Equal(t, registry.PushResult{Manifest: a.Manifest, Unchanged: true}, got)
	assert.ElementsMatch(t, []string{"GET manifests/manifest", "HEAD blobs/config", "HEAD blobs/layer"}, srv.requests(a))
}

// Without the referrers API, attachments are listed under a tag.
func TestAttachWithoutReferrersAPI(t *testing.T) {
	for _, missing := range []int{http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotImplemented} {
		t.Run(fmt.Sprint(missing), func(t *testing.T) { attachWithoutAPI(t, missing) })
	}
}

func attachWithoutAPI(t *testing.T, missing int) {
	t.Helper()
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	srv.fail(fault{"GET referrers/", status(missing, "")}, fault{"PUT manifests/", func(w http.ResponseWriter, r *http.Request) {
		srv.registry.ServeHTTP(withoutSubject{w}, r)
	}})
	opts := step(func(ctx context.Context, p *registry.Published) error {
		for _, by := range []string{"ci", "me", "ci"} {
			again := signature
			again.Annotations = map[string]string{"by": by}
			if _, err := p.Attach(ctx, again); err != nil {
				return err
			}
		}
		found, err := p.Referrers(ctx, signature.ArtifactType)
		require.NoError(t, err)
		require.Len(t, found, 2)
		assert.Equal(t, map[string]string{"by": "ci"}, found[0].Annotations)
		assert.Equal(t, map[string]string{"by": "me"}, found[1].Annotations)
		return nil
	})
	_, err := a.push(t, srv.client(t, registry.Options{}), opts, "v1")
	require.NoError(t, err)
	tag := "sha256-" + a.Manifest.Digest.Encoded()
	assert.NotEmpty(t, srv.digestOf(t, tag))
}

// withoutSubject removes the header by which a registry reports that it lists referrers.
type withoutSubject struct{ http.ResponseWriter }

func (w withoutSubject) WriteHeader(status int) {
	w.Header().Del("OCI-Subject")
	w.ResponseWriter.WriteHeader(status)
}

// A digest does not tell whether the steps were done, so they are done each time.
func TestStepsOfADigest(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	client := srv.client(t, registry.Options{})
	done, failing := 0, true
	opts := step(func(context.Context, *registry.Published) error {
		if done++; failing {
			return errors.New("no key")
		}
		return nil
	})
	opts.DigestOnly = true
	_, err := a.push(t, client, opts)
	require.Error(t, err)
	failing = false
	got, err := a.push(t, client, opts)
	require.NoError(t, err)
	assert.True(t, got.Unchanged)
	assert.Equal(t, 2, done)
}

// Referrers reads all pages.
func TestPagesOfReferrers(t *testing.T) {
	for _, tt := range []struct {
		name  string
		link  string
		found int
		is    error
	}{
		{"two pages", `<?page=2>; rel="next"`, 2, nil},
		{"absolute path", `</v2/apps/demo/referrers/DIGEST?page=2>; rel=next`, 2, nil},
		{"another repository", `</v2/apps/other/referrers/DIGEST>; rel="next"`, 0, registry.ErrNotRegistry},
		{"another host", `<http://192.0.2.1/v2/apps/demo/referrers/DIGEST>; rel="next"`, 0, registry.ErrNotRegistry},
		{"no end", `<?page=1>; rel="next"`, 0, registry.ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
			srv.fail(fault{"GET referrers/", func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
				if r.URL.Query().Get("page") != "2" {
					w.Header().Set("Link", strings.ReplaceAll(tt.link, "DIGEST", a.Manifest.Digest.String()))
				}
				_ = json.NewEncoder(w).Encode(ocispec.Index{Manifests: []ocispec.Descriptor{a.Config}})
			}})
			_, err := a.push(t, srv.client(t, registry.Options{}), step(func(ctx context.Context, p *registry.Published) error {
				found, err := p.Referrers(ctx, "")
				assert.Len(t, found, tt.found)
				return err
			}), "v1")
			if tt.is == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tt.is)
		})
	}
}

// Distribution 2.8 refuses a manifest for a moment while another client puts the same one.
func TestManifestIsRefusedForAMoment(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	srv.fail(fault{"PUT manifests/v1", srv.once(status(http.StatusBadRequest, "DIGEST_INVALID"))})
	_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
	require.NoError(t, err)
	srv.requireStored(t, a, "v1")
}
