package registry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// The errors of steps and rules, and the errors within, show no secret of theirs.
func TestFailuresOfStepsAndRulesAreRedacted(t *testing.T) {
	errStep := errors.New("no key")
	failure := fmt.Errorf("POST https://signer:%s@example.com/sign?token=%s: %s: %w", password, password, password, errStep)
	for name, opts := range map[string]registry.PushOptions{
		"step":             step(func(context.Context, *registry.Published) error { return failure }),
		"step that panics": step(func(context.Context, *registry.Published) error { panic(failure) }),
		"rule":             {TagRules: []registry.TagRule{func(context.Context, registry.TagMove) (string, error) { return "", failure }}},
	} {
		t.Run(name, func(t *testing.T) {
			srv, a := start(t, memregistry.Options{Users: users}), newArtifact(t, "first")
			_, err := a.push(t, srv.client(t, registry.Options{Credential: ci}), opts, "v1")
			require.ErrorIs(t, err, errStep)
			texts := []string{err.Error()}
			if failed, ok := errors.AsType[*registry.StepError](err); ok {
				texts = append(texts, failed.Error(), failed.Err.Error())
			}
			if failed, ok := errors.AsType[*registry.TagRuleError](err); ok {
				texts = append(texts, failed.Error(), failed.Err.Error())
			}
			require.Len(t, texts, 3)
			for _, text := range texts {
				assert.NotContains(t, text, password)
				assert.NotContains(t, text, "signer")
				assert.Contains(t, text, "https://example.com/sign")
			}
		})
	}
}

func TestReasonsAreRedacted(t *testing.T) {
	tag := registry.TagPlan{Tag: "v1", Action: registry.ActionRefuse, Reason: "see https://ci:" + password + "@example.com/?token=" + password}
	for _, text := range []string{fmt.Sprint(tag), fmt.Sprintf("%+v", tag), fmt.Sprintf("%#v", []registry.TagPlan{tag})} {
		assert.NotContains(t, text, password)
		assert.Contains(t, text, "https://example.com/")
	}
}
