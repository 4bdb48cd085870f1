// Package argocd_test does with what we push what Argo CD does, with Argo CD's
// own code: the steps of its repository server that need no cluster, without
// further settings.
package argocd_test

import (
	"os"
	"testing"

	"sigs.k8s.io/kustomize/kustomize/v5/commands"
)

// TestMain is kustomize too: Argo CD runs it as a program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "build" || os.Args[1] == "version") {
		if err := commands.NewDefaultCommand().Execute(); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}
