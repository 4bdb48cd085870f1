package registrytest

import (
	"archive/tar"
	"context"
	"crypto/rand"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// errNotStatic reports a program that needs more than itself to run.
var errNotStatic = errors.New("is no static program for Linux")

// findDistributionInDocker finds an engine, and a static program of distribution
// to put into an image of nothing else. No image has to be had from anywhere.
func findDistributionInDocker(ctx context.Context, _ settings) (*Source, error) {
	engine, err := findDocker(ctx)
	if err != nil {
		return nil, err
	}
	path, version, err := findProgram(ctx, "registry")
	if err != nil {
		return nil, err
	}
	if !isStatic(path) {
		return nil, fmt.Errorf("%s %w", path, errNotStatic)
	}
	return &Source{
		Version: version,
		start: func(ctx context.Context, setup Setup) (*Target, error) {
			if err := engine.reap(ctx); err != nil {
				return nil, err
			}
			image, err := engine.pack(ctx, path)
			if err != nil {
				return nil, err
			}
			return engine.contain(ctx, distribution, image, setup, func(ctx context.Context) error {
				_, err := engine.run(ctx, "image", "rm", "--force", image)
				return err
			})
		},
	}, nil
}

func isStatic(path string) bool {
	file, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }() // only read from
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP {
			return false
		}
	}
	return true
}

// pack makes an image of a program, which is its entry point, and returns its
// name.
func (d docker) pack(ctx context.Context, path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // only read from
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	read, write := io.Pipe()
	defer func() { _ = read.Close() }() // lets go of who writes
	go func() {
		archive := tar.NewWriter(write)
		err := archive.WriteHeader(&tar.Header{Name: "program", Mode: 0o755, Size: info.Size()})
		if err == nil {
			_, err = io.Copy(archive, file)
		}
		if err == nil {
			err = archive.Close()
		}
		_ = write.CloseWithError(err) // which never fails
	}()
	image := "oci-test-distribution:" + strings.ToLower(rand.Text())
	_, err = d.feed(ctx, read, "import",
		"--change", `ENTRYPOINT ["/program"]`,
		"--change", "LABEL "+ownerLabel+"="+quoteLabel(ownLabel()),
		"-", image)
	return image, err
}
