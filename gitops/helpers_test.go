package gitops_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/gitops"
	"github.com/kubeoci/oci/packager"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// ours and other are two digests.
var (
	ours  = digest.Digest("sha256:" + strings.Repeat("0a", 32))
	other = digest.Digest("sha256:" + strings.Repeat("1b", 32))
)

func shop() gitops.Artifact {
	return gitops.Artifact{
		Registry: "ghcr.io", Repository: "acme/shop", Tag: "1.4.0", Digest: ours,
		Paths: packager.EnginePaths{Flux: "./", ArgoCD: "."},
	}
}

// changed returns the artifact with a change.
func changed(change func(*gitops.Artifact)) gitops.Artifact {
	a := shop()
	change(&a)
	return a
}

func statusOf(t *testing.T, d digest.Digest, objects ...[]byte) gitops.Status {
	t.Helper()
	status, err := gitops.StatusOf(d, objects...)
	require.NoError(t, err)
	return status
}
