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

// program puts a shell script into a folder as a program.
func program(t *testing.T, dir, name, script string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755))
}

// why is the reason for which there is no registry of a kind.
func why(t *testing.T, kind registrytest.Kind) string {
	t.Helper()
	_, err := registrytest.Find(t.Context(), kind)
	var absent *registrytest.AbsentError
	require.ErrorAs(t, err, &absent)
	assert.Equal(t, kind, absent.Kind)
	return absent.Why.Error()
}

// An engine that does not answer is waited for, and not for long.
func TestDockerThatHangs(t *testing.T) {
	dir := t.TempDir()
	alone(t, dir)
	program(t, dir, "docker", "exec /bin/sleep 60\n")
	began := time.Now()
	var source *registrytest.Source
	_, log := failing(t, func(tb testing.TB) { source = registrytest.Choose(tb) })
	assert.Less(t, time.Since(began), 20*time.Second)
	require.NotNil(t, source)
	assert.Equal(t, registrytest.Embedded, source.Kind)
	assert.Contains(t, log, "zot-docker is not here: no engine answers: docker: context deadline exceeded")
}

func TestDockerWithoutAnEngine(t *testing.T) {
	dir := t.TempDir()
	alone(t, dir)
	program(t, dir, "docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1\n")
	assert.Equal(t, "no engine answers: docker: Cannot connect to the Docker daemon", why(t, registrytest.ZotDocker))
}

// The engine is there, and the image is not: it is pulled only if that is asked
// for.
func TestDockerWithoutTheImage(t *testing.T) {
	dir := t.TempDir()
	alone(t, dir)
	asked := filepath.Join(t.TempDir(), "asked")
	program(t, dir, "docker", `echo "$*" >>`+asked+`
case "$1" in
version) echo 28.2.2 ;;
image) [ -e `+asked+`.pulled ] || { echo 'No such image' >&2; exit 1; } ;;
pull) : >`+asked+`.pulled ;;
esac
`)
	t.Setenv("OCI_TEST_ZOT_IMAGE", "example.com/zot:test")
	assert.Equal(t, "image example.com/zot:test: it is not there, and OCI_TEST_PULL is not set", why(t, registrytest.ZotDocker))
	said, err := os.ReadFile(asked)
	require.NoError(t, err)
	assert.NotContains(t, string(said), "pull")

	t.Setenv("OCI_TEST_PULL", "1")
	source, err := registrytest.Find(t.Context(), registrytest.ZotDocker)
	require.NoError(t, err)
	assert.Equal(t, "example.com/zot:test", source.Version)
	said, err = os.ReadFile(asked)
	require.NoError(t, err)
	assert.Contains(t, string(said), "pull --quiet example.com/zot:test\n")
}

func TestDockerWithAnImageThatCannotBePulled(t *testing.T) {
	dir := t.TempDir()
	alone(t, dir)
	program(t, dir, "docker", `[ "$1" = version ] || { echo "no $1" >&2; exit 1; }`)
	t.Setenv("OCI_TEST_ZOT_IMAGE", "example.com/zot:test")
	t.Setenv("OCI_TEST_PULL", "1")
	assert.Equal(t, "image example.com/zot:test: docker: no pull", why(t, registrytest.ZotDocker))
}

// engine is a docker that has any image and makes containers of nothing. What it
// is asked is in the file asked; start is what it does to start a container.
func engine(t *testing.T, start string) (asked string) {
	t.Helper()
	dir := t.TempDir()
	alone(t, dir)
	asked = filepath.Join(t.TempDir(), "asked")
	program(t, dir, "docker", `echo "$*" >>`+asked+`
case "$1" in
create) echo c0ffee ;;
cp) /bin/cat >/dev/null ;;
start) `+start+` ;;
wait) exec /bin/sleep 60 ;;
logs) echo 'what it said' ;;
esac
`)
	return asked
}

// countAsked is how often a command was asked for.
func countAsked(t *testing.T, asked, command string) int {
	t.Helper()
	said, err := os.ReadFile(asked)
	require.NoError(t, err)
	return strings.Count("\n"+string(said), "\n"+command+" ")
}

// The engine chooses a port, and somebody is faster to take it: it chooses another
// one. A container that does not start is removed.
func TestDockerPortIsTaken(t *testing.T) {
	asked := engine(t, `echo 'driver failed: Bind for 127.0.0.1:49153 failed: port is already allocated' >&2; exit 1`)
	source, err := registrytest.Find(t.Context(), registrytest.ZotDocker)
	require.NoError(t, err)
	_, err = source.Start(t.Context(), registrytest.Setup{})
	require.ErrorContains(t, err, "start: docker: driver failed: Bind for 127.0.0.1:49153 failed: port is already allocated")
	assert.Equal(t, 3, countAsked(t, asked, "start"))
	assert.Equal(t, 1, countAsked(t, asked, "create"))
	assert.Equal(t, 1, countAsked(t, asked, "rm"))
}

func TestDockerThatDoesNotStart(t *testing.T) {
	asked := engine(t, `echo 'exec format error' >&2; exit 1`)
	source, err := registrytest.Find(t.Context(), registrytest.ZotDocker)
	require.NoError(t, err)
	_, err = source.Start(t.Context(), registrytest.Setup{})
	require.ErrorContains(t, err, "exec format error")
	assert.Equal(t, 1, countAsked(t, asked, "start"))
	assert.Equal(t, 1, countAsked(t, asked, "rm"))
}

// A program that ends at once is not waited for, and what it said is told.
func TestProgramThatEndsAtOnce(t *testing.T) {
	dir := t.TempDir()
	alone(t, dir)
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
	require.EqualError(t, err, "docker-registry: it ended: listen tcp 127.0.0.1:5000: bind: address already in use")
	assert.Less(t, time.Since(began), 20*time.Second)
}

func TestProgramsOfTheSameName(t *testing.T) {
	dir := t.TempDir()
	alone(t, dir)
	program(t, dir, "registry", "echo 'npm registry 1.0'\n")
	assert.Contains(t, why(t, registrytest.Distribution), `is not that of distribution: it says "npm registry 1.0"`)

	program(t, dir, "registry", "echo 'registry github.com/distribution/distribution/v3 v3.0.0'\n")
	source, err := registrytest.Find(t.Context(), registrytest.Distribution)
	require.NoError(t, err)
	assert.Equal(t, "distribution (distribution v3.0.0)", source.String())
}

func TestZotBinary(t *testing.T) {
	dir := t.TempDir()
	alone(t, t.TempDir())
	program(t, dir, "my-zot", `echo '{"level":"info","commit":"v2.1.21-0-g5b1e","binary-type":"minimal","message":"version"}' >&2`)
	assert.Contains(t, why(t, registrytest.Zot), "not found")
	t.Setenv("OCI_TEST_ZOT_BINARY", filepath.Join(dir, "my-zot"))
	source, err := registrytest.Find(t.Context(), registrytest.Zot)
	require.NoError(t, err)
	assert.Equal(t, "zot (zot v2.1.21-0-g5b1e)", source.String())
}
