package registry_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

func TestCredentialValidate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		cred   registry.Credential
		reason string // empty for a valid credential
	}{
		{"none", registry.Credential{}, ""},
		{"user and password", registry.Credential{Username: "ci", Password: password}, ""},
		{"colon in the password", registry.Credential{Username: "ci", Password: "a:b"}, ""},
		{"line break in the password", registry.Credential{Username: "ci", Password: "a\nb"}, ""},
		{"UTF-8", registry.Credential{Username: "zoë", Password: "pässword"}, ""},
		{"robot", registry.Credential{Username: "robot$ci", Password: password}, ""},
		{"identity token", registry.Credential{IdentityToken: password}, ""},
		{"access token", registry.Credential{AccessToken: password}, ""},

		{"user alone", registry.Credential{Username: "ci"}, "a user name without a password"},
		{"password alone", registry.Credential{Password: password}, "a password without a user name"},
		{"colon in the user", registry.Credential{Username: "c:i", Password: password}, "a colon in the user name"},
		{"password and identity token", registry.Credential{Username: "ci", Password: password, IdentityToken: password}, "both a user name and a token"},
		{"password and access token", registry.Credential{Username: "ci", Password: password, AccessToken: password}, "both a user name and a token"},
		{"user and token", registry.Credential{Username: "ci", AccessToken: password}, "a user name without a password"},
		{"two tokens", registry.Credential{IdentityToken: password, AccessToken: password}, "both an identity token and an access token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.cred.Validate()
			assert.Equal(t, tt.cred == registry.Credential{}, tt.cred.IsZero())
			client, clientErr := registry.NewClient("localhost:5000", registry.Options{Credential: tt.cred})
			if tt.reason == "" {
				require.NoError(t, err)
				require.NoError(t, clientErr)
				return
			}
			require.ErrorIs(t, err, registry.ErrInvalidCredential)
			require.EqualError(t, err, "invalid registry credential: "+tt.reason)
			requirePresentable(t, err.Error())
			assert.Equal(t, err, clientErr)
			assert.Nil(t, client)
		})
	}
}

// writeConfig writes a Docker configuration file and returns its path.
func writeConfig(t testing.TB, format string, args ...any) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, format, args...), 0o600))
	return path
}

// authEntry is a Docker configuration that holds a credential for host.
func authEntry(host string, c registry.Credential) string {
	return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, basic(c))
}

func TestDockerConfig(t *testing.T) {
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		srv, a := start(t, opts), newArtifact(t, "demo")
		client := srv.client(t, registry.Options{DockerConfig: writeConfig(t, "%s", authEntry(srv.host, ci))})
		_, err := a.push(t, client, registry.PushOptions{}, "v1")
		require.NoError(t, err)
		assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v1"))
	})
}

// docker login writes the entry of Docker Hub under an obsolete address.
func TestDockerConfigForDockerHub(t *testing.T) {
	client := newClient(t, "docker.io", registry.Options{
		Transport:    inProcess{memregistry.Handler(memregistry.Options{Users: users})},
		DockerConfig: writeConfig(t, "%s", authEntry("https://index.docker.io/v1/", ci)),
	})
	require.NoError(t, client.VerifyAccess(t.Context(), repository))
}

func TestDockerConfigWithoutTheRegistry(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "no", "config.json")
	for _, tt := range []struct{ name, path string }{
		{"no file", missing},
		{"no entries", writeConfig(t, `{}`)},
		{"entry of another registry", writeConfig(t, "%s", authEntry("other.example.com", ci))},
		{"entry of another port", writeConfig(t, "%s", authEntry("127.0.0.1:1", ci))},
		{"entry of no port", writeConfig(t, "%s", authEntry("127.0.0.1", ci))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, memregistry.Options{Users: users})
			err := srv.client(t, registry.Options{DockerConfig: tt.path}).VerifyAccess(t.Context(), repository)
			requireKind(t, err, registry.ErrAuthRequired)
		})
	}
	assert.NoFileExists(t, missing)
	assert.NoDirExists(t, filepath.Dir(missing))
}

