package dockerauth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	// helperTimeout is how long a credential helper may take: some open a window
	// and wait for a person.
	helperTimeout = time.Minute
	// helperGrace is how long to wait for its output once it has ended.
	helperGrace = 500 * time.Millisecond
	// maxHelperOutput bounds its output. Tokens are a tenth of that.
	maxHelperOutput = 64 << 10
	// helperNotFound is printed by helpers that hold nothing for a host
	// (docker-credential-helpers, credentials/error.go).
	helperNotFound = "credentials not found in native keychain"
	// helperToken is the user name that goes with an identity token.
	helperToken = "<token>"
)

// checkHelper refuses a name that would select a program elsewhere than on PATH.
func checkHelper(name string) error {
	if strings.ContainsAny(name, `/\`) || filepath.VolumeName(name) != "" {
		return &Error{
			Reason: fmt.Sprintf("%.80q is not the name of a credential helper", name),
			Hint:   "write the name in credsStore or credHelpers without a directory, as xyz for docker-credential-xyz",
		}
	}
	return nil
}

// runHelper runs docker-credential-<name> get, as described in
// https://docs.docker.com/reference/cli/docker/login/#credential-helper-protocol
// Nothing that it prints gets into an error or to standard error, as it would with
// oras-go, where a helper can also block a caller whose context has ended. It is
// asked about hosts only, because helpers know nothing else.
//
// The children of a helper that fails or is ended are ended too, where there are
// process groups. Those of one that succeeds run on: it may have started an agent.
func runHelper(ctx context.Context, name, server string) (Credential, error) {
	limited, cancel := context.WithTimeout(ctx, helperTimeout)
	defer cancel()
	out := &helperOutput{end: cancel}
	command := exec.CommandContext(limited, "docker-credential-"+name, "get")
	command.Stdin = strings.NewReader(server)
	command.Stdout = out
	command.WaitDelay = helperGrace
	group(command)
	err := command.Run()
	if errors.Is(err, exec.ErrWaitDelay) && limited.Err() == nil {
		err = nil // it has succeeded, and an agent that it left holds its output
	}
	notFound := err != nil && string(bytes.TrimSpace(out.data)) == helperNotFound
	var response struct{ Username, Secret string }
	if err == nil {
		err = json.Unmarshal(out.data, &response)
	}
	if err != nil && !notFound && command.Process != nil {
		_ = killGroup(command) // nothing may be left
	}
	if ctx.Err() != nil {
		return Credential{}, ctx.Err()
	}
	switch {
	case notFound:
		return Credential{}, nil
	case errors.Is(err, exec.ErrNotFound):
		return Credential{}, &Error{
			Reason: fmt.Sprintf("the credential helper %q for %s is not on the PATH", name, server),
			Hint:   "install the program docker-credential-" + name + ", or give the credential in another way",
		}
	case err != nil:
		return Credential{}, &Error{
			Reason: fmt.Sprintf("the credential helper %q failed for %s", name, server),
			Hint:   "log in to the registry again, or run docker-credential-" + name + " get to see why it fails",
		}
	case response.Username == helperToken:
		return Credential{IdentityToken: response.Secret}, nil
	}
	return Credential{Username: response.Username, Password: response.Secret}, nil
}

// helperOutput keeps the output of a helper, and ends the helper if it prints too much.
type helperOutput struct {
	data []byte
	end  func()
}

func (o *helperOutput) Write(p []byte) (int, error) {
	if len(o.data)+len(p) > maxHelperOutput {
		o.end()
		return 0, errHelperOutput
	}
	o.data = append(o.data, p...)
	return len(p), nil
}

var errHelperOutput = errors.New("too much output for a credential")
