package registrytest

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"path"
	"slices"
	"strings"
	"time"
)

// container is a registry in Docker.
type container struct {
	docker   docker
	product  product
	image    string
	setup    Setup
	certs    *certificates
	instance *Instance

	id string
	// onRemove runs after the container was removed, unless it is nil.
	onRemove func(context.Context) error
}

// containerPort is the port on which the registry listens in its container.
const containerPort = "5000"

// contain starts an image whose entry point is the program. It calls onRemove after
// the container was removed, unless onRemove is nil.
func (d docker) contain(ctx context.Context, p product, image string, setup Setup, onRemove func(context.Context) error) (*Instance, error) {
	c := &container{docker: d, product: p, image: image, setup: setup, onRemove: onRemove}
	var err error
	if c.instance, c.certs, err = p.instance(setup); err != nil {
		return nil, errors.Join(err, c.remove())
	}
	c.instance.output = c.output
	return launch(ctx, c, c.instance)
}

// create creates the container and copies its configuration into it, which also
// works with an engine on another machine.
func (c *container) create(ctx context.Context) error {
	dir := "/etc/" + c.product.name
	files, err := c.product.files(c.setup, location{Dir: dir, Data: "/var/lib/registry", Address: "0.0.0.0", Port: containerPort}, c.certs)
	if err != nil {
		return err
	}
	archive, err := tarOf(dir, files)
	if err != nil {
		return err
	}
	arguments := []string{"create", "--publish", "127.0.0.1::" + containerPort}
	arguments = append(arguments, "--label", ownerLabel+"="+ownLabel())
	for _, variable := range c.product.environment {
		arguments = append(arguments, "--env", variable)
	}
	arguments = append(arguments, c.image)
	arguments = append(arguments, c.product.arguments...)
	if c.id, err = c.docker.run(ctx, append(arguments, path.Join(dir, c.product.file))...); err != nil {
		return err
	}
	_, err = c.docker.feed(ctx, archive, "cp", "-", c.id+":/")
	return err
}

// tarOf returns an archive of the files in a directory.
func tarOf(dir string, files map[string][]byte) (*bytes.Buffer, error) {
	var buffer bytes.Buffer
	archive := tar.NewWriter(&buffer)
	dir = strings.TrimPrefix(dir, "/")
	if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755}); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Name: path.Join(dir, name), Mode: 0o644, Size: int64(len(files[name])), ModTime: time.Now()}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(files[name]); err != nil {
			return nil, err
		}
	}
	return &buffer, archive.Close()
}

// startAttempts bounds the attempts to start a container, because another process can
// take the port that the engine chose.
const startAttempts = 3

func (c *container) start(ctx context.Context) (string, error) {
	if c.id == "" {
		if err := c.create(ctx); err != nil {
			return "", err
		}
	}
	if err := c.run(ctx); err != nil {
		return "", err
	}
	published, err := c.docker.run(ctx, "port", c.id, containerPort+"/tcp")
	if err != nil {
		return "", err
	}
	addr, _, _ := strings.Cut(published, "\n")
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return "", fmt.Errorf("docker port: unexpected output %.100q: %w", published, err)
	}
	watched, stop := context.WithCancel(ctx)
	defer stop()
	if err := awaitReady(ctx, addr, c.product.ready, c.instance, c.ended(watched)); err != nil {
		return "", fmt.Errorf("%s: %w: %s", c.image, err, c.output())
	}
	return addr, nil
}

// ended returns a channel that is closed when the container ends.
func (c *container) ended(ctx context.Context) <-chan struct{} {
	ended := make(chan struct{})
	go func() {
		if _, err := runProgram(ctx, nil, c.docker.path, "wait", c.id); err == nil {
			close(ended)
		}
	}()
	return ended
}

func (c *container) run(ctx context.Context) (err error) {
	for range startAttempts {
		if _, err = c.docker.run(ctx, "start", c.id); err == nil || !isPortTaken(err) {
			return err
		}
	}
	return err
}

// isPortTaken reports whether an engine failed because the port was taken. Only the
// text of its error tells that.
func isPortTaken(err error) bool {
	return strings.Contains(err.Error(), "address already in use") || strings.Contains(err.Error(), "port is already allocated")
}

// output returns the last 100 lines that the registry logged.
func (c *container) output() string {
	if c.id == "" {
		return ""
	}
	logs, err := c.docker.run(context.Background(), "logs", "--tail", "100", c.id)
	if err != nil {
		return err.Error()
	}
	return logs
}

func (c *container) kill(ctx context.Context) error {
	_, err := c.docker.run(ctx, "kill", c.id)
	return err
}

func (c *container) remove() (err error) {
	ctx := context.Background() // the context of the test has ended
	if c.id != "" {
		_, err = c.docker.run(ctx, "rm", "--force", "--volumes", c.id)
	}
	if c.onRemove != nil {
		err = errors.Join(err, c.onRemove(ctx))
	}
	c.id, c.onRemove = "", nil
	return err
}
