package registrytest_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/registrytest"
)

// otherRun is another test run, which holds a registry.
type otherRun struct {
	host  string
	cmd   *exec.Cmd
	input io.Closer
}

func startRun(t *testing.T, kind registrytest.Kind) *otherRun {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), holdKind+"="+string(kind), "TMPDIR="+t.TempDir())
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	require.NoError(t, err)
	output, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // already ended if the test passes
	host, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	return &otherRun{strings.TrimSpace(host), cmd, input}
}

// end ends the run normally.
func (r *otherRun) end(t *testing.T) {
	t.Helper()
	require.NoError(t, r.input.Close())
	require.NoError(t, r.cmd.Wait())
}

// kill kills the run, so that it cannot clean up.
func (r *otherRun) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, r.cmd.Process.Kill())
	require.Error(t, r.cmd.Wait())
}

// inDocker runs a test with each kind that is a container.
func inDocker(t *testing.T, test func(*testing.T, registrytest.Kind)) {
	t.Helper()
	for _, kind := range []registrytest.Kind{registrytest.ZotDocker, registrytest.DistributionDocker} {
		t.Run(string(kind), func(t *testing.T) {
			find(t, kind)
			test(t, kind)
		})
	}
}

// Concurrent runs have their own registries, and do not take each other's for
// leftovers.
func TestConcurrentRuns(t *testing.T) {
	eachKind(t, func(t *testing.T, source *registrytest.Source) {
		other := startRun(t, source.Kind)
		instance := source.Open(t, registrytest.Setup{})
		require.NotEqual(t, other.host, instance.Host)
		theirs := &registrytest.Instance{Host: other.host, PlainHTTP: true}
		push(t, instance, "demo", "ours")
		push(t, theirs, "demo", "theirs")
		exists, err := newClient(t, instance, instance.Options()).Exists(t.Context(), "demo", "theirs")
		require.NoError(t, err)
		assert.False(t, exists)
		other.end(t)
		push(t, instance, "demo", "ours-still")
	})
}

// The next run removes the leftovers of a killed one.
func TestKilledRun(t *testing.T) {
	inDocker(t, func(t *testing.T, kind registrytest.Kind) {
		other := startRun(t, kind)
		pid := other.cmd.Process.Pid
		other.kill(t)
		require.NotEmpty(t, madeBy(t, pid))
		find(t, kind).Open(t, registrytest.Setup{})
		assert.Empty(t, madeBy(t, pid))
	})
}

// A run that ends normally leaves nothing behind.
func TestRunThatEnds(t *testing.T) {
	inDocker(t, func(t *testing.T, kind registrytest.Kind) {
		other := startRun(t, kind)
		require.NotEmpty(t, madeBy(t, other.cmd.Process.Pid))
		other.end(t)
		assert.Empty(t, madeBy(t, other.cmd.Process.Pid))
	})
}

// madeBy lists the containers and images that a process created.
func madeBy(t *testing.T, pid int) []string {
	t.Helper()
	const label = "com.github.kubeoci.oci.test"
	var made []string
	for list, inspect := range map[string]string{"ps --all": "container", "image ls": "image"} {
		for _, id := range strings.Fields(docker(t, append(strings.Fields(list), "--quiet", "--no-trunc", "--filter", "label="+label)...)) {
			owner := docker(t, inspect, "inspect", "--format", `{{index .Config.Labels "`+label+`"}}`, id)
			if strings.Contains(owner, fmt.Sprintf(`"pid":%d,`, pid)) {
				made = append(made, inspect+" "+id)
			}
		}
	}
	return made
}

// docker returns the output of a command, "" if its object is already gone.
func docker(t *testing.T, arguments ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", arguments...).Output()
	var failed *exec.ExitError
	if err != nil {
		require.ErrorAs(t, err, &failed)
	}
	return string(out)
}
