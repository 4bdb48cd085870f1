package preflight

import (
	"fmt"
	"strings"

	"github.com/kubeoci/oci/internal/version"
	"github.com/kubeoci/oci/packager"
)

// checkTags reports versions, as semver.org defines them, with characters that a
// tag cannot hold or version ranges do not match.
func checkTags(m *model, r notes) {
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

// checkRepositoryName reports a reference that Flux, which parses it with
// go-containerregistry, refuses or takes for another. None is an error: the parser accepts
// one character since 0.22, which source-controller has since 1.10, and Flux may be given
// another name of the registry than the push.
func checkRepositoryName(m *model, r notes) {
	registry, name := m.artifact.Registry, m.artifact.Repository
	for _, v := range m.of(packager.GitOpsEngineFlux) {
		if len(m.sources) == 0 || name == "" {
			return
		}
		if len(name) == 1 {
			r.add(Finding{Message: fmt.Sprintf("Flux before source-controller 1.10 refuses the repository %q, because it has one character", name)}, v)
		}
		switch {
		case registry == "":
		case registry != "localhost" && !strings.ContainsAny(registry, ".:"):
			r.add(Finding{
				Message: fmt.Sprintf("Flux takes the registry %.255q for a part of a repository on Docker Hub, because it has neither a dot nor a port", registry),
				Hint:    "add the port to RegistryEndpoint, such as :443, or use the full name of the host",
			}, v)
		case isDockerHub(registry) && !strings.Contains(name, "/"):
			r.add(Finding{
				Message: fmt.Sprintf("Flux reads the repository %.255q in place of %.255q, which is the namespace of Docker Hub for official images", "library/"+name, name),
				Hint:    "begin Repository with a namespace, such as acme/",
			}, v)
		}
	}
}

// isDockerHub reports whether go-containerregistry takes the registry for Docker Hub.
func isDockerHub(registry string) bool {
	return registry == "docker.io" || registry == "index.docker.io"
}
