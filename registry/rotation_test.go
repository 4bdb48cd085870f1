package registry_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

// rotated is the credential after a rotation.
var rotated = registry.Credential{Username: "ci", Password: password + "-2"}

// A long-lived client sees a credential that is rotated in the file.
func TestDockerConfigThatChanges(t *testing.T) {
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		srv := start(t, opts)
		path := writeConfig(t, "%s", authEntry(srv.host, rotated)) // not valid yet
		client := srv.client(t, registry.Options{DockerConfig: path})
		requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrPermissionDenied)

		require.NoError(t, os.WriteFile(path, []byte(authEntry(srv.host, ci)), 0o600))
		require.NoError(t, client.VerifyAccess(t.Context(), repository))
		require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
		require.NoError(t, client.VerifyAccess(t.Context(), repository), "the token is still valid")

		// A file that became invalid is reported when a credential is needed.
		require.ErrorIs(t, client.VerifyAccess(t.Context(), "apps/other"), registry.ErrInvalidCredential)
		require.NoError(t, os.Remove(path))
		requireKind(t, client.VerifyAccess(t.Context(), "apps/third"), registry.ErrAuthRequired)
	})
}

// rotating is a registry that accepts one password, and answers a status for others.
type rotating struct {
	status   int
	accepted string
}

func (r *rotating) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch _, password, ok := req.BasicAuth(); {
	case !ok:
		w.Header().Set("WWW-Authenticate", "Basic realm=x")
		status(http.StatusUnauthorized, "UNAUTHORIZED")(w, req)
	case password != r.accepted:
		status(r.status, "DENIED")(w, req)
	default:
		opened("/upload")(w, req)
	}
}

// ECR answers 403 when a password has expired.
func TestDockerConfigThatChangesAfterADenial(t *testing.T) {
	for _, refused := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		t.Run(http.StatusText(refused), func(t *testing.T) {
			handler := &rotating{refused, ci.Password}
			srv := httptest.NewServer(handler)
			defer srv.Close()
			host := srv.Listener.Addr().String()
			path := writeConfig(t, "%s", authEntry(host, ci))
			client := newClient(t, host, registry.Options{DockerConfig: path})
			require.NoError(t, client.VerifyAccess(t.Context(), repository))

			handler.accepted = rotated.Password
			err := client.VerifyAccess(t.Context(), repository)
			requireKind(t, err, registry.ErrPermissionDenied)
			requireNoSecret(t, err.Error())
			require.NoError(t, os.WriteFile(path, []byte(authEntry(host, rotated)), 0o600))
			require.NoError(t, client.VerifyAccess(t.Context(), repository))
		})
	}
}

// The caller may use the bytes again.
func TestDockerConfigJSONIsCopied(t *testing.T) {
	endpoint, err := reference.ParseEndpoint("localhost")
	require.NoError(t, err)
	config := []byte(authEntry("localhost", ci))
	opts, err := registry.Options{DockerConfigJSON: config}.ForEndpoint(endpoint)
	require.NoError(t, err)
	client := newClient(t, "localhost", registry.Options{
		DockerConfigJSON: config, Transport: inProcess{memregistry.Handler(memregistry.Options{Users: users})},
	})
	clear(config)
	assert.Equal(t, authEntry("localhost", ci), string(opts.DockerConfigJSON))
	require.NoError(t, client.VerifyAccess(t.Context(), repository))
}
