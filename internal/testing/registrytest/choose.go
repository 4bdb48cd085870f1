package registrytest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
)

// AbsentError reports that a registry is not available on this machine.
type AbsentError struct {
	Kind Kind
	Why  error
}

func (e *AbsentError) Error() string { return fmt.Sprintf("%s is not available: %v", e.Kind, e.Why) }

// Unwrap returns the reason.
func (e *AbsentError) Unwrap() error { return e.Why }

// finder finds a registry of a kind. The error is the reason if there is none.
type finder func(context.Context, settings) (*Source, error)

func finders() map[Kind]finder {
	return map[Kind]finder{
		Given:              findGiven,
		ZotDocker:          findZotInDocker,
		Zot:                findZot,
		Distribution:       findDistribution,
		DockerRegistry:     findDockerRegistry,
		DistributionDocker: findDistributionInDocker,
		Embedded:           findEmbedded,
	}
}

// Find finds a registry of a kind. If there is none, the error is an
// [*AbsentError].
func Find(ctx context.Context, kind Kind) (*Source, error) {
	s, err := readSettings()
	if err != nil {
		return nil, err
	}
	return find(ctx, s, kind)
}

func find(ctx context.Context, s settings, kind Kind) (*Source, error) {
	f, known := finders()[kind]
	if !known {
		return nil, fmt.Errorf("unknown kind %q, want one of %v", kind, Kinds())
	}
	source, err := f(ctx, s)
	if err != nil {
		return nil, &AbsentError{kind, err}
	}
	source.Kind = cmp.Or(source.Kind, kind)
	return source, nil
}

// Choose returns the registry that OCI_TEST_REGISTRY_KIND demands, and fails the
// test if that is not available. Without a demand, it returns the first available of
// the one that OCI_TEST_REGISTRY names, zot in Docker, a zot process, distribution,
// and the in-memory registry. It logs its choice, and why it skipped the ones before,
// to the test and to standard error.
func Choose(tb testing.TB) *Source {
	tb.Helper()
	s, err := readSettings()
	if err != nil {
		tb.Fatal(err)
	}
	if s.kind != "" && s.kind != all {
		source, err := find(tb.Context(), s, s.kind)
		if err != nil {
			tb.Fatalf("OCI_TEST_REGISTRY_KIND demands %s: %v", s.kind, err)
		}
		logChoice(tb, source, nil)
		return source
	}
	var absent []error
	for _, kind := range s.kinds() {
		if kind == DistributionDocker {
			continue
		}
		source, err := find(tb.Context(), s, kind)
		if err == nil {
			source.Spare = kind == Embedded
			logChoice(tb, source, absent)
			return source
		}
		if kind == Given {
			tb.Fatalf("OCI_TEST_REGISTRY: %v", err)
		}
		absent = append(absent, err)
	}
	tb.Fatal("no registry is available")
	return nil
}

// Every returns the registry that [Choose] returns or, with
// OCI_TEST_REGISTRY_KIND=all, every available registry, and why others are not
// available.
func Every(tb testing.TB) ([]*Source, []error) {
	tb.Helper()
	s, err := readSettings()
	if err != nil {
		tb.Fatal(err)
	}
	if s.kind != all {
		return []*Source{Choose(tb)}, nil
	}
	var found []*Source
	var absent []error
	for _, kind := range s.kinds() {
		source, err := find(tb.Context(), s, kind)
		switch {
		case err == nil && source.Kind != kind:
			absent = append(absent, &AbsentError{kind, fmt.Errorf("found %s in its place", source.Kind)})
		case err == nil:
			found = append(found, source)
		default:
			absent = append(absent, err)
		}
	}
	return found, absent
}

// kinds lists the kinds to look for: [Given] only if OCI_TEST_REGISTRY is set.
func (s settings) kinds() []Kind {
	if s.registry == "" {
		return Kinds()[1:]
	}
	return Kinds()
}

func logChoice(tb testing.TB, source *Source, absent []error) {
	tb.Helper()
	why := make([]string, len(absent))
	for i, a := range absent {
		why[i] = a.Error()
	}
	line := "registrytest: " + source.String()
	if len(why) > 0 {
		line += "; " + strings.Join(why, "; ")
	}
	tb.Log(line)
	_, _ = fmt.Fprintln(os.Stderr, line) // for people who watch a run; the test does not depend on it
}
