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
	out, err := queryProgram(ctx, path, "--version")
	if err != nil {
		return nil, err
	}
	return &Source{Version: "zot " + zotVersion(path, out), start: zot.run(path)}, nil
}

// zotVersion returns the commit that zot reports, which contains the release, or the
// version of its Go module if zot was built without one.
func zotVersion(path string, out []byte) string {
	var line struct {
		Commit string `json:"commit"`
	}
	if json.Unmarshal(out, &line) == nil && line.Commit != "" {
		return line.Commit
	}
	return moduleVersion(path)
}
