// Package registrytest finds a registry to test with, or starts one: zot in
// Docker, a zot process, distribution, or the one in memory. docs/testing.md lists
// the environment variables that choose.
package registrytest

import (
	"context"
	"errors"
	"testing"
	"time"
)

// Kind is how a registry comes about.
type Kind string

const (
	// Given is the registry that OCI_TEST_REGISTRY names.
	Given Kind = "given"
	// ZotDocker is zot in a container.
	ZotDocker Kind = "zot-docker"
	// Zot is the program zot.
	Zot Kind = "zot"
	// Distribution is the program registry of distribution or, where that is
	// not there, Debian's docker-registry.
	Distribution Kind = "distribution"
	// DockerRegistry is Debian's docker-registry, which is distribution 2.8.
	DockerRegistry Kind = "docker-registry"
	// DistributionDocker is the program registry in a container of nothing else.
	DistributionDocker Kind = "distribution-docker"
	// Embedded is the one in memory, which is always there.
	Embedded Kind = "embedded"
)

// Kinds are all of them, in the order in which they are chosen. The container of
// distribution is never chosen, only demanded.
func Kinds() []Kind {
	return []Kind{Given, ZotDocker, Zot, Distribution, DockerRegistry, DistributionDocker, Embedded}
}

// Setup says how a registry is to be set up. The zero value speaks plain HTTP
// and lets anybody do anything. A registry that is given is as it is.
type Setup struct {
	// TLS speaks TLS, with a certificate of an authority made for it.
	TLS bool
	// Users wants a password. There is a user who may write and, where the
	// registry knows such a thing, one who may only read.
	Users bool
	// ClientCertificates wants a certificate from its clients, and speaks TLS.
	ClientCertificates bool
}

// Source is a registry that can be started, or that runs already.
type Source struct {
	Kind Kind
	// Version is what the registry says of its version, as far as that is known.
	Version string
	// Spare says that it holds everything in the memory of this process, and was
	// not demanded: it is not to be filled.
	Spare bool
	start func(context.Context, Setup) (*Target, error)
}

// String is the kind with the version.
func (s *Source) String() string {
	if s.Version == "" {
		return string(s.Kind)
	}
	return string(s.Kind) + " (" + s.Version + ")"
}

// startTimeout bounds how long a registry takes until it answers.
const startTimeout = time.Minute

// Start starts the registry, and returns when it answers. It has to be closed.
func (s *Source) Start(ctx context.Context, setup Setup) (*Target, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	setup.TLS = setup.TLS || setup.ClientCertificates
	target, err := s.start(ctx, setup)
	if err != nil {
		return nil, err
	}
	target.Kind, target.Version = s.Kind, s.Version
	return target, nil
}

// Open is [Source.Start] for a test. The test fails where the registry does not
// start, and stops it when it ends. What cannot be deleted at one that is given is
// told in its log.
func (s *Source) Open(tb testing.TB, setup Setup) *Target {
	tb.Helper()
	target, err := s.Start(tb.Context(), setup)
	if err != nil {
		tb.Fatalf("start %s: %v", s, err)
	}
	tb.Cleanup(func() {
		if tb.Failed() && target.output != nil {
			tb.Logf("%s said:\n%s", s, target.output())
		}
		err := target.Close()
		if _, left := errors.AsType[*LeftoverError](err); left {
			tb.Log(err) // there is no more to be done
		} else if err != nil {
			tb.Errorf("stop %s: %v", s, err)
		}
	})
	return target
}

// Open chooses a registry as [Choose] does, and starts it for the test.
func Open(tb testing.TB, setup Setup) *Target {
	tb.Helper()
	return Choose(tb).Open(tb, setup)
}
