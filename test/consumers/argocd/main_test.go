// Package argocd_test reads our artifacts with Argo CD's own code: the steps of its
// repository server that need no cluster, with default settings.
package argocd_test

import (
	"os"
	"testing"

	"sigs.k8s.io/kustomize/kustomize/v5/commands"
)

// TestMain also acts as kustomize, which Argo CD runs as a program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "build" || os.Args[1] == "version") {
		if err := commands.NewDefaultCommand().Execute(); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}
