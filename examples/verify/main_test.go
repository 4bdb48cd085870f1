package main

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/examples/internal/usagetest"
	"github.com/kubeoci/oci/internal/memregistry"
)

func verify(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	t.Setenv("HOME", t.TempDir()) // not that of the user
	t.Setenv("USERPROFILE", os.Getenv("HOME"))
	var out, errs bytes.Buffer
	env := cli.Env{
		Stdin:  strings.NewReader(stdin),
		Stdout: &out,
		Stderr: &errs,
		Getenv: func(string) string { return "" },
	}
	status = cli.Status(env, run(t.Context(), env, args))
	return status, out.String(), errs.String()
}

func TestVerify(t *testing.T) {
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{Users: map[string]memregistry.User{
		"writer": {Password: "pw"},
		"reader": {Password: "pw", ReadOnly: true},
	}}))
	t.Cleanup(server.Close)
	host := server.Listener.Addr().String()
	ref := "oci://" + host + "/acme/shop:1.0.0"
	for _, tt := range []struct {
		name   string
		stdin  string
		args   []string
		status int
		stdout string
		stderr string
	}{
		{"allowed", "pw", []string{"-ref", ref, "-username", "writer", "-password-stdin"}, 0, "a push to " + host + "/acme/shop would be allowed\n", ""},
		{"read-only", "pw", []string{"-ref", ref, "-username", "reader", "-password-stdin"}, 1, "", "registry denies access: status 403, DENIED"},
		{"wrong password", "no", []string{"-ref", ref, "-username", "writer", "-password-stdin"}, 1, "", "registry denies access: status 401"},
		{"no credential", "", []string{"-ref", ref}, 1, "", "hint: set -username and -password-stdin"},
		{"no registry", "", []string{"-ref", "oci://127.0.0.1:1/shop"}, 1, "", "registry unreachable"},
		{"no reference", "", nil, 2, "", "-ref is missing"},
		{"illegal reference", "", []string{"-ref", "shop"}, 2, "", "invalid OCI scheme"},
		{"negative timeout", "", []string{"-ref", ref, "-timeout", "-1s"}, 2, "", "-timeout: -1s must be positive"},
		{"argument", "", []string{"-ref", ref, "x"}, 2, "", "unexpected argument 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := verify(t, tt.stdin, tt.args...)
			assert.Equal(t, tt.status, status)
			assert.Equal(t, tt.stdout, stdout)
			assert.Contains(t, stderr, tt.stderr)
		})
	}
}

// A terminal without input must not block the program.
func TestTimeoutWhileReadingThePassword(t *testing.T) {
	reader, writer := io.Pipe()
	t.Cleanup(func() { require.NoError(t, writer.Close()) })
	env := cli.Env{Stdin: reader, Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := run(ctx, env, []string{"-ref", "oci://localhost:1/shop:1", "-username", "u", "-password-stdin", "-timeout", "50ms"})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, ctx.Err())
}

func TestCommandsInHelp(t *testing.T) {
	usagetest.Check(t, usage, "verify", run)
}
