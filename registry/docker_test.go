package registry_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/registry/remote/credentials"

	"github.com/kubeoci/oci/registry"
)

// shown returns the credential that a client with a Docker configuration shows on
// behalf of a repository. The token service that is asked refuses it.
func shown(t testing.TB, config, endpoint, repository string) (registry.Credential, error) {
	t.Helper()
	var seen registry.Credential
	client := newClient(t, endpoint, registry.Options{Scheme: registry.SchemeHTTPS, DockerConfig: config, Transport: inProcess{http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				seen.Username, seen.Password, _ = r.BasicAuth()
				seen.IdentityToken = r.PostFormValue("refresh_token")
			} else if _, err := fmt.Sscanf(r.Header.Get("Authorization"), "Bearer %s", &seen.AccessToken); err != nil {
				w.Header().Set("WWW-Authenticate", `Bearer realm="https://`+r.Host+`/token",service="test"`)
			}
			w.WriteHeader(http.StatusUnauthorized)
		})}})
	err := client.VerifyAccess(t.Context(), repository)
	require.Error(t, err)
	return seen, err
}

// requireShown asserts whose credential is shown. Nobody's is "".
func requireShown(t testing.TB, want, config, endpoint, repository string) {
	t.Helper()
	cred, err := shown(t, config, endpoint, repository)
	require.NotErrorIs(t, err, registry.ErrInvalidCredential)
	require.Equal(t, want, cred.Username)
}

// auth is the entry of a user.
func auth(user string) string { return fmt.Sprintf(`{"auth":%q}`, encoded(user+":"+password)) }

// encoded is what stands for text in an entry.
func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// auths is a Docker configuration of entries whose users are called like the keys.
func auths(t testing.TB, keys ...string) string {
	t.Helper()
	var entries []string
	for _, key := range keys {
		entries = append(entries, fmt.Sprintf("%q:%s", key, auth(user(key))))
	}
	return writeConfig(t, `{"auths":{%s}}`, strings.Join(entries, ","))
}

// user is the name of a user without what no user name may hold.
func user(key string) string {
	return strings.ReplaceAll(key, ":", ";")
}

func TestDockerEntry(t *testing.T) {
	for _, row := range []struct {
		name, entry string
		want        registry.Credential
	}{
		{"user and password", `{"auth":"` + encoded("ci:"+password) + `"}`, ci},
		{"colon in the password", `{"auth":"` + encoded("ci:a:b") + `"}`, registry.Credential{Username: "ci", Password: "a:b"}},
		{"NUL behind the password", `{"auth":"` + encoded("ci:"+password+"\x00\x00") + `"}`, ci},
		{"line breaks within base64", `{"auth":"` + encoded("ci:" + password)[:8] + `\r\n` + encoded("ci:" + password)[8:] + `\n"}`, ci},
		{"fields", `{"username":"ci","password":"` + password + `"}`, ci},
		{"auth over fields", `{"username":"x","password":"y","auth":"` + encoded("ci:"+password) + `"}`, ci},
		{"fields in another case", `{"Username":"ci","Password":"` + password + `","email":"ci@example.com"}`, ci},
		{"identity token", `{"identitytoken":"` + password + `"}`, registry.Credential{IdentityToken: password}},
		{"identity token over auth", `{"auth":"` + encoded("00000000-0000-0000-0000-000000000000:") + `","identitytoken":"` + password + `"}`, registry.Credential{IdentityToken: password}},
		{"access token", `{"registrytoken":"` + password + `"}`, registry.Credential{AccessToken: password}},
		{"identity token over access token", `{"registrytoken":"x","identitytoken":"` + password + `"}`, registry.Credential{IdentityToken: password}},
		{"nothing", `{}`, registry.Credential{}},
		{"null", `null`, registry.Credential{}},
		{"an e-mail address", `{"email":"ci@example.com"}`, registry.Credential{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := shown(t, writeConfig(t, `{"auths":{"registry.example.com":%s}}`, row.entry), "registry.example.com", repository)
			require.NotErrorIs(t, err, registry.ErrInvalidCredential)
			assert.Equal(t, row.want, got)
			requireNothingSecretIn(t, err)
		})
	}
}

// An entry is read when it is asked for, so that it does no harm to others.
func TestDockerEntryOfAnotherHostIsBroken(t *testing.T) {
	config := writeConfig(t, `{"auths":{"a.example.com":{"auth":"!"},"d.example.com":{"auth":%q},"b.example.com":7,"b.example.com/apps":%s,"c.example.com":%s}}`,
		encoded(password), auth("b"), auth("c"))
	requireShown(t, "c", config, "c.example.com", repository)
	requireShown(t, "b", config, "b.example.com", repository)
	for _, host := range []string{"a.example.com", "b.example.com", "d.example.com"} {
		_, err := shown(t, config, host, "other/demo")
		require.ErrorIs(t, err, registry.ErrInvalidCredential)
		assert.ErrorContains(t, err, fmt.Sprintf("the entry for %q in the Docker configuration cannot be read", host))
		requireNothingSecretIn(t, err)
	}
}

// Docker takes an empty file for a configuration.
func TestDockerConfigThatIsEmpty(t *testing.T) {
	for _, text := range []string{"", " \n", "{}", "null", `{"auths":null}`} {
		requireShown(t, "", writeConfig(t, "%s", text), "registry.example.com", repository)
	}
}

func TestDockerConfigIsBounded(t *testing.T) {
	text := authEntry("registry.example.com", ci)
	for _, row := range []struct {
		name  string
		bytes int
		kind  error
	}{
		{"as long as can be", 4 << 20, nil},
		{"a byte longer", 4<<20 + 1, registry.ErrInvalidCredential},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := writeConfig(t, "%s%s", strings.Repeat(" ", row.bytes-len(text)), text)
			_, err := registry.NewClient("registry.example.com", registry.Options{DockerConfig: path})
			if row.kind == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, row.kind)
		})
	}
}

// What podman login leaves in ${XDG_RUNTIME_DIR}/containers/auth.json.
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
	for _, row := range []struct{ name, endpoint, repository, want string }{
		{"Docker Hub", "docker.io", "library/app", "hub"},
		{"an entry of a helper", "localhost:5001", "foo/bar/image", ""},
		{"the host", "my-registry.local", "else/image", "host"},
		{"a namespace", "my-registry.local", "foo/bar/else", "foo"},
		{"an image", "my-registry.local", "foo/bar/image", "image"},
		{"another host", "my-registry.example", "foo/bar/image", ""},
	} {
		t.Run(row.name, func(t *testing.T) { requireShown(t, row.want, config, row.endpoint, row.repository) })
	}
}

// Where there are no paths and wildcards, what oras-go finds is found.
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
				requireShown(t, want.Username, path, endpoint, repository)
			}
		})
	}
}
