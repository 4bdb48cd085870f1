//go:build unix

package dockerauth_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/dockerauth"
)

// installHelper puts a credential helper called xyz on the PATH.
func installHelper(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	//nolint:gosec // it has to be executable
	require.NoError(t, os.WriteFile(filepath.Join(dir, "docker-credential-xyz"), []byte("#!/bin/sh\n"+script), 0o700))
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// known is a helper that has a credential for one server, and prints the secret to
// standard error first.
const known = `
echo ` + password + ` >&2
read -r server
case "$1 $server" in
"get $EXPECTED_SERVER") printf '{"ServerURL":"%s","Username":"helper","Secret":"` + password + `"}' "$server" ;;
*) echo "credentials not found in native keychain"; exit 1 ;;
esac`

func TestCredentialHelperAndEntries(t *testing.T) {
	for _, tt := range []struct{ name, config, want string }{
		{"helper over entry", `{"credHelpers":{"ghcr.io":"xyz"},"auths":{"ghcr.io":%s}}`, "helper"},
		{"helper over the store", `{"credHelpers":{"ghcr.io":"xyz"},"credsStore":"missing"}`, "helper"},
		{"helper of another host", `{"credHelpers":{"quay.io":"missing"},"auths":{"ghcr.io":%s}}`, "entry"},
		{"helper of another host, and a store", `{"credHelpers":{"quay.io":"missing"},"credsStore":"xyz"}`, "helper"},
		{"helper of the organisation", `{"credHelpers":{"ghcr.io/org":"xyz","ghcr.io":"missing"},"auths":{"ghcr.io":%s}}`, "helper"},
		{"helper of another organisation", `{"credHelpers":{"ghcr.io/else":"missing"},"auths":{"ghcr.io":%s}}`, "entry"},
		{"helper of the organisation, entry of the repository", `{"credHelpers":{"ghcr.io/org":"missing"},"auths":{"ghcr.io/org/app":%s}}`, "entry"},
		{"helper of the host, entry of the organisation", `{"credHelpers":{"ghcr.io":"missing"},"auths":{"ghcr.io/org":%s}}`, "entry"},
		{"helper and entry of the organisation", `{"credHelpers":{"ghcr.io/org":"xyz"},"auths":{"ghcr.io/org":%s}}`, "helper"},
		{"helper under a URL", `{"credHelpers":{"https://ghcr.io/v2/":"xyz"},"auths":{"ghcr.io":%s}}`, "helper"},
		{"helper for a wildcard", `{"credHelpers":{"*.io":"xyz"}}`, "helper"},
		{"helper for a wildcard, entry of the host", `{"credHelpers":{"*.io":"missing"},"auths":{"ghcr.io":%s}}`, "entry"},
		{"helper for a wildcard, and a store", `{"credHelpers":{"*.io":"xyz"},"credsStore":"missing"}`, "helper"},
		{"no helper in place of the store", `{"credHelpers":{"ghcr.io":""},"credsStore":"missing","auths":{"ghcr.io":%s}}`, "entry"},
		{"no helper in place of the store, nor an entry", `{"credHelpers":{"ghcr.io":""},"credsStore":"missing"}`, ""},

		{"store over entry", `{"credsStore":"xyz","auths":{"ghcr.io":%s}}`, "helper"},
		{"store and an empty entry", `{"credsStore":"xyz","auths":{"ghcr.io":{}}}`, "helper"},
		{"store over a broken entry", `{"credsStore":"xyz","auths":{"ghcr.io":7}}`, "helper"},
		{"store over an entry for a wildcard", `{"credsStore":"xyz","auths":{"*.io":%s}}`, "helper"},
		{"store, entry of the organisation", `{"credsStore":"missing","auths":{"ghcr.io/org":%s}}`, "entry"},
		{"store, entry of another organisation", `{"credsStore":"xyz","auths":{"ghcr.io/else":%s}}`, "helper"},
		{"store, empty entry of the organisation", `{"credsStore":"xyz","auths":{"ghcr.io/org":{}}}`, "helper"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			installHelper(t, known)
			t.Setenv("EXPECTED_SERVER", "ghcr.io")
			requireFound(t, tt.want, writeConfig(t, "%s", strings.ReplaceAll(tt.config, "%s", auth("entry"))), "ghcr.io", "org/app")
		})
	}
}

