package dockerauth_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/kubeoci/oci/reference"
)

func TestDockerKeys(t *testing.T) {
	const host = "ghcr.io"
	for _, row := range []struct {
		name, endpoint, repository, keys string
		want                             string // the key whose entry is taken
	}{
		{"the host", host, "org/app", "ghcr.io", "ghcr.io"},
		{"the organisation", host, "org/app", "ghcr.io ghcr.io/org", "ghcr.io/org"},
		{"the repository", host, "org/app", "ghcr.io ghcr.io/org ghcr.io/org/app", "ghcr.io/org/app"},
		{"any depth", host, "org/team/group/app", "ghcr.io/org ghcr.io/org/team/group", "ghcr.io/org/team/group"},
		{"the host for all others", host, "else/app", "ghcr.io ghcr.io/org", "ghcr.io"},
		{"nothing for all others", host, "else/app", "ghcr.io/org", ""},
		{"below the repository", host, "org/app", "ghcr.io/org/app/sub", ""},
		{"the start of a name", host, "organisation/app", "ghcr.io/org", ""},
		{"the end of a name", host, "my/org", "ghcr.io/org", ""},
		{"of another host", host, "org/app", "quay.io/org", ""},
		{"slash at the end", host, "org/app", "ghcr.io/org/", "ghcr.io/org/"},
		{"two slashes", host, "org/app", "ghcr.io//org", ""},
		{"with a tag", host, "org/app", "ghcr.io/org/app:v1", ""},

		{"https", host, "org/app", "https://ghcr.io", "https://ghcr.io"},
		{"http", host, "org/app", "http://ghcr.io", "http://ghcr.io"},
		{"host and slash", host, "org/app", "ghcr.io/", "ghcr.io/"},
		{"v1", host, "org/app", "https://ghcr.io/v1/", "https://ghcr.io/v1/"},
		{"v2 without slash", host, "org/app", "https://ghcr.io/v2", "https://ghcr.io/v2"},
		{"v1 without scheme", host, "org/app", "ghcr.io/v1/", "ghcr.io/v1/"},
		{"URL with a path", host, "org/app", "https://ghcr.io/org ghcr.io", "https://ghcr.io/org"},
		{"URL with a path below v2", host, "org/app", "https://ghcr.io/v2/org", "https://ghcr.io/v2/org"},
		{"URL with another path", host, "org/app", "https://ghcr.io/else", ""},
		{"organisation v1", host, "v1/app", "ghcr.io/v1 ghcr.io/v1/app", "ghcr.io/v1/app"},
		{"not organisation v1", host, "org/app", "ghcr.io/v1", ""},
		{"upper case", host, "org/app", "GHCR.io", "GHCR.io"},
		{"another scheme", host, "org/app", "oci://ghcr.io", ""},
		{"a user", host, "org/app", "ci@ghcr.io", ""},
		{"empty", host, "org/app", "", ""},
		{"a path alone", host, "org/app", "/org", ""},

		{"port", "ghcr.io:5000", "org/app", "ghcr.io ghcr.io:5000", "ghcr.io:5000"},
		{"port and path", "ghcr.io:5000", "org/app", "ghcr.io:5000 ghcr.io:5000/org ghcr.io/org", "ghcr.io:5000/org"},
		{"another port", "ghcr.io:5000", "org/app", "ghcr.io:5001", ""},
		{"a port too many", host, "org/app", "ghcr.io:5000", ""},
		{"a port too few", "ghcr.io:5000", "org/app", "ghcr.io", ""},
		{"default port of https", host, "org/app", "https://ghcr.io:443", "https://ghcr.io:443"},
		{"default port without a scheme", host, "org/app", "ghcr.io:443", "ghcr.io:443"},
		{"default port of http", host, "org/app", "http://ghcr.io:80", "http://ghcr.io:80"},
		{"port 80 without a scheme", host, "org/app", "ghcr.io:80", ""},
		{"port 80 of https", host, "org/app", "https://ghcr.io:80", ""},
		{"endpoint with the default port", "ghcr.io:443", "org/app", "ghcr.io", "ghcr.io"},
		{"endpoint with port 80", "ghcr.io:80", "org/app", "http://ghcr.io", "http://ghcr.io"},
		{"endpoint with port 80 and TLS", "ghcr.io:80", "org/app", "ghcr.io", ""},
		{"IPv6", "[::1]:5000", "org/app", "[::1]:5000/org [::1]", "[::1]:5000/org"},
		{"IPv6 and the default port", "[::1]", "org/app", "https://[::1]:443", "https://[::1]:443"},
		{"IPv6 without a port", "[::1]", "org/app", "[::1]", "[::1]"},

		{"Docker Hub, docker login", "docker.io", "org/app", "https://index.docker.io/v1/", "https://index.docker.io/v1/"},
		{"Docker Hub, index", "docker.io", "org/app", "index.docker.io", "index.docker.io"},
		{"Docker Hub, index and v1", "docker.io", "org/app", "index.docker.io/v1/", "index.docker.io/v1/"},
		{"Docker Hub, podman login", "docker.io", "org/app", "docker.io", "docker.io"},
		{"Docker Hub, registry", "docker.io", "org/app", "registry-1.docker.io", "registry-1.docker.io"},
		{"Docker Hub, all", "docker.io", "org/app", "docker.io index.docker.io https://index.docker.io/v1/", "https://index.docker.io/v1/"},
		{"Docker Hub, organisation", "docker.io", "org/app", "https://index.docker.io/v1/ docker.io/org", "docker.io/org"},
		{"Docker Hub, organisation at the index", "docker.io", "org/app", "docker.io index.docker.io/org", "index.docker.io/org"},
		{"Docker Hub, organisation at the registry", "docker.io", "org/app", "docker.io registry-1.docker.io/org", "registry-1.docker.io/org"},
		{"Docker Hub, organisation below v1", "docker.io", "org/app", "docker.io https://index.docker.io/v1/org", "https://index.docker.io/v1/org"},
		{"Docker Hub, another organisation", "docker.io", "org/app", "docker.io/else", ""},
		{"Docker Hub, no part of it", "docker.io", "org/app", "hub.docker.io", ""},

		{"wildcard", "my.azurecr.io", "org/app", "*.azurecr.io", "*.azurecr.io"},
		{"wildcard for one label", "a.b.azurecr.io", "org/app", "*.azurecr.io", ""},
		{"wildcard for no label", "azurecr.io", "org/app", "*.azurecr.io", ""},
		{"two wildcards", "a.b.azurecr.io", "org/app", "*.azurecr.io *.*.azurecr.io", "*.*.azurecr.io"},
		{"wildcard within a label", "1234.dkr.ecr.eu-west-1.amazonaws.com", "org/app", "1234.dkr.ecr.eu-*.amazonaws.com", "1234.dkr.ecr.eu-*.amazonaws.com"},
		{"wildcard at the end", "quay.io", "org/app", "quay.*", "quay.*"},
		{"wildcard without a port", "my.azurecr.io:5000", "org/app", "*.azurecr.io", ""},
		{"wildcard with the port", "my.azurecr.io:5000", "org/app", "*.azurecr.io *.azurecr.io:5000", "*.azurecr.io:5000"},
		{"wildcard in the port", "my.azurecr.io:5000", "org/app", "my.azurecr.io:* *.azurecr.io:*", ""},
		{"wildcard with a scheme", "my.azurecr.io", "org/app", "https://*.azurecr.io/v2/", "https://*.azurecr.io/v2/"},
		{"wildcard and path", "my.azurecr.io", "org/app", "*.azurecr.io *.azurecr.io/org", "*.azurecr.io/org"},
		{"wildcard and another path", "my.azurecr.io", "org/app", "*.azurecr.io/else", ""},
		{"wildcard in the path", "my.azurecr.io", "org/app", "my.azurecr.io/* *.azurecr.io/*", ""},
		{"exact over wildcard", "my.azurecr.io", "org/app", "*.azurecr.io my.azurecr.io", "my.azurecr.io"},
		{"exact over wildcard and path", "my.azurecr.io", "org/app", "*.azurecr.io/org my.azurecr.io", "my.azurecr.io"},
		{"the longer wildcard", "my.azurecr.io", "org/app", "*.azurecr.io m*.azurecr.io *.*.io", "m*.azurecr.io"},
		{"brackets out of place", "my.azurecr.io", "org/app", "[*.azurecr.io", ""},
		{"wildcard for Docker Hub", "docker.io", "org/app", "*.docker.io", "*.docker.io"},

		{"as Docker writes it", "zot.example.com", "org/app", "https://zot.example.com http://zot.example.com zot.example.com/ zot.example.com", "zot.example.com"},
		{"as Docker writes it with a port", "zot.example.com:443", "org/app", "https://zot.example.com:443 zot.example.com:443 https://zot.example.com", "zot.example.com:443"},
		{"first in byte order", "zot.example.com", "org/app", "https://zot.example.com/ https://zot.example.com http://zot.example.com", "http://zot.example.com"},
	} {
		t.Run(row.name, func(t *testing.T) {
			keys := strings.Split(row.keys, " ")
			requireFound(t, user(row.want), auths(t, keys...), row.endpoint, row.repository)
			slices.Reverse(keys)
			requireFound(t, user(row.want), auths(t, keys...), row.endpoint, row.repository)
		})
	}
}

