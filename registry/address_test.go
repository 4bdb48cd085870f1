package registry_test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/dnstest"
	"github.com/kubeoci/oci/registry"
)

// localNames makes names in .test lead to this machine, and those with "metadata" to a
// metadata service. The first lookup of those that begin with "rebinding" finds nothing.
func localNames(t *testing.T) {
	t.Helper()
	var mu sync.Mutex
	seen := map[string]bool{}
	dnstest.Install(t, func(name string) []string {
		mu.Lock()
		defer mu.Unlock()
		first := !seen[name]
		seen[name] = true
		switch {
		case first && strings.HasPrefix(name, "rebinding"):
		case strings.Contains(name, "metadata"):
			return []string{"169.254.169.254"}
		case name == "public.test":
			return []string{"198.51.100.9"}
		case strings.HasSuffix(name, ".test") && name != "unknown.test":
			return []string{"127.0.0.1"}
		}
		return nil
	})
}

// underName replaces the address in a URL by a host name.
func underName(t *testing.T, address, name string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(strings.TrimPrefix(address, "http://"))
	require.NoError(t, err)
	return "http://" + net.JoinHostPort(name, port)
}

// leads are the ways in which a registry leads a client elsewhere.
var leads = []struct {
	name string
	to   func(place string) fault
	run  func(context.Context, *registry.Client, artifact) error
}{
	{"redirect", func(place string) fault {
		return fault{"HEAD", http.RedirectHandler(place+"/x", http.StatusTemporaryRedirect).ServeHTTP}
	}, func(ctx context.Context, c *registry.Client, _ artifact) error {
		_, err := c.Resolve(ctx, repository, "v1")
		return err
	}},
	{"token service", func(place string) fault {
		return fault{"HEAD", challenge(place + "/token").ServeHTTP}
	}, func(ctx context.Context, c *registry.Client, _ artifact) error {
		_, err := c.Resolve(ctx, repository, "v1")
		return err
	}},
	{"upload", func(place string) fault {
		return fault{"POST", opened(place + "/upload")}
	}, func(ctx context.Context, c *registry.Client, a artifact) error {
		_, err := c.Push(ctx, a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
		return err
	}},
}

// The address counts that a connection is made to, not one that a lookup found before.
func TestRegistryLeadsToAForbiddenName(t *testing.T) {
	localNames(t)
	a := newArtifact(t, "demo")
	for _, lead := range leads {
		for _, host := range []string{"metadata.test", "rebinding-metadata-" + strings.ReplaceAll(lead.name, " ", "-") + ".test", "169.254.169.254", "[::ffff:169.254.169.254]", "0.0.0.0"} {
			t.Run(lead.name+" "+host, func(t *testing.T) {
				srv := start(t, memregistry.Options{}, lead.to("http://"+host))
				opts := registry.Options{Retry: once, AllowPlainHTTPCredentials: true, AllowCrossOriginUploads: true}
				client := newClient(t, underName(t, srv.URL, "registry.test"), opts)
				defer client.Close()
				if strings.HasPrefix(host, "rebinding") {
					requireError(t, lead.run(t.Context(), client, a))
				}
				failed := requireKind(t, lead.run(t.Context(), client, a), registry.ErrUnsupported)
				assert.True(t, strings.HasSuffix(failed.Error(), "not supported: the registry leads to a local address: "+host), failed.Error())
				assert.Equal(t, "set Registry.AllowLocalServices if the registry is one of your own", failed.Hint())
			})
		}
	}
}

// A registry on this machine has its storage and token service there, too.
func TestLocalRegistryLeadsToALocalName(t *testing.T) {
	localNames(t)
	a := newArtifact(t, "demo")
	for _, lead := range leads {
		for _, name := range []string{"other.test", "127.0.0.1", "::ffff:127.0.0.1", "localhost"} {
			t.Run(lead.name+" "+name, func(t *testing.T) {
				elsewhere := startStranger(t, http.HandlerFunc(page(http.StatusOK)))
				srv := start(t, memregistry.Options{}, lead.to(underName(t, elsewhere.URL, name)))
				opts := registry.Options{Retry: once, AllowPlainHTTPCredentials: true, AllowCrossOriginUploads: true}
				client := newClient(t, underName(t, srv.URL, "registry.test"), opts)
				defer client.Close()
				requireError(t, lead.run(t.Context(), client, a))
				assert.NotEmpty(t, elsewhere.seen())
			})
		}
	}
}

// A connection to the registry is for its own name, also if others lead to the same
// address.
func TestConnectionsAreSharedByName(t *testing.T) {
	localNames(t)
	srv := start(t, memregistry.Options{})
	client := newClient(t, underName(t, srv.URL, "registry.test"), registry.Options{Retry: once})
	defer client.Close()
	a := newArtifact(t, "demo")
	_, err := a.push(t, client, registry.PushOptions{}, "v1")
	require.NoError(t, err)
	for _, tt := range []struct {
		name    string
		allowed bool
	}{{"other.test", true}, {"REGISTRY.test", true}, {"metadata.test", false}, {"registry.test", true}} {
		place := underName(t, srv.URL, tt.name) + "/v2/" + repository + "/manifests/" + a.Manifest.Digest.String()
		srv.fail(fault{"HEAD manifests/v1", http.RedirectHandler(place, http.StatusTemporaryRedirect).ServeHTTP})
		_, err := client.Resolve(t.Context(), repository, "v1")
		if tt.allowed {
			require.NoError(t, err, tt.name)
			continue
		}
		requireKind(t, err, registry.ErrUnsupported)
	}
}

// The address of a proxy is the caller's choice. What the proxy is asked for is not.
func TestRegistryLeadsToALocalAddressByAProxy(t *testing.T) {
	localNames(t)
	for _, tt := range []struct {
		name    string
		allowed bool
	}{
		{"public.test", true}, {"unknown.test", true}, {"other.test", false},
		{"169.254.169.254", false}, {"[64:ff9b::a9fe:a9fe]", false}, {"10.0.0.1", false}, {"localhost", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked []string
			proxy := startStranger(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.URL.Host)
				if r.URL.Host == "public.test:5000" && r.URL.Path != "/found" {
					http.Redirect(w, r, "http://"+tt.name+"/found", http.StatusTemporaryRedirect)
					return
				}
				status(http.StatusNotFound, "NAME_UNKNOWN")(w, r)
			}))
			client := newClient(t, "http://public.test:5000", registry.Options{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }})
			defer client.Close()
			_, err := client.Resolve(t.Context(), repository, "v1")
			if tt.allowed {
				requireKind(t, err, registry.ErrNotFound)
				assert.Contains(t, asked, tt.name)
				return
			}
			requireKind(t, err, registry.ErrUnsupported)
			assert.Equal(t, []string{"public.test:5000"}, asked)
		})
	}
}
