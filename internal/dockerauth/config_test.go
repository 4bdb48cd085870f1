package dockerauth_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/registry/remote/credentials"

	"github.com/kubeoci/oci/internal/dockerauth"
)

const (
	repository = "apps/demo"
	password   = "canary-7d1f"
)

var ci = dockerauth.Credential{Username: "ci", Password: password}

// find returns the credential in a configuration file for a repository.
func find(t testing.TB, path, endpoint, repository string) (dockerauth.Credential, error) {
	t.Helper()
	config, err := dockerauth.Read(path)
	require.NoError(t, err)
	if endpoint == "docker.io" {
		endpoint = "registry-1.docker.io"
	}
	cred, _, err := config.Credential(t.Context(), endpoint, repository)
	return cred, err
}

// requireFound asserts the user of the credential that is found, "" for none.
func requireFound(t testing.TB, want, path, endpoint, repository string) {
	t.Helper()
	cred, err := find(t, path, endpoint, repository)
	require.NoError(t, err)
	require.Equal(t, want, cred.Username)
}

// requireError asserts the type and text of an error.
func requireError(t testing.TB, err error, text string) {
	t.Helper()
	var failed *dockerauth.Error
	require.ErrorAs(t, err, &failed)
	require.ErrorContains(t, err, text)
	require.NotContains(t, fmt.Sprintf("%+v %#v", err, err), password)
}

func writeConfig(t testing.TB, format string, args ...any) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, format, args...), 0o600))
	return path
}

// auth is the entry of a user.
func auth(user string) string { return fmt.Sprintf(`{"auth":%q}`, encoded(user+":"+password)) }

// encoded returns text as entries hold it.
func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// auths is a Docker configuration with entries whose user names are their keys.
func auths(t testing.TB, keys ...string) string {
	t.Helper()
	var entries []string
	for _, key := range keys {
		entries = append(entries, fmt.Sprintf("%q:%s", key, auth(user(key))))
	}
	return writeConfig(t, `{"auths":{%s}}`, strings.Join(entries, ","))
}

// user returns the user name for a key, without colons.
func user(key string) string {
	return strings.ReplaceAll(key, ":", ";")
}