func TestDockerConfigIsOnlyRead(t *testing.T) {
	srv := start(t, memregistry.Options{Users: users})
	path := writeConfig(t, "%s", authEntry(srv.host, ci))
	require.NoError(t, os.Chmod(path, 0o400))
	require.NoError(t, srv.client(t, registry.Options{DockerConfig: path}).VerifyAccess(t.Context(), repository))

	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, authEntry(srv.host, ci), string(data))
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

func TestDockerConfigThatIsBroken(t *testing.T) {
	for _, tt := range []struct{ name, path, fault string }{
		{"not JSON", writeConfig(t, `{"auths": %s`, password), "cannot be read: it is not JSON, on line 1"},
		{"another shape", writeConfig(t, `{"auths": [%q]}`, password), `cannot be read: "auths" has another form than docker login writes, on line 1`},
		{"a byte order mark", writeConfig(t, "\xef\xbb\xbf{}"), "begins with a byte order mark: save it as UTF-8 without one"},
		{"a directory", t.TempDir(), "is a directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			open := memregistry.Handler(memregistry.Options{})
			client := newClient(t, "localhost", registry.Options{DockerConfig: tt.path, Transport: inProcess{open}})
			require.NoError(t, client.VerifyAccess(t.Context(), repository), "the registry needs no credential")

			eachScheme(t, func(t *testing.T, opts memregistry.Options) {
				client := newClient(t, "localhost", registry.Options{DockerConfig: tt.path, Transport: inProcess{memregistry.Handler(opts)}})
				everything(t, client, func(t *testing.T, err error) {
					require.ErrorIs(t, err, registry.ErrInvalidCredential)
					assert.Contains(t, err.Error(), fmt.Sprintf(": invalid registry credential: Docker configuration %q %s", tt.path, tt.fault))
					assert.False(t, requireKind(t, err, nil).Retryable())
				})
			})
		})
	}
}

func TestDockerConfigWithABrokenEntry(t *testing.T) {
	for _, tt := range []struct{ name, entry string }{
		{"not base64", `{"auth":"` + password + `!"}`},
		{"no colon", `{"auth":"` + base64.StdEncoding.EncodeToString([]byte(password)) + `"}`},
		{"no password", `{"auth":"` + basic(registry.Credential{Username: "ci"}) + `"}`},
		{"another shape", `["` + password + `"]`},
		{"a field of another type", `{"auth":"` + basic(ci) + `","username":7}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, memregistry.Options{Users: users})
			path := writeConfig(t, `{"auths":{%q:%s}}`, srv.host, tt.entry)
			err := srv.client(t, registry.Options{DockerConfig: path}).VerifyAccess(t.Context(), repository)
			require.ErrorIs(t, err, registry.ErrInvalidCredential)
			requireNoSecret(t, err.Error())
		})
	}
}

func TestDockerConfigJSON(t *testing.T) {
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		srv, a := start(t, opts), newArtifact(t, "demo")
		client := srv.client(t, registry.Options{DockerConfigJSON: []byte(authEntry(srv.host, ci))})
		_, err := a.push(t, client, registry.PushOptions{}, "v1")
		require.NoError(t, err)
	})
	for _, tt := range []struct {
		name, config string
		kind         error
	}{
		{"no entries", `{}`, registry.ErrAuthRequired},
		{"space", "\n", registry.ErrAuthRequired},
		{"entry of another registry", authEntry("other.example.com", ci), registry.ErrAuthRequired},
		{"entry of a helper", `{"credsStore":"xyz","auths":{"localhost":{}}}`, nil},
		{"helper", `{"credHelpers":{"localhost":"xyz"}}`, nil},
		{"entry that cannot be read", `{"auths":{"localhost":7}}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := newClient(t, "localhost", registry.Options{
				DockerConfigJSON: []byte(tt.config), Transport: inProcess{memregistry.Handler(memregistry.Options{Users: users})},
			})
			err := client.VerifyAccess(t.Context(), repository)
			requireKind(t, err, tt.kind)
			assert.Equal(t, tt.kind == nil, errors.Is(err, registry.ErrInvalidCredential))
		})
	}
	err := newClient(t, "localhost", registry.Options{
		DockerConfigJSON: []byte(password), Transport: inProcess{memregistry.Handler(memregistry.Options{Users: users})},
	}).VerifyAccess(t.Context(), repository)
	require.ErrorIs(t, err, registry.ErrInvalidCredential)
	requireNothingSecretIn(t, err)
	opts := registry.Options{DockerConfigJSON: []byte(authEntry("localhost", ci))}
	requireNoSecret(t, printed(t, opts))
}

