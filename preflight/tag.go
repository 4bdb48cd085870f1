package preflight

import (
	"fmt"
	"strings"

	"github.com/kubeoci/oci/internal/version"
	"github.com/kubeoci/oci/packager"
)

// checkTags reports versions, as semver.org defines them, with characters that a
// tag cannot hold or version ranges do not match.
func checkTags(m *model, r *report) {
	if len(m.sources) == 0 {
		return
	}
	for _, tag := range m.artifact.Tags {
		proposal, unselectable := version.Selectable(tag)
		if !unselectable {
			continue
		}
		severity, what := Warning, "a version with an underscore, which version ranges never match"
		if strings.Contains(tag, "+") {
			severity, what = Error, "a version with a plus sign, which a tag cannot contain"
		}
		r.add(Finding{
			Severity: severity, Message: fmt.Sprintf("the tag %.128q is %s", tag, what),
			Hint: fmt.Sprintf("use %.128q, which version ranges select, and record the rest in Pack.Annotations", proposal),
		})
	}
}

// checkRepositoryName reports a repository of one character, which is legal. Flux
// parses it with go-containerregistry, which accepts it since 0.22. No engine is
// certain to refuse it, because source-controller has that version since 1.10.
func checkRepositoryName(m *model, r *report) {
	name := m.artifact.Repository
	for _, v := range m.of(packager.GitOpsEngineFlux) {
		if len(m.sources) > 0 && len(name) == 1 {
			r.add(Finding{Message: fmt.Sprintf("Flux before source-controller 1.10 refuses the repository %q, because it has one character", name)}, v)
		}
	}
}
