package flux_test

import (
	"io"
	"testing"

	fluxtar "github.com/fluxcd/pkg/tar"

	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

func TestFluxUnpacksTheSameArchives(t *testing.T) {
	fixture.CompareArchives(t, func(layer io.Reader, dir string) error {
		return fluxtar.Untar(layer, dir, fluxtar.WithMaxUntarSize(fluxtar.UnlimitedUntarSize), fluxtar.WithSkipSymlinks())
	})
}
