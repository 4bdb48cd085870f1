package argocd_test

import (
	"testing"

	"github.com/argoproj/argo-cd/v3/util/versions"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// The tags that hints propose for versions are selected by ranges of Argo CD, as releases
// or as the pre-releases that they were.
func TestProposedTagsAreSelected(t *testing.T) {
	for _, tt := range fixture.ProposedTags(t) {
		t.Run(tt.Refused, func(t *testing.T) {
			selected, err := versions.MaxVersion(tt.Range, []string{"0.9.0", tt.Proposed})
			require.NoError(t, err)
			assert.Equal(t, tt.Proposed, selected)
		})
	}
}
