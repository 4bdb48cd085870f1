package registrytest_test

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/registrytest"
)

// A process does not outlive the run that started it.
func TestProcessOfKilledRun(t *testing.T) {
	for _, kind := range []registrytest.Kind{registrytest.Zot, registrytest.Distribution, registrytest.DockerRegistry} {
		t.Run(string(kind), func(t *testing.T) {
			source := find(t, kind)
			other := startRun(t, source.Kind)
			children := childrenOf(t, other.cmd.Process.Pid)
			require.Len(t, children, 1)
			other.kill(t)
			require.Eventually(t, func() bool { return !isRunning(children[0]) }, 20*time.Second, 10*time.Millisecond)
		})
	}
}

// childrenOf lists the processes that a process started (proc(5), "/proc/pid/stat").
func childrenOf(t *testing.T, parent int) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	require.NoError(t, err)
	var children []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err == nil && statOf(pid).parent == parent {
			children = append(children, pid)
		}
	}
	return children
}

// isRunning reports whether a process has not ended.
func isRunning(pid int) bool {
	state := statOf(pid).state
	return state != "" && state != "Z"
}

type stat struct {
	state  string // "" if there is no such process
	parent int
}

func statOf(pid int) (s stat) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}
	}
	_, _ = fmt.Sscan(string(text[bytes.LastIndexByte(text, ')')+1:]), &s.state, &s.parent) // the system wrote it
	return s
}
