package registrytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

const (
	// dockerTimeout bounds a command, and pullTimeout one that pulls an image.
	dockerTimeout = 30 * time.Second
	pullTimeout   = 10 * time.Minute
)

// docker is the command line of an engine that responds.
type docker struct{ path string }

// findDocker finds an engine that responds within two seconds.
func findDocker(ctx context.Context) (docker, error) {
	path, err := exec.LookPath("docker")
	if err != nil {
		return docker{}, err
	}
	if _, err := queryProgram(ctx, path, "version", "--format", "{{.Server.Version}}"); err != nil {
		return docker{}, fmt.Errorf("no engine responds: %w", err)
	}
	return docker{path}, nil
}

// run runs one command and returns its output.
func (d docker) run(ctx context.Context, arguments ...string) (string, error) {
	return d.feed(ctx, nil, arguments...)
}

// feed is run with standard input.
func (d docker) feed(ctx context.Context, stdin io.Reader, arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, dockerTimeout)
	defer cancel()
	out, err := runProgram(ctx, stdin, d.path, arguments...)
	if err != nil {
		return "", fmt.Errorf("%s: %w", arguments[0], err)
	}
	return string(out), nil
}

// errNoImage reports a missing image that may not be pulled.
var errNoImage = errors.New("not found, and OCI_TEST_PULL is not set")

// requireImage checks that an image exists, and pulls it if that is allowed.
func (d docker) requireImage(ctx context.Context, image string, pull bool) error {
	if _, err := d.run(ctx, "image", "inspect", "--format", "{{.Id}}", image); err == nil {
		return nil
	}
	if !pull {
		return fmt.Errorf("image %s: %w", image, errNoImage)
	}
	ctx, cancel := context.WithTimeout(ctx, pullTimeout)
	defer cancel()
	if _, err := runProgram(ctx, nil, d.path, "pull", "--quiet", image); err != nil {
		return fmt.Errorf("image %s: %w", image, err)
	}
	return nil
}

// imageVersion returns the version label of a zot image, or the name of the image.
func (d docker) imageVersion(ctx context.Context, image string) string {
	version, err := d.run(ctx, "image", "inspect", "--format", `{{index .Config.Labels "org.opencontainers.image.version"}}`, image)
	if err != nil || version == "" || version == "<no value>" {
		return image
	}
	return "zot " + version
}