// A given credential wins over one that is looked up.
func TestCredentialPrecedence(t *testing.T) {
	wrong := registry.Credential{Username: "ci", Password: "wrong"}
	find := func(c registry.Credential) registry.CredentialFunc {
		return func(context.Context, string) (registry.Credential, error) { return c, nil }
	}
	srv := start(t, memregistry.Options{Users: users})
	for _, tt := range []struct {
		name string
		opts registry.Options
		kind error // nil if it works
	}{
		{"given", registry.Options{Credential: ci, CredentialFunc: find(wrong)}, nil},
		{"given over configuration", registry.Options{Credential: ci, DockerConfig: writeConfig(t, "%s", authEntry(srv.host, wrong))}, nil},
		{"function over configuration", registry.Options{CredentialFunc: find(ci), DockerConfig: writeConfig(t, "%s", authEntry(srv.host, wrong))}, nil},
		{"given and wrong", registry.Options{Credential: wrong, CredentialFunc: find(ci)}, registry.ErrPermissionDenied},
		{"function and none", registry.Options{CredentialFunc: find(registry.Credential{}), DockerConfig: writeConfig(t, "%s", authEntry(srv.host, ci))}, registry.ErrAuthRequired},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := srv.client(t, tt.opts).VerifyAccess(t.Context(), repository)
			if tt.kind == nil {
				require.NoError(t, err)
				return
			}
			requireKind(t, err, tt.kind)
		})
	}
}

// Passwords from clouds expire during the life of a client.
func TestCredentialsThatExpire(t *testing.T) {
	accepted := map[string]memregistry.User{"ci": {Password: "first"}}
	srv, asked := start(t, memregistry.Options{Users: accepted}), 0
	client := srv.client(t, registry.Options{CredentialFunc: func(_ context.Context, host string) (registry.Credential, error) {
		asked++
		assert.Equal(t, srv.host, host)
		return registry.Credential{Username: "ci", Password: accepted["ci"].Password}, nil
	}})
	require.NoError(t, client.VerifyAccess(t.Context(), repository))
	before := asked
	accepted["ci"] = memregistry.User{Password: "second"}
	require.NoError(t, client.VerifyAccess(t.Context(), repository))
	assert.Greater(t, asked, before)
}

// Half a credential is usually a variable that is not set.
func TestHintForHalfACredential(t *testing.T) {
	const hint = "set both Username and Password, or neither; a token without a user name goes into Registry.Credential"
	_, err := registry.NewClient("ghcr.io", registry.Options{Credential: registry.Credential{Username: "ci"}})
	var advice interface{ Hint() string }
	require.ErrorAs(t, err, &advice)
	assert.Equal(t, hint, advice.Hint())

	for _, opts := range []registry.Options{
		{Credential: registry.Credential{Password: password}},
		{Scheme: "ftp"},
		{Scheme: registry.SchemeHTTP, Credential: ci},
		{DockerConfig: "config.json", DockerConfigJSON: []byte("{}")},
	} {
		_, err := opts.ForEndpoint(reference.Endpoint{Host: "ghcr.io"})
		require.ErrorAs(t, err, &advice)
		requirePresentable(t, advice.Hint())
		assert.NotEmpty(t, advice.Hint())
	}
}
