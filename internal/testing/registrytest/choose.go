package registrytest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
)

// AbsentError says that a registry is not here.
type AbsentError struct {
	Kind Kind
	Why  error
}

func (e *AbsentError) Error() string { return fmt.Sprintf("%s is not here: %v", e.Kind, e.Why) }

// Unwrap returns the reason.
func (e *AbsentError) Unwrap() error { return e.Why }

// finder finds a registry of a kind. The error says why there is none.
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

// Find finds a registry of a kind. Where there is none, the error is an
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
		return nil, fmt.Errorf("%q is none of %v", kind, Kinds())
	}
	source, err := f(ctx, s)
	if err != nil {
		return nil, &AbsentError{kind, err}
	}
	source.Kind = cmp.Or(source.Kind, kind)
	return source, nil
}

// Choose finds the registry that OCI_TEST_REGISTRY_KIND demands, and the test
// fails where that is not here. Without a demand it is the first that is here of
// the one that OCI_TEST_REGISTRY names, zot in Docker, a zot process,
// distribution, and the one in memory. The log of the test, and standard error,
// tell which one it is and why it is none of those before.
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
		tell(tb, source, nil)
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
			tell(tb, source, absent)
			return source
		}
		if kind == Given {
			tb.Fatalf("OCI_TEST_REGISTRY: %v", err)
		}
		absent = append(absent, err)
	}
	tb.Fatal("no registry at all")
	return nil
}

// Every finds what [Choose] does, or with OCI_TEST_REGISTRY_KIND=all every
// registry that is here, and tells why others are not.
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
			absent = append(absent, &AbsentError{kind, fmt.Errorf("only %s", source.Kind)})
		case err == nil:
			found = append(found, source)
		default:
			absent = append(absent, err)
		}
	}
	return found, absent
}

// kinds are those to look for. The one that is given is not where it is not.
func (s settings) kinds() []Kind {
	if s.registry == "" {
		return Kinds()[1:]
	}
	return Kinds()
}

func tell(tb testing.TB, source *Source, absent []error) {
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
	_, _ = fmt.Fprintln(os.Stderr, line) // to who watches a run, which needs no answer
}
