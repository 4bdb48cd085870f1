package registry_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/dnstest"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// A hint for an option names the option and the legal values.
func TestHintsOfOptions(t *testing.T) {
	const (
		half    = "set both Username and Password, or neither; a token without a user name goes into Registry.Credential"
		content = "set Registry.DockerConfigJSON to the content of a file as docker login writes it, or leave it empty"
		file    = "set Registry.DockerConfig to a file as docker login writes it, or leave it empty"
	)
	for _, tt := range []struct {
		name, endpoint string
		opts           registry.Options
		hint           string
	}{
		{"user alone", "ghcr.io", registry.Options{Credential: registry.Credential{Username: "ci"}}, half},
		{"password alone", "ghcr.io", registry.Options{Credential: registry.Credential{Password: password}}, half},
		{"colon in the user", "ghcr.io", registry.Options{Credential: registry.Credential{Username: "c:i", Password: password}}, "set Username to a name without a colon"},
		{
			"password and token", "ghcr.io", registry.Options{Credential: registry.Credential{Username: "ci", Password: password, AccessToken: password}},
			"set either Username and Password, or the token in Registry.Credential",
		},
		{
			"two tokens", "ghcr.io", registry.Options{Credential: registry.Credential{IdentityToken: password, AccessToken: password}},
			"set one of Registry.Credential.IdentityToken and Registry.Credential.AccessToken",
		},
		{
			"line break in a token", "ghcr.io", registry.Options{Credential: registry.Credential{AccessToken: password + "\n"}},
			"set the token in Registry.Credential without line breaks",
		},
		{"file that is broken", "ghcr.io", registry.Options{DockerConfig: writeConfig(t, `{"auths": %s`, password)}, file},
		{"file that cannot be read", "ghcr.io", registry.Options{DockerConfig: t.TempDir()}, file},
		{"content that is broken", "ghcr.io", registry.Options{DockerConfigJSON: []byte("[")}, content},
		{"negative time-out", "ghcr.io", registry.Options{Timeout: -1}, "set Registry.Timeout to at most 24h, or to 0 for the default"},
		{"long time-out", "ghcr.io", registry.Options{VerifyTimeout: 25 * time.Hour}, "set Registry.VerifyTimeout to at most 24h, or to 0 for the default"},
		{"negative wait", "ghcr.io", registry.Options{Retry: registry.RetryPolicy{MinWait: -1}}, "set Registry.Retry.MinWait to at most 24h, or to 0 for the default"},
		{"attempts without end", "ghcr.io", registry.Options{Retry: registry.RetryPolicy{MaxAttempts: 101}}, "set Registry.Retry.MaxAttempts to at most 100, or to 0 for the default"},
		{"user agent", "ghcr.io", registry.Options{UserAgent: "a\nb"}, "set Registry.UserAgent to text without line breaks and other control characters"},
		{"unknown scheme", "ghcr.io", registry.Options{Scheme: "ftp"}, "set Registry.Scheme to http or https, or leave it empty"},
		{"two schemes", "https://ghcr.io", registry.Options{Scheme: registry.SchemeHTTP}, "leave Registry.Scheme empty, or write RegistryEndpoint without a scheme"},
		{
			"TLS without https", "http://ghcr.io", registry.Options{InsecureSkipVerify: true},
			"remove the settings for TLS, or set Registry.Scheme to https and remove http:// from RegistryEndpoint",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := registry.NewClient(tt.endpoint, tt.opts)
			if err == nil { // a configuration is read when it is needed
				tt.opts.Transport = inProcess{memregistry.Handler(memregistry.Options{Users: users})}
				err = newClient(t, tt.endpoint, tt.opts).VerifyAccess(t.Context(), repository)
			}
			var adviser interface{ Hint() string }
			require.ErrorAs(t, err, &adviser)
			assert.Equal(t, tt.hint, adviser.Hint())
		})
	}
}

// Advice for an operation that only reads is not about pushing.
func TestHintsOfReading(t *testing.T) {
	dnstest.Install(t, func(string) []string { return []string{"203.0.113.1"} })
	synctest.Test(t, func(t *testing.T) { // which need not wait after a 429
		hosts := []string{"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "europe-docker.pkg.dev", "ghcr.io", "docker.io", "acme.azurecr.io", "quay.io", "registry.example.com"}
		for _, host := range hosts {
			for _, answer := range answers {
				for _, cred := range []registry.Credential{{}, ci} {
					client := newClient(t, host, registry.Options{Credential: cred, Retry: once, Transport: inProcess{status(answer.status, answer.code)}})
					_, resolveErr := client.Resolve(t.Context(), "org/team/app", "v1")
					_, pullErr := client.Pull(t.Context(), "app", "v1", new(packager.Store), registry.PullOptions{})
					for _, err := range []error{resolveErr, pullErr, client.VerifyReadAccess(t.Context(), "org/app")} {
						if answer.status == 200 && err == nil {
							continue
						}
						hint := requireError(t, err).Hint()
						assert.NotEmpty(t, hint, err)
						assert.NotRegexp(t, "push|create|write packages|move", hint, err)
					}
				}
			}
		}
	})
	manifest := fmt.Sprintf(`{"layers":[%s{}]}`, strings.Repeat("{},", 2000))
	client := newClient(t, "localhost", registry.Options{Transport: inProcess{tagged(ocispec.MediaTypeImageManifest, []byte(manifest), digest.FromString(manifest))}})
	_, err := client.Pull(t.Context(), repository, "v1", new(packager.Store), registry.PullOptions{})
	assert.Equal(t, "name a smaller artifact: manifests are limited to 4 MiB and 1,000 blobs", requireKind(t, err, registry.ErrTooLarge).Hint())
}

// A registry is not to blame because the program has too many files open.
func TestHintOfTooManyOpenFiles(t *testing.T) {
	transport := roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.EMFILE)}
	})
	for _, host := range []string{"localhost", "123456789012.dkr.ecr.eu-west-1.amazonaws.com"} {
		_, err := newArtifact(t, "demo").push(t, newClient(t, host, registry.Options{Transport: transport, Retry: once}), registry.PushOptions{}, "v1")
		assert.Equal(t, "raise the limit of open files, such as with ulimit -n, or do less concurrently", requireKind(t, err, registry.ErrUnreachable).Hint())
	}
}
