package registry_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// Nothing is sent while packing if a rule may refuse the artifact, or if the registry may
// have it under its digest.
func TestNothingIsSentEarlyBeforeADecision(t *testing.T) {
	refuse := func(context.Context, registry.TagMove) (string, error) { return "it is Friday", nil }
	for _, tt := range []struct {
		name string
		opts registry.PushOptions
		tags []string
		is   error
	}{
		{"rule", registry.PushOptions{TagRules: []registry.TagRule{refuse}}, []string{"v1"}, registry.ErrTagConflict},
		{"digest only", registry.PushOptions{DigestOnly: true}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, a := start(t, memregistry.Options{}), newBigArtifact(t, "demo")
			client := srv.client(t, registry.Options{})
			_, err := a.push(t, client, registry.PushOptions{DigestOnly: true})
			require.NoError(t, err)
			srv.requests(a)
			packing := a.slowPacking()
			go packing.pack(t, a)
			result, err := a.pushWhilePacking(t, client, packing.Packing, tt.opts, tt.tags...)
			require.ErrorIs(t, err, tt.is)
			assert.Equal(t, tt.is == nil, result.Unchanged)
			for _, request := range srv.requests(a) {
				assert.NotContains(t, request, http.MethodPost)
			}
		})
	}
}

// A caller learns what a push has left behind, also if it ran out of time.
func TestTimeoutsNameWhatWasDone(t *testing.T) {
	wait := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	waiting := func(ctx context.Context, move registry.TagMove) (string, error) {
		if move.Tag != "v2" {
			return "", nil
		}
		return "", wait(ctx)
	}
	for _, tt := range []struct {
		name string
		opts registry.PushOptions
		text string
		is   func(error) bool
	}{
		{"step", step(func(ctx context.Context, _ *registry.Published) error { return wait(ctx) }), `the step "sign" failed`, isA[*registry.StepError]},
		{"rule", registry.PushOptions{TagRules: []registry.TagRule{waiting}}, "a rule for the tag v2 failed", isA[*registry.TagRuleError]},
		{"tag", registry.PushOptions{}, "(tags that were set: v1; not set: v2)", isA[*registry.TagsError]},
	} {
		for _, cancelled := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.name, " cancelled=", cancelled), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a, handler := newArtifact(t, "first"), memregistry.Handler(memregistry.Options{})
					client := newClient(t, "localhost", registry.Options{Timeout: 10 * time.Second, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
						if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/v2") {
							return nil, wait(r.Context())
						}
						return inProcess{handler}.RoundTrip(r)
					})})
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					if cancelled {
						time.AfterFunc(time.Second, cancel)
					}
					_, err := client.Push(ctx, a.store, a.Manifest, repository, []string{"v1", "v2"}, tt.opts)
					failed := requireError(t, err)
					assert.True(t, tt.is(err), "%v", err)
					require.ErrorContains(t, err, tt.text)
					assert.Equal(t, !cancelled, failed.Retryable())
					if cancelled {
						require.ErrorIs(t, err, context.Canceled)
						return
					}
					require.ErrorIs(t, err, context.DeadlineExceeded)
					require.ErrorContains(t, err, "not done within 10s")
					assert.Equal(t, tt.name == "tag", errors.Is(err, registry.ErrUnreachable))
				})
			})
		}
	}
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// A failure of the registry in a step or rule has the facts that it has elsewhere.
func TestFactsOfFailuresInSteps(t *testing.T) {
	for _, tt := range []struct {
		name      string
		fault     http.HandlerFunc
		kind      error
		status    int
		retryable bool
		hint      string
	}{
		{"may pass", status(http.StatusServiceUnavailable, "UNAVAILABLE"), registry.ErrServer, http.StatusServiceUnavailable, true, "try again later"},
		{"too large", status(http.StatusRequestEntityTooLarge, "SIZE_INVALID"), registry.ErrTooLarge, http.StatusRequestEntityTooLarge, false, "push less, or raise the limit of the registry or of the proxy in front of it"},
	} {
		for _, inStep := range []bool{true, false} {
			t.Run(fmt.Sprint(tt.name, " step=", inStep), func(t *testing.T) {
				srv, a := start(t, memregistry.Options{}, fault{"PUT manifests/", tt.fault}), newArtifact(t, "first")
				elsewhere, client := srv.client(t, registry.Options{}), start(t, memregistry.Options{}).client(t, registry.Options{})
				push := func() error { _, err := a.push(t, elsewhere, registry.PushOptions{}, "v2", "v3"); return err }
				opts := step(func(context.Context, *registry.Published) error { return push() })
				is := isA[*registry.StepError]
				if !inStep {
					opts = registry.PushOptions{TagRules: []registry.TagRule{func(context.Context, registry.TagMove) (string, error) { return "", push() }}}
					is = isA[*registry.TagRuleError]
				}
				_, err := a.push(t, client, opts, "v1")
				failed := requireError(t, err)
				assert.True(t, is(err), "%v", err)
				assert.Equal(t, tt.kind, failed.Kind)
				assert.Equal(t, tt.status, failed.StatusCode)
				assert.Equal(t, tt.retryable, failed.Retryable())
				assert.Equal(t, tt.hint, failed.Hint())
			})
		}
	}
}

