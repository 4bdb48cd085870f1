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

// otherRun is another run of tests, which holds a registry.
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
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended, if all is well
	host, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	return &otherRun{strings.TrimSpace(host), cmd, input}
}

// end ends the run in good order.
func (r *otherRun) end(t *testing.T) {
	t.Helper()
	require.NoError(t, r.input.Close())
	require.NoError(t, r.cmd.Wait())
}

// kill ends it as a run ends that is killed: nothing is cleaned up.
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

// Runs at once have registries of their own, and do not take each other's for
// left over.
func TestTwoRunsAtOnce(t *testing.T) {
	eachKind(t, func(t *testing.T, source *registrytest.Source) {
		other := startRun(t, source.Kind)
		target := source.Open(t, registrytest.Setup{})
		require.NotEqual(t, other.host, target.Host)
		theirs := &registrytest.Target{Host: other.host, PlainHTTP: true}
		push(t, target, "demo", "ours")
		push(t, theirs, "demo", "theirs")
		exists, err := newClient(t, target, target.Options()).Exists(t.Context(), "demo", "theirs")
		require.NoError(t, err)
		assert.False(t, exists)
		other.end(t)
		push(t, target, "demo", "ours-still")
	})
}

// What a run leaves behind that was killed, the next one removes.
func TestRunThatWasKilled(t *testing.T) {
	inDocker(t, func(t *testing.T, kind registrytest.Kind) {
		other := startRun(t, kind)
		pid := other.cmd.Process.Pid
		other.kill(t)
		require.NotEmpty(t, madeBy(t, pid))
		find(t, kind).Open(t, registrytest.Setup{})
		assert.Empty(t, madeBy(t, pid))
	})
}

// Nothing is left behind by a run that ends in good order.
func TestRunThatEnds(t *testing.T) {
	inDocker(t, func(t *testing.T, kind registrytest.Kind) {
		other := startRun(t, kind)
		require.NotEmpty(t, madeBy(t, other.cmd.Process.Pid))
		other.end(t)
		assert.Empty(t, madeBy(t, other.cmd.Process.Pid))
	})
}

// madeBy are the containers and images that a process made.
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

// docker is what a command says. What is gone by then says nothing.
func docker(t *testing.T, arguments ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", arguments...).Output()
	var failed *exec.ExitError
	if err != nil {
		require.ErrorAs(t, err, &failed)
	}
	return string(out)
}
