//go:build unix

package registrytest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/registrytest"
)

// program writes a shell script to a directory as a program.
func program(t *testing.T, dir, name, script string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755))
}

// absence returns the reason for which a kind is not available.
func absence(t *testing.T, kind registrytest.Kind) string {
	t.Helper()
	_, err := registrytest.Find(t.Context(), kind)
	var absent *registrytest.AbsentError
	require.ErrorAs(t, err, &absent)
	assert.Equal(t, kind, absent.Kind)
	return absent.Why.Error()
}

// The wait for an engine that does not respond is short.
func TestDockerThatHangs(t *testing.T) {
	dir := t.TempDir()
	isolate(t, dir)
	program(t, dir, "docker", "exec /bin/sleep 60\n")
	began := time.Now()
	var source *registrytest.Source
	_, log := failing(t, func(tb testing.TB) { source = registrytest.Choose(tb) })
	assert.Less(t, time.Since(began), 20*time.Second)
	require.NotNil(t, source)
	assert.Equal(t, registrytest.Embedded, source.Kind)
	assert.Contains(t, log, "zot-docker is not available: no engine responds: docker: context deadline exceeded")
}

func TestDockerWithoutAnEngine(t *testing.T) {
	dir := t.TempDir()
	isolate(t, dir)
	program(t, dir, "docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1\n")
	assert.Equal(t, "no engine responds: docker: Cannot connect to the Docker daemon", absence(t, registrytest.ZotDocker))
}

// A missing image is pulled only if OCI_TEST_PULL is set.
func TestDockerWithoutTheImage(t *testing.T) {
	dir := t.TempDir()
	isolate(t, dir)
	callsFile := filepath.Join(t.TempDir(), "calls")
	program(t, dir, "docker", `echo "$*" >>`+callsFile+`
case "$1" in
version) echo 28.2.2 ;;
image) [ -e `+callsFile+`.pulled ] || { echo 'No such image' >&2; exit 1; } ;;
pull) : >`+callsFile+`.pulled ;;
esac
`)
	t.Setenv("OCI_TEST_ZOT_IMAGE", "example.com/zot:test")
	assert.Equal(t, "image example.com/zot:test: not found, and OCI_TEST_PULL is not set", absence(t, registrytest.ZotDocker))
	calls, err := os.ReadFile(callsFile)
	require.NoError(t, err)
	assert.NotContains(t, string(calls), "pull")

	t.Setenv("OCI_TEST_PULL", "1")
	source, err := registrytest.Find(t.Context(), registrytest.ZotDocker)
	require.NoError(t, err)
	assert.Equal(t, "example.com/zot:test", source.Version)
	calls, err = os.ReadFile(callsFile)
	require.NoError(t, err)
	assert.Contains(t, string(calls), "pull --quiet example.com/zot:test\n")
}

func TestDockerWithAnImageThatCannotBePulled(t *testing.T) {
	dir := t.TempDir()
	isolate(t, dir)
	program(t, dir, "docker", `[ "$1" = version ] || { echo "no $1" >&2; exit 1; }`)
	t.Setenv("OCI_TEST_ZOT_IMAGE", "example.com/zot:test")
	t.Setenv("OCI_TEST_PULL", "1")
	assert.Equal(t, "image example.com/zot:test: docker: no pull", absence(t, registrytest.ZotDocker))
}

// engine installs a docker that has every image and creates empty containers. It
// records its command lines in the file calls, and runs start to start a container.
func engine(t *testing.T, start string) (calls string) {
	t.Helper()
	dir := t.TempDir()
	isolate(t, dir)
	calls = filepath.Join(t.TempDir(), "calls")
	program(t, dir, "docker", `echo "$*" >>`+calls+`
case "$1" in
create) echo c0ffee ;;
cp) /bin/cat >/dev/null ;;
start) `+start+` ;;
wait) exec /bin/sleep 60 ;;
logs) echo 'some output' ;;
esac
`)
	return calls
}

