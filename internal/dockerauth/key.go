package dockerauth

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// dockerHub is the host of Docker Hub. Keys use other names for it too.
const dockerHub = "registry-1.docker.io"

// serverAddress returns the name of a host with credential helpers and in the keys
// that docker login writes.
func serverAddress(host string) string {
	if host == dockerHub {
		return "https://index.docker.io/v1/"
	}
	return host
}

// key is a key of auths or credHelpers: [scheme://]host[:port][/path].
type key struct {
	text        string
	host        string // may have wildcards
	port        string // empty if there is none
	defaultPort string
	path        string // without slashes at its ends; empty for the whole host
}

// parseKey takes a key apart. One that makes no sense covers nothing.
func parseKey(text string) key {
	k := key{text: text, defaultPort: "443"}
	rest, isURL := strings.CutPrefix(text, "https://")
	if !isURL {
		if rest, isURL = strings.CutPrefix(text, "http://"); isURL {
			k.defaultPort = "80"
		}
	}
	server, below, _ := strings.Cut(rest, "/")
	// The address of the API stands for the host. Without a scheme, and with more
	// behind it, v1 is as good a name for a repository as any.
	first, deeper, slash := strings.Cut(below, "/")
	if (first == "v1" || first == "v2") && (isURL || slash && deeper == "") {
		below = deeper
	}
	k.path = strings.TrimRight(below, "/")
	k.host = strings.ToLower(server)
	if colon := strings.LastIndex(server, ":"); colon > strings.LastIndex(server, "]") {
		k.host, k.port = k.host[:colon], server[colon+1:]
	}
	if k.host == "docker.io" || k.host == "index.docker.io" {
		k.host = dockerHub
	}
	return k
}

// covers reports whether the key is that of a repository or of its parent. A missing
// port is the default of the key's scheme.
func (k key) covers(repository key) bool {
	return k.coversHost(repository.host) &&
		cmp.Or(k.port, k.defaultPort) == cmp.Or(repository.port, k.defaultPort) &&
		(k.path == "" || strings.HasPrefix(repository.path+"/", k.path+"/"))
}

// coversHost matches wildcards as the kubelet does for image pull secrets: each
// matches within one label of the name. Docker and Podman have none.
func (k key) coversHost(host string) bool {
	if !k.wildcard() {
		return k.host == host
	}
	return slices.EqualFunc(strings.Split(k.host, "."), strings.Split(host, "."), func(pattern, label string) bool {
		matched, err := path.Match(pattern, label)
		return matched && err == nil
	})
}

func (k key) wildcard() bool { return strings.Contains(k.host, "*") }

// usual reports whether docker login would write the key in this form.
func (k key) usual() bool {
	server := k.host
	if k.port != "" {
		server += ":" + k.port
	}
	return k.text == serverAddress(server)
}
