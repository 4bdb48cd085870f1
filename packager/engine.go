package packager

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/kubeoci/oci/internal/advice"
)

// GitOpsEngine names the engine that reads an artifact. The empty string means
// [GitOpsEngineNone].
type GitOpsEngine string

const (
	// GitOpsEngineNone names no engine: Flux and Argo CD can both read the artifact.
	GitOpsEngineNone GitOpsEngine = "None"
	// GitOpsEngineFlux is Flux.
	GitOpsEngineFlux GitOpsEngine = "Flux"
	// GitOpsEngineArgoCD is Argo CD.
	GitOpsEngineArgoCD GitOpsEngine = "ArgoCD"
)

// ErrUnknownEngine reports a [GitOpsEngine] that is none of the constants.
var ErrUnknownEngine = errors.New("unknown GitOps engine")

// ParseGitOpsEngine parses the name of an engine, in upper or lower case. The
// empty string is [GitOpsEngineNone]. The error matches [ErrUnknownEngine].
func ParseGitOpsEngine(s string) (GitOpsEngine, error) {
	if s == "" {
		return GitOpsEngineNone, nil
	}
	for _, engine := range []GitOpsEngine{GitOpsEngineNone, GitOpsEngineFlux, GitOpsEngineArgoCD} {
		if strings.EqualFold(s, string(engine)) {
			return engine, nil
		}
	}
	return "", &advice.Error{Err: fmt.Errorf("%w: %.40q is not None, Flux or ArgoCD", ErrUnknownEngine, s), Text: "set GitOpsEngine to None, Flux or ArgoCD"}
}

// Layout returns the layout that suits the engine by default: [LayoutRoot] for
// Flux, [LayoutPrefix] for Argo CD, and [LayoutBoth] otherwise.
func (e GitOpsEngine) Layout() Layout {
	switch engine, _ := ParseGitOpsEngine(string(e)); engine {
	case GitOpsEngineFlux:
		return LayoutRoot
	case GitOpsEngineArgoCD:
		return LayoutPrefix
	}
	return LayoutBoth
}

// EnginePaths are the paths at which the engines find the tree.
type EnginePaths struct {
	// Flux is spec.path of a Kustomization.
	Flux string `json:"flux"`
	// ArgoCD is spec.source.path of an Application.
	ArgoCD string `json:"argocd"`
}

// Below returns the paths of a directory of the tree. The empty string and "."
// are the tree itself.
func (p EnginePaths) Below(dir string) EnginePaths {
	below := EnginePaths{Flux: "./", ArgoCD: path.Join(p.ArgoCD, dir)}
	if flux := path.Join(p.Flux, dir); flux != "." {
		below.Flux += flux
	}
	return below
}
