package registrytest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// process is a registry that runs as a child of this process.
type process struct {
	product product
	path    string // of the program
	setup   Setup
	certs   *certificates
	target  *Target

	dir     string // all of it is below
	running *exec.Cmd
	ended   chan struct{} // closed when it has
	log     *output
}

// run returns a way to run a program, which does not start it.
func (p product) run(path string) func(context.Context, Setup) (*Target, error) {
	return func(ctx context.Context, setup Setup) (*Target, error) {
		target, certs, err := p.target(setup)
		if err != nil {
			return nil, err
		}
		s := &process{product: p, path: path, setup: setup, certs: certs, target: target, log: newOutput(p.listening)}
		target.output = s.log.String
		return launch(ctx, s, target)
	}
}

// prepare writes the configuration. The system chooses the port, so that none is
// ever taken.
func (s *process) prepare() (err error) {
	if s.dir != "" {
		return nil
	}
	if s.dir, err = os.MkdirTemp("", "registrytest-"); err != nil {
		return err
	}
	dir := filepath.ToSlash(s.dir)
	files, err := s.product.files(s.setup, place{Dir: dir, Data: dir + "/data", Address: "127.0.0.1", Port: "0"}, s.certs)
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (s *process) start(ctx context.Context) (string, error) {
	if err := s.prepare(); err != nil {
		return "", err
	}
	cmd := exec.Command(s.path, append(s.product.arguments, filepath.Join(s.dir, s.product.file))...)
	cmd.Dir = s.dir
	cmd.Env = append(plainEnvironment(), s.product.environment...)
	s.log.reset()
	cmd.Stdout, cmd.Stderr = s.log, s.log
	endWithParent(cmd)
	if err := cmd.Start(); err != nil {
		return "", err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // that it is killed is no error, and what it said is in its output
		close(ended)
	}()
	s.running, s.ended = cmd, ended
	var port string
	select {
	case port = <-s.log.port:
	case <-ended:
		return "", s.explain(errors.New("it ended"))
	case <-ctx.Done():
		return "", s.explain(fmt.Errorf("it does not say where it listens: %w", ctx.Err()))
	}
	addr := "127.0.0.1:" + port
	if err := awaitReady(ctx, addr, s.product.ready, s.target, ended); err != nil {
		return "", s.explain(err)
	}
	return addr, nil
}

// explain adds what the program said last.
func (s *process) explain(err error) error {
	return fmt.Errorf("%s: %w: %s", filepath.Base(s.path), err, s.log)
}

func (s *process) kill(context.Context) error {
	if s.running == nil {
		return nil
	}
	err := s.running.Process.Kill()
	<-s.ended
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

func (s *process) remove() error {
	err := s.kill(context.Background())
	if s.dir == "" {
		return err
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// plainEnvironment is the environment without what would configure a registry.
func plainEnvironment() []string {
	var kept []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "REGISTRY_") && !strings.HasPrefix(entry, "OTEL_") {
			kept = append(kept, entry)
		}
	}
	return kept
}
