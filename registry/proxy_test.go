package registry_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// verifyEndpoint makes the test program verify access to an endpoint and exit: net/http
// reads the proxy variables only once.
const verifyEndpoint = "OCI_TEST_VERIFY_ENDPOINT"

func TestMain(m *testing.M) {
	endpoint := os.Getenv(verifyEndpoint)
	if endpoint == "" {
		os.Exit(m.Run())
	}
	client, err := registry.NewClient(endpoint, registry.Options{Retry: once})
	if err == nil {
		err = client.VerifyAccess(context.Background(), repository)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Requests for this machine do not go through a proxy.
func TestLoopbackHasNoProxy(t *testing.T) {
	srv := start(t, memregistry.Options{})
	proxy := startStranger(t, http.HandlerFunc(page(http.StatusBadGateway)))
	for _, tt := range []struct {
		name, endpoint string
		proxied        bool
	}{
		{"loopback", srv.host, false},
		{"in capitals", "LOCALHOST" + srv.host[strings.LastIndex(srv.host, ":"):], false},
		{"another host", "http://registry.example.com", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(proxy.seen())
			child := exec.CommandContext(t.Context(), os.Args[0])
			child.Env = append(os.Environ(), verifyEndpoint+"="+tt.endpoint,
				"HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL, "NO_PROXY=", "no_proxy=")
			out, err := child.CombinedOutput()
			if tt.proxied {
				require.Error(t, err)
			} else {
				require.NoError(t, err, string(out))
			}
			assert.Equal(t, tt.proxied, len(proxy.seen()) > before)
		})
	}
}
