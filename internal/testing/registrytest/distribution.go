package registrytest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// findDistribution finds the program of distribution on PATH, or Debian's.
func findDistribution(ctx context.Context, s settings) (*Source, error) {
	path, version, err := findProgram(ctx, "registry")
	if errors.Is(err, exec.ErrNotFound) {
		source, other := findDockerRegistry(ctx, s)
		if other != nil {
			return nil, fmt.Errorf("%w, and %w", err, other)
		}
		source.Kind = DockerRegistry
		return source, nil
	}
	if err != nil {
		return nil, err
	}
	return &Source{Version: version, start: distribution.run(path)}, nil
}

func findDockerRegistry(ctx context.Context, _ settings) (*Source, error) {
	path, version, err := findProgram(ctx, "docker-registry")
	if err != nil {
		return nil, err
	}
	return &Source{Version: version, start: distribution.run(path)}, nil
}

// distributionVersion matches the output of the program: its name, its source, which
// of the two it is, and the version.
var distributionVersion = regexp.MustCompile(`^\S+ \S*/(distribution\S*) (\S+)`)

// findProgram finds a program of distribution on PATH, and checks that it is one:
// other programs are called registry, too.
func findProgram(ctx context.Context, name string) (path, version string, err error) {
	if path, err = exec.LookPath(name); err != nil {
		return "", "", err
	}
	out, err := queryProgram(ctx, path, "--version")
	if err != nil {
		return "", "", err
	}
	found := distributionVersion.FindSubmatch(out)
	if found == nil {
		return "", "", fmt.Errorf("%s is not distribution: its version is %.80q", path, out)
	}
	version = string(found[2])
	if strings.Contains(version, "unknown") {
		version = moduleVersion(path)
	}
	return path, "distribution " + version, nil
}
