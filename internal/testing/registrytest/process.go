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
	product  product
	path     string // of the program
	setup    Setup
	certs    *certificates
	instance *Instance

	dir     string // holds its configuration and data
	running *exec.Cmd
	ended   chan struct{} // closed when the process ends
	log     *output
}

// run returns a function that starts a program.
func (p product) run(path string) func(context.Context, Setup) (*Instance, error) {
	return func(ctx context.Context, setup Setup) (*Instance, error) {
		instance, certs, err := p.instance(setup)
		if err != nil {
			return nil, err
		}
		s := &process{product: p, path: path, setup: setup, certs: certs, instance: instance, log: newOutput(p.listening)}
		instance.output = s.log.String
		return launch(ctx, s, instance)
	}
}

// prepare writes the configuration. The system chooses the port, so that it is never
// taken.
func (s *process) prepare() (err error) {
	if s.dir != "" {
		return nil
	}
	if s.dir, err = os.MkdirTemp("", "registrytest-"); err != nil {
		return err
	}
	dir := filepath.ToSlash(s.dir)
	files, err := s.product.files(s.setup, location{Dir: dir, Data: dir + "/data", Address: "127.0.0.1", Port: "0"}, s.certs)
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
		_ = cmd.Wait() // being killed is expected, and other reasons are in its output
		close(ended)
	}()
	s.running, s.ended = cmd, ended
	var port string
	select {
	case port = <-s.log.port:
	case <-ended:
		return "", s.explain(errors.New("the process ended"))
	case <-ctx.Done():
		return "", s.explain(fmt.Errorf("its output does not name a port: %w", ctx.Err()))
	}
	addr := "127.0.0.1:" + port
	if err := awaitReady(ctx, addr, s.product.ready, s.instance, ended); err != nil {
		return "", s.explain(err)
	}
	return addr, nil
}

// explain adds the last output of the program.
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

// plainEnvironment returns the environment without variables that configure a
// registry.
func plainEnvironment() []string {
	var kept []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "REGISTRY_") && !strings.HasPrefix(entry, "OTEL_") {
			kept = append(kept, entry)
		}
	}
	return kept
}