// countCalls returns how often a docker command was called.
func countCalls(t *testing.T, file, command string) int {
	t.Helper()
	calls, err := os.ReadFile(file)
	require.NoError(t, err)
	return strings.Count("\n"+string(calls), "\n"+command+" ")
}

// If another process takes the port that the engine chose, the container is started
// again. A container that does not start is removed.
func TestDockerPortIsTaken(t *testing.T) {
	calls := engine(t, `echo 'driver failed: Bind for 127.0.0.1:49153 failed: port is already allocated' >&2; exit 1`)
	source, err := registrytest.Find(t.Context(), registrytest.ZotDocker)
	require.NoError(t, err)
	_, err = source.Start(t.Context(), registrytest.Setup{})
	require.ErrorContains(t, err, "start: docker: driver failed: Bind for 127.0.0.1:49153 failed: port is already allocated")
	assert.Equal(t, 3, countCalls(t, calls, "start"))
	assert.Equal(t, 1, countCalls(t, calls, "create"))
	assert.Equal(t, 1, countCalls(t, calls, "rm"))
}

func TestDockerThatDoesNotStart(t *testing.T) {
	calls := engine(t, `echo 'exec format error' >&2; exit 1`)
	source, err := registrytest.Find(t.Context(), registrytest.ZotDocker)
	require.NoError(t, err)
	_, err = source.Start(t.Context(), registrytest.Setup{})
	require.ErrorContains(t, err, "exec format error")
	assert.Equal(t, 1, countCalls(t, calls, "start"))
	assert.Equal(t, 1, countCalls(t, calls, "rm"))
}

// A program that ends immediately is not waited for, and its output is reported.
func TestProgramThatEndsImmediately(t *testing.T) {
	dir := t.TempDir()
	isolate(t, dir)
	program(t, dir, "docker-registry", `case "$1" in
--version) echo 'docker-registry github.com/docker/distribution 2.8.2' ;;
*) echo 'listen tcp 127.0.0.1:5000: bind: address already in use' >&2; exit 1 ;;
esac
`)
	source, err := registrytest.Find(t.Context(), registrytest.Distribution)
	require.NoError(t, err)
	assert.Equal(t, "docker-registry (distribution 2.8.2)", source.String())
	began := time.Now()
	_, err = source.Start(t.Context(), registrytest.Setup{})
	require.EqualError(t, err, "docker-registry: the process ended: listen tcp 127.0.0.1:5000: bind: address already in use")
	assert.Less(t, time.Since(began), 20*time.Second)
}

func TestProgramsOfTheSameName(t *testing.T) {
	dir := t.TempDir()
	isolate(t, dir)
	program(t, dir, "registry", "echo 'npm registry 1.0'\n")
	assert.Contains(t, absence(t, registrytest.Distribution), `is not distribution: its version is "npm registry 1.0"`)

	program(t, dir, "registry", "echo 'registry github.com/distribution/distribution/v3 v3.0.0'\n")
	source, err := registrytest.Find(t.Context(), registrytest.Distribution)
	require.NoError(t, err)
	assert.Equal(t, "distribution (distribution v3.0.0)", source.String())
}

func TestZotBinary(t *testing.T) {
	dir := t.TempDir()
	isolate(t, t.TempDir())
	program(t, dir, "my-zot", `echo '{"level":"info","commit":"v2.1.21-0-g5b1e","binary-type":"minimal","message":"version"}' >&2`)
	assert.Contains(t, absence(t, registrytest.Zot), "not found")
	t.Setenv("OCI_TEST_ZOT_BINARY", filepath.Join(dir, "my-zot"))
	source, err := registrytest.Find(t.Context(), registrytest.Zot)
	require.NoError(t, err)
	assert.Equal(t, "zot (zot v2.1.21-0-g5b1e)", source.String())
}