func TestHintForARule(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	refuse := func(context.Context, registry.TagMove) (string, error) { return "it is Friday", nil }
	_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{TagRules: []registry.TagRule{refuse}}, "v1")
	assert.Equal(t, "correct what the rule found, push under another tag, or remove the rule from Push.TagRules", requireError(t, err).Hint())
}

// What a rule or step does to its arguments changes nothing for the others.
func TestRulesAndStepsShareNothing(t *testing.T) {
	srv := start(t, memregistry.Options{})
	client := srv.client(t, registry.Options{})
	_, err := numbered(t, "5").push(t, client, registry.PushOptions{}, "v1")
	require.NoError(t, err)
	cheat := func(_ context.Context, move registry.TagMove) (string, error) {
		move.Have.Manifest.Annotations["build"], move.Want.Manifest.Annotations["build"] = "1", "9"
		return "", nil
	}
	rules := []registry.TagRule{cheat, registry.NotLower("build")}
	_, err = numbered(t, "3").push(t, client, registry.PushOptions{TagRules: rules}, "v1")
	require.ErrorContains(t, err, `"3" is lower than "5"`)

	opts := step(func(_ context.Context, p *registry.Published) error {
		assert.Equal(t, map[string]string{"build": "7"}, p.Annotations)
		p.Annotations["build"] = "1"
		return nil
	})
	opts.Steps, opts.TagRules = append(opts.Steps, opts.Steps[0]), rules
	_, err = numbered(t, "7").push(t, client, opts, "v1")
	require.NoError(t, err)
}

// Force sets a tag again that points to the manifest already: no rule has to allow that.
func TestForceWithRules(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	client := srv.client(t, registry.Options{})
	opts := registry.PushOptions{Force: true, TagRules: []registry.TagRule{registry.KeepTag}}
	for range 2 {
		got, err := a.push(t, client, opts, "v1")
		require.NoError(t, err)
		assert.False(t, got.Unchanged)
	}
	_, err := newArtifact(t, "second").push(t, client, opts, "v1")
	require.ErrorContains(t, err, "it exists")
}

// A tag that turns out to exist when it is read again is as immutable as any other.
func TestImmutableTagsWithRules(t *testing.T) {
	first, second := newArtifact(t, "first"), newArtifact(t, "second")
	srv := start(t, memregistry.Options{})
	client := srv.client(t, registry.Options{})
	opts := registry.PushOptions{ImmutableTags: true, TagRules: []registry.TagRule{registry.NotOlder}}
	destination, err := client.Lookup(t.Context(), repository, []string{"v1"}, opts)
	require.NoError(t, err)
	_, err = second.push(t, client, registry.PushOptions{}, "v1")
	require.NoError(t, err)
	_, err = destination.Push(t.Context(), first.store, first.Manifest)
	var conflict *registry.TagConflictError
	require.ErrorAs(t, err, &conflict)
	assert.Equal(t, registry.TagConflictError{Tag: "v1", Have: second.Manifest.Digest, Want: first.Manifest.Digest}, *conflict)
	srv.requireStored(t, second, "v1")
}

// Force does not move an immutable tag to a manifest with the same content.
func TestImmutableTagsWithTheSameContent(t *testing.T) {
	base, srv := newArtifact(t, "app"), start(t, memregistry.Options{})
	client := srv.client(t, registry.Options{})
	first, second, third := base.annotated(t, map[string]string{"n": "1"}), base.annotated(t, map[string]string{"n": "2"}), base.annotated(t, map[string]string{"n": "3"})
	_, err := first.push(t, client, registry.PushOptions{}, "v1")
	require.NoError(t, err)
	_, err = second.push(t, client, registry.PushOptions{}, "v2")
	require.NoError(t, err)
	_, err = third.push(t, client, registry.PushOptions{KeepSameContent: true, ImmutableTags: true, Force: true}, "v1", "v2")
	require.ErrorIs(t, err, registry.ErrTagConflict)
	srv.requireStored(t, second, "v2")
}

// noReferrers are the faults of a registry without the referrers API.
func (s *server) noReferrers() []fault {
	return []fault{{"GET referrers/", status(http.StatusNotFound, "")}, {"PUT manifests/", func(w http.ResponseWriter, r *http.Request) {
		s.registry.ServeHTTP(withoutSubject{w}, r)
	}}}
}

// Published is safe for concurrent use, also where attachments are listed under a tag.
func TestConcurrentAttachments(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	srv.fail(srv.noReferrers()...)
	const count = 8
	_, err := a.push(t, srv.client(t, registry.Options{}), step(func(ctx context.Context, p *registry.Published) error {
		var all sync.WaitGroup
		for i := range count {
			all.Go(func() {
				_, err := p.Attach(ctx, registry.Attachment{ArtifactType: signature.ArtifactType, Annotations: map[string]string{"by": fmt.Sprint(i)}})
				assert.NoError(t, err)
			})
		}
		all.Wait()
		found, err := p.Referrers(ctx, "")
		require.NoError(t, err)
		assert.Len(t, found, count)
		return nil
	}), "v1")
	require.NoError(t, err)
}