// Docker and oras-go stop if the store holds nothing.
func TestCredentialHelperThatKnowsNothingAndEntries(t *testing.T) {
	for _, tt := range []struct{ name, config, want string }{
		{"store, entry", `{"credsStore":"xyz","auths":{"ghcr.io":%s}}`, "entry"},
		{"store, entry for a wildcard", `{"credsStore":"xyz","auths":{"*.io":%s}}`, "entry"},
		{"store, entry of another host", `{"credsStore":"xyz","auths":{"quay.io":%s}}`, ""},
		{"helper of the host, entry", `{"credHelpers":{"ghcr.io":"xyz"},"auths":{"ghcr.io":%s}}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			installHelper(t, known)
			requireFound(t, tt.want, writeConfig(t, tt.config, auth("entry")), "ghcr.io", "org/app")
		})
	}
}

// Helpers are asked about hosts only, and about Docker Hub by the name of docker login.
func TestCredentialHelperIsAskedAboutTheHost(t *testing.T) {
	for _, tt := range []struct{ name, config, endpoint, server string }{
		{"a host", `{"credHelpers":{"https://ghcr.io/v1/":"xyz"}}`, "ghcr.io", "ghcr.io"},
		{"a port", `{"credsStore":"xyz"}`, "ghcr.io:5000", "ghcr.io:5000"},
		{"an organisation", `{"credHelpers":{"ghcr.io/org":"xyz"}}`, "ghcr.io", "ghcr.io"},
		{"a wildcard", `{"credHelpers":{"*.io":"xyz"}}`, "ghcr.io", "ghcr.io"},
		{"Docker Hub", `{"credHelpers":{"docker.io":"xyz"}}`, "docker.io", "https://index.docker.io/v1/"},
		{"Docker Hub, its organisation", `{"credHelpers":{"docker.io/org":"xyz"}}`, "docker.io", "https://index.docker.io/v1/"},
		{"Docker Hub, index", `{"credHelpers":{"https://index.docker.io/v1/":"xyz"}}`, "docker.io", "https://index.docker.io/v1/"},
		{"Docker Hub, store", `{"credsStore":"xyz"}`, "docker.io", "https://index.docker.io/v1/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			installHelper(t, known)
			t.Setenv("EXPECTED_SERVER", tt.server)
			requireFound(t, "helper", writeConfig(t, "%s", tt.config), tt.endpoint, "org/app")
		})
	}
}

// The entry does not replace a store that fails, because it may be outdated.
func TestCredentialHelperOfTheStoreThatFails(t *testing.T) {
	for _, tt := range []struct{ name, script, text string }{
		{"with a credential", `printf '{"Username":"ci","Secret":"` + password + `"}'; exit 1`, `the credential helper "xyz" failed for ghcr.io`},
		{"with garbage", `echo ` + password, `the credential helper "xyz" failed for ghcr.io`},
		{"with silence", `exit 0`, `the credential helper "xyz" failed for ghcr.io`},
		{"with success", `echo "credentials not found in native keychain"`, `the credential helper "xyz" failed for ghcr.io`},
		{"with no end", `yes ` + password, `the credential helper "xyz" failed for ghcr.io`},
		{"missing", ``, `the credential helper "xyz" for ghcr.io is not on the PATH`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.script == "" {
				t.Setenv("PATH", t.TempDir())
			} else {
				installHelper(t, tt.script)
			}
			cred, err := find(t, writeConfig(t, `{"credsStore":"xyz","auths":{"ghcr.io":%s}}`, auth("entry")), "ghcr.io", "org/app")
			requireError(t, err, tt.text)
			assert.Zero(t, cred)
		})
	}
}

func TestCredentialHelperThatHangs(t *testing.T) {
	installHelper(t, `kill -STOP $$`)
	config, err := dockerauth.Read(writeConfig(t, `{"credHelpers":{"ghcr.io":"xyz"}}`))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err = config.Credential(ctx, "ghcr.io", "org/app")
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestCredentialHelperWithAnIdentityToken(t *testing.T) {
	installHelper(t, `printf '{"Username":"<token>","Secret":"`+password+`"}'`)
	cred, err := find(t, writeConfig(t, `{"credsStore":"xyz"}`), "ghcr.io", "org/app")
	require.NoError(t, err)
	assert.Equal(t, dockerauth.Credential{IdentityToken: password}, cred)
}

// The bytes may come from a cluster, so that no program is started for them.
func TestParseRunsNoHelper(t *testing.T) {
	const refused = `the entry for ghcr.io needs the credential helper "xyz", which is not run for DockerConfigJSON`
	for _, tt := range []struct{ name, config, want, refused string }{
		{"entry", `{"auths":{"ghcr.io":%s}}`, "entry", ""},
		{"entry, and a store", `{"credsStore":"xyz","auths":{"ghcr.io":%s}}`, "entry", ""},
		{"entry of another host, and a store", `{"credsStore":"xyz","auths":{"quay.io":%s}}`, "", ""},
		{"empty entry, and a store", `{"credsStore":"xyz","auths":{"ghcr.io":{}}}`, "", refused},
		{"empty entry of the organisation, and a store", `{"credsStore":"xyz","auths":{"ghcr.io":%s,"ghcr.io/org":{}}}`, "entry", ""},
		{"store alone", `{"credsStore":"xyz"}`, "", ""},
		{"empty entry, and no store", `{"auths":{"ghcr.io":{}}}`, "", ""},
		{"helper", `{"credHelpers":{"ghcr.io":"xyz"},"auths":{"ghcr.io":%s}}`, "", refused},
		{"helper of another host", `{"credHelpers":{"quay.io":"xyz"},"auths":{"ghcr.io":%s}}`, "entry", ""},
		{"helper for a wildcard", `{"credHelpers":{"*.io":"xyz"}}`, "", refused},
		{"entry that cannot be read, and a store", `{"credsStore":"xyz","auths":{"ghcr.io":7}}`, "", `the entry for "ghcr.io" in the Docker configuration cannot be read: it is not an object as docker login writes it`},
		{"space", " \n", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			started := filepath.Join(t.TempDir(), "started")
			installHelper(t, "touch "+started)
			config, err := dockerauth.Parse([]byte(strings.ReplaceAll(tt.config, "%s", auth("entry"))))
			require.NoError(t, err)
			cred, _, err := config.Credential(t.Context(), "ghcr.io", "org/app")
			if tt.refused != "" {
				requireError(t, err, tt.refused)
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, tt.want, cred.Username)
			assert.NoFileExists(t, started)
		})
	}
}

func TestParseOfBrokenBytes(t *testing.T) {
	for _, text := range []string{"{", "7", `{"auths":[]}`, `{"auths":{}} x`} {
		_, err := dockerauth.Parse([]byte(text))
		requireError(t, err, "the Docker configuration cannot be read")
	}
	_, err := dockerauth.Parse([]byte(`{"credsStore":"../x"}`))
	requireError(t, err, `"../x" is not the name of a credential helper`)
}

// A helper that leaves an agent behind has answered, although the agent holds its output.
func TestCredentialHelperThatLeavesAnAgent(t *testing.T) {
	const answer = `printf '{"Username":"ci","Secret":"` + password + `"}'` + "\n"
	for _, tt := range []struct {
		name, script string
		fails        bool
	}{
		{"answers", "sleep 60 & echo $! >$AGENT\n" + answer, false},
		{"answers in part", "sleep 60 & echo $! >$AGENT\n" + `printf '{"Username":"ci"'`, true},
		{"answers and fails", "sleep 60 & echo $! >$AGENT\n" + answer + "exit 1", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("AGENT", filepath.Join(t.TempDir(), "agent"))
			installHelper(t, tt.script)
			cred, err := find(t, writeConfig(t, `{"credsStore":"xyz"}`), "ghcr.io", "org/app")
			agent := agentOf(t)
			if tt.fails {
				requireError(t, err, `the credential helper "xyz" failed for ghcr.io`)
				requireEnded(t, agent)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, ci, cred)
			require.NoError(t, syscall.Kill(agent, syscall.SIGKILL), "the agent runs on")
		})
	}
}

// The children of a helper end with it, whether they hold its output or not.
func TestCredentialHelperWithChildrenThatHangs(t *testing.T) {
	for _, tt := range []struct{ name, script string }{
		{"with the output", "sleep 60 & echo $! >$AGENT; wait"},
		{"without the output", "sleep 60 >/dev/null 2>&1 & echo $! >$AGENT; wait"},
		{"ignores signals", "trap '' TERM INT HUP; sleep 60 & echo $! >$AGENT; wait; wait"},
		{"prints too much", "sleep 60 >/dev/null 2>&1 & echo $! >$AGENT; trap '' PIPE; while :; do printf " + password + "; done"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("AGENT", filepath.Join(t.TempDir(), "agent"))
			installHelper(t, tt.script)
			config, err := dockerauth.Read(writeConfig(t, `{"credsStore":"xyz"}`))
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error)
			go func() {
				_, _, err := config.Credential(ctx, "ghcr.io", "org/app")
				done <- err
			}()
			agent := agentOf(t)
			if tt.name == "prints too much" {
				requireError(t, <-done, `the credential helper "xyz" failed for ghcr.io`)
			} else {
				cancel()
				require.ErrorIs(t, <-done, context.Canceled)
			}
			requireEnded(t, agent)
		})
	}
}

// agentOf returns the process that a helper has started in the background.
func agentOf(t *testing.T) int {
	t.Helper()
	var agent int
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(os.Getenv("AGENT"))
		if err != nil || !strings.HasSuffix(string(text), "\n") {
			return false
		}
		agent, err = strconv.Atoi(strings.TrimSpace(string(text)))
		return err == nil
	}, time.Minute, 5*time.Millisecond)
	t.Cleanup(func() { _ = syscall.Kill(agent, syscall.SIGKILL) }) // if it is left
	return agent
}

// requireEnded waits for the end of a process. It may stay a zombie if nobody is there
// to wait for orphans.
func requireEnded(t *testing.T, pid int) {
	t.Helper()
	require.Eventually(t, func() bool {
		if syscall.Kill(pid, 0) != nil {
			return true
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err == nil && strings.Contains(string(status), ") Z ")
	}, 10*time.Second, 5*time.Millisecond, "the process runs on")
}
