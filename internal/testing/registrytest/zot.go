package registrytest

import (
	"context"
	"encoding/json"
	"os/exec"
)

// findZot finds the program that OCI_TEST_ZOT_BINARY names, or zot on PATH.
func findZot(ctx context.Context, s settings) (*Source, error) {
	name := s.zotBinary
	if name == "" {
		name = "zot"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, err
	}
	said, err := askProgram(ctx, path, "--version")
	if err != nil {
		return nil, err
	}
	return &Source{Version: "zot " + zotVersion(path, said), start: zot.run(path)}, nil
}

// zotVersion is what zot says of itself: the commit, which has the release in it.
// One that was built without says nothing, and is of the version that Go says.
func zotVersion(path string, said []byte) string {
	var line struct {
		Commit string `json:"commit"`
	}
	if json.Unmarshal(said, &line) == nil && line.Commit != "" {
		return line.Commit
	}
	return moduleVersion(path)
}
