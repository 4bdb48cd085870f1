package argocd_test

import (
	"io"
	"testing"

	"github.com/argoproj/argo-cd/v3/util/io/files"

	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

func TestArgoCDUnpacksTheSameArchives(t *testing.T) {
	fixture.CompareArchives(t, func(layer io.Reader, dir string) error {
		return files.Untgz(dir, layer, maxSize, false)
	})
}
