package process_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/bench/internal/process"
)

// runner builds the command measure.
func runner(t *testing.T) process.Runner {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	measure := filepath.Join(t.TempDir(), "measure")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", measure, "github.com/kubeoci/oci/bench/measure").CombinedOutput()
	require.NoError(t, err, string(out))
	return process.Runner{Measure: measure}
}

func shell(script string) process.Command {
	return process.Command{Path: "/bin/sh", Args: []string{"-c", script}, Env: os.Environ()}
}

func TestRun(t *testing.T) {
	r := runner(t)
	used, out, err := r.Run(t.Context(), shell("echo out; echo err >&2; sleep 0.1"))
	require.NoError(t, err)
	assert.Equal(t, "out\n", string(out))
	assert.GreaterOrEqual(t, used.Wall, 100*time.Millisecond)
	assert.Less(t, used.CPU, used.Wall)

	_, _, err = r.Run(t.Context(), shell("echo failed >&2; exit 3"))
	assert.EqualError(t, err, "sh: exit status 1: failed")
	_, _, err = r.Run(t.Context(), process.Command{Path: filepath.Join(t.TempDir(), "none")})
	assert.ErrorContains(t, err, "none: exit status 1: measure: ")
}

// The memory of the measuring process is not counted.
func TestPeakMemoryIsThatOfTheProgram(t *testing.T) {
	ballast := make([]byte, 100<<20)
	for i := range ballast {
		ballast[i] = 1
	}
	used, _, err := runner(t).Run(t.Context(), shell("true"))
	require.NoError(t, err)
	assert.Positive(t, used.MaxRSS)
	assert.Less(t, used.MaxRSS, int64(20<<20))
	runtime.KeepAlive(ballast)
}

func TestCancelKillsAll(t *testing.T) {
	r := runner(t)
	mark := filepath.Join(t.TempDir(), "mark")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, _, err := r.Run(ctx, shell("sleep 4; touch "+mark))
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Less(t, time.Since(start), 3*time.Second)
	time.Sleep(5*time.Second - time.Since(start)) // until the file would exist
	assert.NoFileExists(t, mark)
}
