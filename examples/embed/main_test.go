package main

import (
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/examples/internal/usagetest"
	"github.com/kubeoci/oci/internal/memregistry"
)

func TestEmbed(t *testing.T) {
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{}))
	t.Cleanup(server.Close)
	ref := "oci://" + server.Listener.Addr().String() + "/hello:1.0.0"
	locked := httptest.NewServer(memregistry.Handler(memregistry.Options{Users: map[string]memregistry.User{"ci": {Password: "password"}}}))
	t.Cleanup(locked.Close)
	private := "oci://" + locked.Listener.Addr().String() + "/hello:1.0.0"
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"registry in memory", nil, []string{"/hello:1.0.0\n", "files     2\n", "unchanged false\n"}},
		{"named registry", []string{"-ref", ref}, []string{ref, "unchanged false\n"}},
		{"second push", []string{"-ref", ref}, []string{ref, "unchanged true\n"}},
		{"password", []string{"-ref", private, "-username", "ci", "-password-stdin"}, []string{private, "unchanged false\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stdout bytes.Buffer
			env := cli.Env{Stdin: strings.NewReader("password\n"), Stdout: &stdout, Getenv: func(string) string { return "" }}
			require.NoError(t, run(t.Context(), env, tt.args))
			for _, want := range tt.want {
				assert.Contains(t, stdout.String(), want)
			}
		})
	}
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{{"-ref", "hello"}, {"-ref", "oci://localhost/hello"}, {"x"}, {"-plain-http"}} {
		var stdout, stderr bytes.Buffer
		env := cli.Env{Stdout: &stdout, Stderr: &stderr}
		assert.Equal(t, 2, cli.Status(env, run(t.Context(), env, args)), args)
		assert.Empty(t, stdout.String())
	}
}

func TestCommandsInHelp(t *testing.T) {
	usagetest.Check(t, usage, "embed", run)
}
