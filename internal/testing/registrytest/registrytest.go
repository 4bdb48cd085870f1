// Package registrytest finds a registry to test with, or starts one: zot in Docker, a
// zot process, distribution, or the in-memory registry. docs/testing.md lists the
// environment variables that select one.
package registrytest

import (
	"context"
	"errors"
	"testing"
	"time"
)

// Kind is a kind of registry.
type Kind string

const (
	// Given is the registry that OCI_TEST_REGISTRY names.
	Given Kind = "given"
	// ZotDocker is zot in a container.
	ZotDocker Kind = "zot-docker"
	// Zot is the program zot.
	Zot Kind = "zot"
	// Distribution is the program registry of distribution or, if that is missing,
	// Debian's docker-registry.
	Distribution Kind = "distribution"
	// DockerRegistry is Debian's docker-registry, which is distribution 2.8.
	DockerRegistry Kind = "docker-registry"
	// DistributionDocker is the program registry alone in a container.
	DistributionDocker Kind = "distribution-docker"
	// Embedded is the in-memory registry, which is always available.
	Embedded Kind = "embedded"
)

// Kinds lists all kinds in the order of preference. [DistributionDocker] is used only
// on demand.
func Kinds() []Kind {
	return []Kind{Given, ZotDocker, Zot, Distribution, DockerRegistry, DistributionDocker, Embedded}
}

// Setup describes how to set up a registry. The zero value means plain HTTP without
// users. It has no effect on a [Given] registry.
type Setup struct {
	// TLS serves TLS with a certificate of a private authority.
	TLS bool
	// Users requires a password. There is a user with write access and, if the
	// registry supports that, a read-only user.
	Users bool
	// ClientCertificates requires a client certificate, and implies TLS.
	ClientCertificates bool
}

// Source is a registry that can be started or already runs.
type Source struct {
	Kind Kind
	// Version is the version that the registry reports, or "" if it reports none.
	Version string
	// Spare reports that the registry keeps everything in the memory of this process
	// and was not demanded: tests should not fill it.
	Spare bool
	start func(context.Context, Setup) (*Instance, error)
}

// String returns the kind with the version.
func (s *Source) String() string {
	if s.Version == "" {
		return string(s.Kind)
	}
	return string(s.Kind) + " (" + s.Version + ")"
}

// startTimeout bounds the time until a registry responds.
const startTimeout = time.Minute

// Start starts the registry and returns when it responds. The caller must close the
// instance.
func (s *Source) Start(ctx context.Context, setup Setup) (*Instance, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	setup.TLS = setup.TLS || setup.ClientCertificates
	instance, err := s.start(ctx, setup)
	if err != nil {
		return nil, err
	}
	instance.Kind, instance.Version = s.Kind, s.Version
	return instance, nil
}

// Open is [Source.Start] for a test: the test fails if the registry does not start,
// and stops it at its end. Artifacts that cannot be deleted from a [Given] registry
// are logged.
func (s *Source) Open(tb testing.TB, setup Setup) *Instance {
	tb.Helper()
	instance, err := s.Start(tb.Context(), setup)
	if err != nil {
		tb.Fatalf("start %s: %v", s, err)
	}
	tb.Cleanup(func() {
		if tb.Failed() && instance.output != nil {
			tb.Logf("output of %s:\n%s", s, instance.output())
		}
		err := instance.Close()
		if _, left := errors.AsType[*LeftoverError](err); left {
			tb.Log(err) // nothing more can be done
		} else if err != nil {
			tb.Errorf("stop %s: %v", s, err)
		}
	})
	return instance
}

// Open chooses a registry as [Choose] does, and starts it for the test.
func Open(tb testing.TB, setup Setup) *Instance {
	tb.Helper()
	return Choose(tb).Open(tb, setup)
}