// The tag for the referrers is not taken from another artifact.
func TestTagForReferrersIsTaken(t *testing.T) {
	srv, a, other := start(t, memregistry.Options{}), newArtifact(t, "first"), newArtifact(t, "other")
	client, tag := srv.client(t, registry.Options{}), "sha256-"+a.Manifest.Digest.Encoded()
	_, err := other.push(t, client, registry.PushOptions{}, tag)
	require.NoError(t, err)
	srv.fail(srv.noReferrers()...)
	_, err = a.push(t, client, step(func(ctx context.Context, p *registry.Published) error {
		_, err := p.Referrers(ctx, "")
		require.ErrorContains(t, err, "the tag for the referrers does not point to an image index")
		_, err = p.Attach(ctx, signature)
		return err
	}), "v1")
	require.ErrorContains(t, err, "the tag for the referrers does not point to an image index")
	srv.requireStored(t, other, tag)
}

// One that was not made by a push, as in a test of a step, fails.
func TestPublishedWithoutAPush(t *testing.T) {
	p := &registry.Published{Manifest: newArtifact(t, "first").Manifest}
	_, err := p.Attach(t.Context(), signature)
	require.EqualError(t, err, "the step has ended")
	_, err = p.Referrers(t.Context(), "")
	require.EqualError(t, err, "the step has ended")
	require.EqualError(t, p.Pull(t.Context(), new(packager.Store)), "the step has ended")
}

// A manifest of another kind is no substitute, although it has the same layers.
func TestSameLayersOfAnotherKind(t *testing.T) {
	for name, change := range map[string]func(*ocispec.Manifest){
		"artifact type":     func(m *ocispec.Manifest) { m.ArtifactType = "application/vnd.example.chart" },
		"config media type": func(m *ocispec.Manifest) { m.Config.MediaType = "application/vnd.example.config+json" },
	} {
		t.Run(name, func(t *testing.T) {
			srv, a := start(t, memregistry.Options{}), newArtifact(t, "app")
			client := srv.client(t, registry.Options{})
			_, err := a.push(t, client, registry.PushOptions{}, "v1")
			require.NoError(t, err)
			m := ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, Config: a.Config, Layers: []ocispec.Descriptor{a.Layer}}
			change(&m)
			data, err := json.Marshal(m)
			require.NoError(t, err)
			a.Manifest = a.put(t, ocispec.MediaTypeImageManifest, data)
			got, err := a.push(t, client, registry.PushOptions{KeepSameContent: true}, "v1")
			require.NoError(t, err)
			assert.False(t, got.SameContent)
			srv.requireStored(t, a, "v1")
		})
	}
}

func TestAttachmentThatIsTooLarge(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	_, err := a.push(t, srv.client(t, registry.Options{}), step(func(ctx context.Context, p *registry.Published) error {
		_, err := p.Attach(ctx, registry.Attachment{ArtifactType: "text/plain", Annotations: map[string]string{"x": strings.Repeat("x", 4<<20)}})
		assert.Equal(t, registry.ErrTooLarge, requireError(t, err).Kind)
		return err
	}), "v1")
	require.ErrorIs(t, err, registry.ErrTooLarge)
}

// An event about a manifest under its digest names no tag.
func TestRetryOfAManifestWithoutATag(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	srv.fail(fault{"PUT manifests/sha256:", srv.once(status(http.StatusServiceUnavailable, "UNAVAILABLE"))})
	retried := 0
	opts := registry.PushOptions{DigestOnly: true, OnEvent: func(e registry.Event) {
		assert.Empty(t, e.Tag)
		if e.Retry != nil {
			retried++
		}
	}}
	_, err := a.push(t, srv.client(t, registry.Options{}), opts)
	require.NoError(t, err)
	assert.Equal(t, 1, retried)
}

// A rule that fails in a plan is an error about its tag.
func TestPlanNamesTheTag(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	fail := func(_ context.Context, move registry.TagMove) (string, error) { return "", errors.New("no network") }
	opts := registry.PushOptions{TagRules: []registry.TagRule{registry.OnlyTags(fail, "v2")}}
	destination, err := srv.client(t, registry.Options{}).Lookup(t.Context(), repository, []string{"v1", "v2", "v3"}, opts)
	require.NoError(t, err)
	for range 2 {
		_, err = destination.Plan(t.Context(), a.store, a.Manifest)
		assert.Equal(t, srv.host+"/"+repository+":v2", requireError(t, err).Reference)
	}
	_, err = destination.Plan(t.Context(), a.store, ocispec.Descriptor{MediaType: "text/plain"})
	assert.Equal(t, srv.host+"/"+repository, requireError(t, err).Reference)
}