// An entry that says nothing is passed over, as is one that a helper left.
func TestDockerKeysWithoutAnEntry(t *testing.T) {
	config := writeConfig(t, `{"auths":{"ghcr.io/org/app":{},"ghcr.io/org":%s,"quay.io/org":{}}}`, auth("org"))
	requireFound(t, "org", config, "ghcr.io", "org/app")
	requireFound(t, "", config, "quay.io", "org/app")
}

// Podman looks for the name of the repository and of what is above it, one after
// the other. That is done here in another way.
func FuzzDockerKeys(f *testing.F) {
	f.Add("ghcr.io ghcr.io/a ghcr.io/a/b", "a/b")
	f.Add("ghcr.io/a/b/c ghcr.io/ab quay.io", "a/b")
	f.Add("ghcr.io/v1 ghcr.io/v1/v2", "v1/v2")
	f.Fuzz(func(t *testing.T, text, repository string) {
		if strings.Trim(text+repository, "abcdefghijklmnopqrstuvwxyz0123456789./ ") != "" || reference.CheckRepository(repository) != nil {
			t.Skip("not what podman writes")
		}
		keys := strings.Fields(text)
		for _, key := range keys {
			if key != path.Clean(key) || strings.HasPrefix(key, "docker.io") || strings.HasPrefix(key, "index.docker.io") {
				t.Skip("not what podman writes")
			}
		}
		want, name := "", "ghcr.io/"+repository
		for ; name != "."; name = path.Dir(name) {
			if slices.Contains(keys, name) {
				want = name
				break
			}
		}
		requireFound(t, want, auths(t, keys...), "ghcr.io", repository)
	})
}
