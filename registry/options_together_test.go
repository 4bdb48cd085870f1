package registry_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// Whatever options are set together, a plan foretells what the push does, a push that fails
// moves no tag, no tag is moved before the steps, and no immutable one at all.
// OCI_TEST_SEEDS=10000 is the run that counts.
func TestOptionsTogether(t *testing.T) {
	count := 500
	if testing.Short() {
		count = 50
	}
	var artifacts []artifact
	for _, name := range []string{"app", "other"} {
		base := newArtifact(t, name)
		for build := range 3 {
			artifacts = append(artifacts, base.annotated(t, map[string]string{"build": fmt.Sprint(build)}))
		}
	}
	var outcomes tally
	t.Cleanup(func() { t.Log(outcomes.counts) })
	eachSeed(t, count, func(t *testing.T, seed uint64) {
		outcomes.add(pushWithRandomOptions(t, artifacts, rand.New(rand.NewPCG(seed, 3))))
	})
}

func pushWithRandomOptions(t *testing.T, artifacts []artifact, random *rand.Rand) (outcome string) {
	t.Helper()
	one := func(of int) bool { return random.IntN(of) == 0 }
	pick := func() artifact { return artifacts[random.IntN(len(artifacts))] }
	srv := newServer(memregistry.Options{ConditionalPut: one(2)})
	client := newClient(t, "localhost", registry.Options{Transport: inProcess{srv.Config.Handler}})
	past := newClient(t, "localhost", registry.Options{Transport: inProcess{srv.registry}})
	all := []string{"v1", "v2", "v3"}
	for _, tag := range all {
		if !one(3) {
			_, err := pick().push(t, past, registry.PushOptions{}, tag)
			require.NoError(t, err)
		}
	}
	state := func() (tags []string) {
		for _, tag := range all {
			tags = append(tags, tagOf(t, past, tag))
		}
		return tags
	}
	before, failing, ran := state(), one(4), false
	opts := registry.PushOptions{
		ImmutableTags: one(3), Force: one(2), KeepSameContent: one(2), ReadBack: one(3), AssumeBlobs: one(4), DigestOnly: one(5),
	}
	if one(2) {
		opts.TagRules = append(opts.TagRules, registry.NotLower("build"))
	}
	if one(2) {
		opts.Steps = step(func(ctx context.Context, p *registry.Published) error {
			ran = true
			assert.Equal(t, before, state(), "a tag was moved before the step")
			if _, err := p.Attach(ctx, signature); err != nil || !failing {
				return err
			}
			return errors.New("no key")
		}).Steps
	}
	tags := all
	if opts.DigestOnly {
		tags = nil
	}
	a := pick()
	destination, err := client.Lookup(t.Context(), repository, tags, opts)
	require.NoError(t, err)
	plan, err := destination.Plan(t.Context(), a.store, a.Manifest)
	require.NoError(t, err)
	refused := slices.ContainsFunc(plan.Tags, func(tag registry.TagPlan) bool { return tag.Action == registry.ActionRefuse })
	srv.requests(a)
	got, err := destination.Push(t.Context(), a.store, a.Manifest)
	after := state()
	wrote := slices.ContainsFunc(srv.requests(a), func(request string) bool { return strings.HasPrefix(request, "P") })
	explained := fmt.Sprint(opts, before, after, plan)
	if err != nil {
		assert.True(t, refused || failing && ran, "%v: %s", err, explained)
		assert.False(t, refused && wrote, explained)
		assert.Equal(t, before, after, explained)
		return "failed"
	}
	assert.False(t, refused, explained)
	assert.Equal(t, registry.PushPlan{Manifest: got.Manifest, SameContent: got.SameContent, Tags: plan.Tags}, plan)
	assert.False(t, got.Unchanged && wrote && !ran, explained)
	for i, tag := range plan.Tags {
		want := got.Manifest.Digest.String()
		if tag.Action == registry.ActionNothing {
			want = before[i]
		}
		assert.Equal(t, want, after[i], explained)
		assert.False(t, opts.ImmutableTags && before[i] != "" && before[i] != after[i], explained)
	}
	return "pushed"
}
