package registrytest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/registrytest"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// isolate clears the variables that select a registry, and limits PATH to dir.
func isolate(t *testing.T, dir string) {
	t.Helper()
	t.Setenv("PATH", dir)
	for _, name := range []string{
		"OCI_TEST_REGISTRY", "OCI_TEST_REGISTRY_USERNAME", "OCI_TEST_REGISTRY_PASSWORD", "OCI_TEST_REGISTRY_PLAIN_HTTP",
		"OCI_TEST_REGISTRY_CA_FILE", "OCI_TEST_REGISTRY_KIND", "OCI_TEST_PULL", "OCI_TEST_ZOT_IMAGE", "OCI_TEST_ZOT_BINARY",
	} {
		t.Setenv(name, "")
	}
}

// find finds a registry of a kind, or skips the test with the reason.
func find(t *testing.T, kind registrytest.Kind) *registrytest.Source {
	t.Helper()
	source, err := registrytest.Find(t.Context(), kind)
	var absent *registrytest.AbsentError
	if err != nil {
		require.ErrorAs(t, err, &absent)
		t.Skip(err)
	}
	return source
}

// newClient returns a client without retries that is closed at the end of the test.
func newClient(t *testing.T, instance *registrytest.Instance, opts registry.Options) *registry.Client {
	t.Helper()
	opts.Retry = registry.RetryPolicy{MaxAttempts: 1}
	client, err := registry.NewClient(instance.Host, opts)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// push pushes an artifact named after its tag.
func push(t *testing.T, instance *registrytest.Instance, repository, tag string) {
	t.Helper()
	set, err := manifests.CollectFS(t.Context(), fstest.MapFS{
		"app.yaml": {Data: fmt.Appendf(nil, "kind: ConfigMap\nmetadata: {name: %s}\n", tag)},
	}, manifests.Options{})
	require.NoError(t, err)
	store := new(packager.Store)
	defer func() { require.NoError(t, store.Close()) }()
	packed, err := packager.Pack(t.Context(), store, set, packager.LayoutRoot, packager.Options{})
	require.NoError(t, err)
	_, err = newClient(t, instance, instance.Options()).Push(t.Context(), store, packed.Manifest, repository, []string{tag}, registry.PushOptions{})
	require.NoError(t, err)
}

// failure is a test that only records its failure and its log.
type failure struct {
	testing.TB
	text string
	log  []string
}

func (f *failure) Helper()           {}
func (f *failure) Log(values ...any) { f.log = append(f.log, fmt.Sprint(values...)) }

func (f *failure) Fatal(values ...any) {
	f.text = fmt.Sprint(values...)
	runtime.Goexit()
}

func (f *failure) Fatalf(format string, values ...any) { f.Fatal(fmt.Sprintf(format, values...)) }

// failing runs a test and returns the text of its failure, "" if it passes, and its
// log.
func failing(t *testing.T, do func(testing.TB)) (text, log string) {
	t.Helper()
	f := &failure{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		do(f)
	}()
	<-done
	return f.text, strings.Join(f.log, "\n")
}
