package reference_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/reference"
)

func TestHugeInput(t *testing.T) {
	for _, pattern := range []string{
		"a", "A", ".", "-", "/", ":", "[", "%", "0", "9", "a.", "a/", "a-", "\x00", "\xff", "ü", "\U0001F600", "\u202e",
	} {
		huge := strings.Repeat(pattern, 1<<20/len(pattern))
		t.Run(pattern, func(t *testing.T) {
			for _, prefix := range []string{
				"", "oci://", "oci://[", "oci://[::1%", "oci://host:", "oci://host:1", "oci://host/", "oci://host/repo:",
				"oci://host/repo@sha256:", "https://", "https://host/",
			} {
				_, err := reference.Parse(prefix + huge)
				requireError(t, err)
				_, err = reference.ParseEndpoint(prefix + huge)
				requireError(t, err)
			}
			requireError(t, reference.CheckRepository(huge))
			requireError(t, reference.CheckTag(huge))
		})
	}
}

func TestZeroError(t *testing.T) {
	assert.Equal(t, "invalid reference: ", new(reference.Error).Error())
}