func TestDockerEntry(t *testing.T) {
	for _, tt := range []struct {
		name, entry string
		want        dockerauth.Credential
	}{
		{"user and password", `{"auth":"` + encoded("ci:"+password) + `"}`, ci},
		{"colon in the password", `{"auth":"` + encoded("ci:a:b") + `"}`, dockerauth.Credential{Username: "ci", Password: "a:b"}},
		{"NUL behind the password", `{"auth":"` + encoded("ci:"+password+"\x00\x00") + `"}`, ci},
		{"line breaks within base64", `{"auth":"` + encoded("ci:" + password)[:8] + `\r\n` + encoded("ci:" + password)[8:] + `\n"}`, ci},
		{"fields", `{"username":"ci","password":"` + password + `"}`, ci},
		{"auth over fields", `{"username":"x","password":"y","auth":"` + encoded("ci:"+password) + `"}`, ci},
		{"fields in another case", `{"Username":"ci","Password":"` + password + `","email":"ci@example.com"}`, ci},
		{"identity token", `{"identitytoken":"` + password + `"}`, dockerauth.Credential{IdentityToken: password}},
		{"identity token over auth", `{"auth":"` + encoded("00000000-0000-0000-0000-000000000000:") + `","identitytoken":"` + password + `"}`, dockerauth.Credential{IdentityToken: password}},
		{"access token", `{"registrytoken":"` + password + `"}`, dockerauth.Credential{AccessToken: password}},
		{"identity token over access token", `{"registrytoken":"x","identitytoken":"` + password + `"}`, dockerauth.Credential{IdentityToken: password}},
		{"nothing", `{}`, dockerauth.Credential{}},
		{"null", `null`, dockerauth.Credential{}},
		{"an e-mail address", `{"email":"ci@example.com"}`, dockerauth.Credential{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := find(t, writeConfig(t, `{"auths":{"registry.example.com":%s}}`, tt.entry), "registry.example.com", repository)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

// An entry is decoded when it is needed, so that a broken one does not affect others.
func TestDockerEntryOfAnotherHostIsBroken(t *testing.T) {
	config := writeConfig(t, `{"auths":{"a.example.com":{"auth":"!"},"d.example.com":{"auth":%q},"b.example.com":7,"b.example.com/apps":%s,"c.example.com":%s}}`,
		encoded(password), auth("b"), auth("c"))
	requireFound(t, "c", config, "c.example.com", repository)
	requireFound(t, "b", config, "b.example.com", repository)
	for host, reason := range map[string]string{
		"a.example.com": `"auth" is not base64`, "b.example.com": "it is not an object as docker login writes it", "d.example.com": `"auth" has no colon behind the user name`,
	} {
		_, err := find(t, config, host, "other/demo")
		requireError(t, err, fmt.Sprintf("the entry for %q in Docker configuration %q cannot be read: %s", host, config, reason))
	}
}

// Docker accepts an empty file.
func TestDockerConfigThatIsEmpty(t *testing.T) {
	for _, text := range []string{"", " \n", "{}", "null", `{"auths":null}`} {
		requireFound(t, "", writeConfig(t, "%s", text), "registry.example.com", repository)
	}
}

// The error has the reason and the line, and nothing of the content.
func TestReadFails(t *testing.T) {
	dir := t.TempDir()
	inFile := filepath.Join(writeConfig(t, "{}"), "config.json")
	for _, tt := range []struct{ name, path, fault string }{
		{"end", writeConfig(t, "{"), "cannot be read: it is not JSON, on line 1"},
		{"end after a line break", writeConfig(t, "{\n\n"), "cannot be read: it is not JSON, on line 1"},
		{"comma", writeConfig(t, "{\n  \"auths\": {},\n}\n"), "cannot be read: it is not JSON, on line 3"},
		{"no quotes", writeConfig(t, "{\n  \"auths\": {\n    \"ghcr.io\": {\"auth\": %s}}}", password), "cannot be read: it is not JSON, on line 3"},
		{"text", writeConfig(t, "%s", password), "cannot be read: it is not JSON, on line 1"},
		{"more than JSON", writeConfig(t, "{}\n%s", password), "cannot be read: it is not JSON, on line 2"},
		{"list of entries", writeConfig(t, "{\n\"auths\":[%q]}", password), `cannot be read: "auths" has another form than docker login writes, on line 2`},
		{"number as a helper", writeConfig(t, "{\n\n\"credsStore\":123456}"), `cannot be read: "credsStore" has another form than docker login writes, on line 3`},
		{"no object", writeConfig(t, "7"), "cannot be read: it has another form than docker login writes, on line 1"},
		{"UTF-8 with a byte order mark", writeConfig(t, "\xef\xbb\xbf{}"), "begins with a byte order mark: save it as UTF-8 without one"},
		{"UTF-16", writeConfig(t, "\xff\xfe{\x00}\x00"), "begins with a byte order mark: save it as UTF-8 without one"},
		{"directory", dir, "is a directory"},
		{"below a file", inFile, fmt.Sprintf("cannot be read: %q is a file, and a directory is needed", filepath.Dir(inFile))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := dockerauth.Read(tt.path)
			requireError(t, err, fmt.Sprintf("Docker configuration %q %s", tt.path, tt.fault))
		})
	}
	missing := filepath.Join(t.TempDir(), "config.json")
	requireFound(t, "", missing, "ghcr.io", repository)
	assert.NoFileExists(t, missing)
}

// Where a credential was found, or is missing, is for errors.
func TestWhere(t *testing.T) {
	config := writeConfig(t, `{"auths":{"ghcr.io":%s,"quay.io/org":%s,"https://index.docker.io/v1/":%s}}`, auth("a"), auth("b"), auth("c"))
	missing := filepath.Join(t.TempDir(), "config.json")
	for _, tt := range []struct{ path, host, want string }{
		{config, "ghcr.io", fmt.Sprintf(`the entry for "ghcr.io" in Docker configuration %q`, config)},
		{config, "registry-1.docker.io", fmt.Sprintf(`the entry for "https://index.docker.io/v1/" in Docker configuration %q`, config)},
		{config, "quay.io", fmt.Sprintf("no entry for quay.io in Docker configuration %q", config)},
		{config, "gcr.io", fmt.Sprintf("no entry for gcr.io in Docker configuration %q", config)},
		{missing, "ghcr.io", fmt.Sprintf("Docker configuration %q does not exist", missing)},
	} {
		config, err := dockerauth.Read(tt.path)
		require.NoError(t, err)
		_, where, err := config.Credential(t.Context(), tt.host, repository)
		require.NoError(t, err)
		assert.Equal(t, tt.want, where)
	}
}

func TestDockerConfigIsBounded(t *testing.T) {
	const text = `{"auths":{}}`
	for _, tt := range []struct {
		name    string
		bytes   int
		refused bool
	}{
		{"as long as can be", 4 << 20, false},
		{"a byte longer", 4<<20 + 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := writeConfig(t, "%s%s", strings.Repeat(" ", tt.bytes-len(text)), text)
			_, err := dockerauth.Read(path)
			if !tt.refused {
				require.NoError(t, err)
				return
			}
			requireError(t, err, fmt.Sprintf("Docker configuration %q is larger than 4194304 bytes", path))
		})
	}
}

// This is the form in which podman login writes ${XDG_RUNTIME_DIR}/containers/auth.json.
func TestPodmanAuthFile(t *testing.T) {
	config := writeConfig(t, `{
	"auths": {
		"docker.io": {
			"auth": %[1]q
		},
		"localhost:5001": {},
		"my-registry.local": {
			"auth": %[2]q
		},
		"my-registry.local/foo": {
			"auth": %[3]q
		},
		"my-registry.local/foo/bar/image": {
			"auth": %[4]q
		}
	},
	"credHelpers": {
		"registry.example.com": "secretservice"
	}
}`, encoded("hub:"+password), encoded("host:"+password), encoded("foo:"+password), encoded("image:"+password))
	for _, tt := range []struct{ name, endpoint, repository, want string }{
		{"Docker Hub", "docker.io", "library/app", "hub"},
		{"an entry of a helper", "localhost:5001", "foo/bar/image", ""},
		{"the host", "my-registry.local", "else/image", "host"},
		{"a namespace", "my-registry.local", "foo/bar/else", "foo"},
		{"an image", "my-registry.local", "foo/bar/image", "image"},
		{"another host", "my-registry.example", "foo/bar/image", ""},
	} {
		t.Run(tt.name, func(t *testing.T) { requireFound(t, tt.want, config, tt.endpoint, tt.repository) })
	}
}

// Without paths and wildcards, the result is that of oras-go.
func TestDockerConfigAsOras(t *testing.T) {
	for _, key := range []string{
		"registry.example.com", "registry.example.com:5000", "https://registry.example.com", "http://registry.example.com/",
		"https://registry.example.com/v1/", "https://registry.example.com/v2/", "other.example.com", "https://index.docker.io/v1/",
	} {
		t.Run(key, func(t *testing.T) {
			path := auths(t, key)
			store, err := credentials.NewFileStore(path)
			require.NoError(t, err)
			for endpoint, host := range map[string]string{
				"registry.example.com": "registry.example.com", "registry.example.com:5000": "registry.example.com:5000", "docker.io": "registry-1.docker.io",
			} {
				want, err := store.Get(t.Context(), credentials.ServerAddressFromHostname(host))
				require.NoError(t, err)
				requireFound(t, want.Username, path, endpoint, repository)
			}
		})
	}
}
