package registry

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"oras.land/oras-go/v2/registry/remote/credentials"
)

// dockerHub is where Docker Hub is. In keys it goes by other names too.
const dockerHub = "registry-1.docker.io"

// dockerKey is a key of auths or credHelpers: [scheme://]host[:port][/path].
type dockerKey struct {
	text        string
	host        string // may have wildcards
	port        string // empty if there is none
	defaultPort string
	path        string // without slashes at its ends; empty for the whole host
}

// parseDockerKey takes a key apart. One that makes no sense covers nothing.
func parseDockerKey(text string) dockerKey {
	key := dockerKey{text: text, defaultPort: "443"}
	rest, isURL := strings.CutPrefix(text, "https://")
	if !isURL {
		if rest, isURL = strings.CutPrefix(text, "http://"); isURL {
			key.defaultPort = "80"
		}
	}
	server, below, _ := strings.Cut(rest, "/")
	// The address of the API stands for the host. Without a scheme, and with more
	// behind it, v1 is as good a name for a repository as any.
	first, deeper, slash := strings.Cut(below, "/")
	if (first == "v1" || first == "v2") && (isURL || slash && deeper == "") {
		below = deeper
	}
	key.path = strings.TrimRight(below, "/")
	key.host = strings.ToLower(server)
	if colon := strings.LastIndex(server, ":"); colon > strings.LastIndex(server, "]") {
		key.host, key.port = key.host[:colon], server[colon+1:]
	}
	if key.host == "docker.io" || key.host == "index.docker.io" {
		key.host = dockerHub
	}
	return key
}

// covers reports whether the key is that of a repository, or of one above it. A
// port that is not written is that of the key's scheme.
func (k dockerKey) covers(repository dockerKey) bool {
	return k.coversHost(repository.host) &&
		cmp.Or(k.port, k.defaultPort) == cmp.Or(repository.port, k.defaultPort) &&
		(k.path == "" || strings.HasPrefix(repository.path+"/", k.path+"/"))
}

// coversHost matches wildcards as the kubelet does for the secrets that images are
// pulled with: each matches within one label of the name. Docker and podman know
// none.
func (k dockerKey) coversHost(host string) bool {
	if !k.wildcard() {
		return k.host == host
	}
	return slices.EqualFunc(strings.Split(k.host, "."), strings.Split(host, "."), func(pattern, label string) bool {
		matched, err := path.Match(pattern, label)
		return matched && err == nil
	})
}

func (k dockerKey) wildcard() bool { return strings.Contains(k.host, "*") }

// usual reports whether Docker would write the key like this.
func (k dockerKey) usual() bool {
	server := k.host
	if k.port != "" {
		server += ":" + k.port
	}
	return k.text == credentials.ServerAddressFromHostname(server)
}
