package packager

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// GitOpsEngine is the engine an artifact is laid out for. The empty string
// means [GitOpsEngineNone].
type GitOpsEngine string

const (
	// GitOpsEngineNone lays the tree out twice, at the root and under the
	// prefix, so that either engine finds it where it looks by default.
	GitOpsEngineNone GitOpsEngine = "None"
	// GitOpsEngineFlux lays the tree out at the root.
	GitOpsEngineFlux GitOpsEngine = "Flux"
	// GitOpsEngineArgoCD lays the tree out under the prefix.
	GitOpsEngineArgoCD GitOpsEngine = "ArgoCD"
)

// ErrUnknownEngine reports a [GitOpsEngine] that is none of the constants.
var ErrUnknownEngine = errors.New("unknown GitOps engine")

// ParseGitOpsEngine reads the name of an engine in upper or lower case. The
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
	return "", fmt.Errorf("%w: %.40q is not None, Flux or ArgoCD", ErrUnknownEngine, s)
}

// EnginePaths are the paths under which the engines find the tree.
type EnginePaths struct {
	// Flux is spec.path of a Kustomization.
	Flux string `json:"flux"`
	// ArgoCD is spec.source.path of an Application.
	ArgoCD string `json:"argocd"`
}

// Below returns the paths for who is to find a folder of the tree, in place of
// the tree. The empty string and "." are the tree itself.
func (p EnginePaths) Below(folder string) EnginePaths {
	below := EnginePaths{Flux: "./", ArgoCD: path.Join(p.ArgoCD, folder)}
	if flux := path.Join(p.Flux, folder); flux != "." {
		below.Flux += flux
	}
	return below
}

// paths returns where the tree is to be looked for. Where there are two copies
// it is the one under the prefix: at the root an engine that searches folders
// finds every object twice.
func (e GitOpsEngine) paths(prefix string) EnginePaths {
	if e == GitOpsEngineFlux {
		return EnginePaths{Flux: "./", ArgoCD: "."}
	}
	return EnginePaths{Flux: "./" + prefix, ArgoCD: prefix}
}
