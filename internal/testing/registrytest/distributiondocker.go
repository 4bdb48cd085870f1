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
	"sync"
)

// errNotStatic reports a program that needs other files to run.
var errNotStatic = errors.New("is not a static program for Linux")

// findDistributionInDocker finds an engine, and a static program of distribution to
// put alone into an image, so that no image needs to be pulled.
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
	image := &sharedImage{docker: engine, program: path}
	return &Source{
		Version: version,
		start: func(ctx context.Context, setup Setup) (*Instance, error) {
			if err := engine.reap(ctx); err != nil {
				return nil, err
			}
			name, err := image.take(ctx)
			if err != nil {
				return nil, err
			}
			return engine.contain(ctx, distribution, name, setup, image.release)
		},
	}, nil
}

// sharedImage is an image of a program that exists while it is in use. It is shared
// because creating it takes longer than starting it.
type sharedImage struct {
	docker  docker
	program string

	mu    sync.Mutex
	name  string
	users int
}

// take creates the image unless it exists, and returns its name.
func (s *sharedImage) take(ctx context.Context) (_ string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == 0 {
		if s.name, err = s.docker.pack(ctx, s.program); err != nil {
			return "", err
		}
	}
	s.users++
	return s.name, nil
}

// release removes the image after its last use.
func (s *sharedImage) release(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users > 0 {
		return nil
	}
	_, err := s.docker.run(ctx, "image", "rm", "--force", s.name)
	return err
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

// pack creates an image whose entry point is a program, and returns its name.
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
	defer func() { _ = read.Close() }() // unblocks the writer
	go func() {
		archive := tar.NewWriter(write)
		err := archive.WriteHeader(&tar.Header{Name: "program", Mode: 0o755, Size: info.Size()})
		if err == nil {
			_, err = io.Copy(archive, file)
		}
		if err == nil {
			err = archive.Close()
		}
		_ = write.CloseWithError(err) // never fails
	}()
	image := "oci-test-distribution:" + strings.ToLower(rand.Text())
	_, err = d.feed(ctx, read, "import",
		"--change", `ENTRYPOINT ["/program"]`,
		"--change", "LABEL "+ownerLabel+"="+quoteLabel(ownLabel()),
		"-", image)
	return image, err
}
