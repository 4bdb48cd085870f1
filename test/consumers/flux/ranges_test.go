package flux_test

import (
	"testing"

	"github.com/Masterminds/semver/v3"
	"github.com/fluxcd/pkg/version"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// The tags that hints propose for versions are selected by ranges of Flux, as releases or
// as the pre-releases that they were.
func TestProposedTagsAreSelected(t *testing.T) {
	for _, tt := range fixture.ProposedTags(t) {
		t.Run(tt.Refused, func(t *testing.T) {
			constraint, err := semver.NewConstraint(tt.Range)
			require.NoError(t, err)
			assert.Equal(t, []string{tt.Proposed}, version.Sort(constraint, []string{"0.9.0", tt.Proposed}))
		})
	}
}

// A hyphen in place of a plus sign makes a pre-release, which ranges pass over.
func TestHyphenIsNoProposal(t *testing.T) {
	constraint, err := semver.NewConstraint(">=1.0.0")
	require.NoError(t, err)
	assert.Empty(t, version.Sort(constraint, []string{"1.0.0-build.7", "1.0.0_build.7"}))
}
