// Package registrysuite puts a registry through everything that the library does
// to one. It asks the registry what it can do, and knows none by its name.
package registrysuite

import (
	"cmp"
	"fmt"
	"testing"

	"github.com/kubeoci/oci/internal/testing/registrytest"
)

// trial is one case with one registry.
type trial struct {
	source *registrytest.Source
	// open is the registry as it is by default, guarded one with TLS and users,
	// and mutual one that wants certificates of its clients. They are one and the
	// same where the registry was given.
	open, guarded, mutual *registrytest.Instance
	opts                  Options
	result                *Result
}

// Options say how to run the suite.
type Options struct {
	// LargeLayer is how many bytes a large layer has. Zero means 256 MiB.
	LargeLayer int64
	// Pushes is how many are made at once. Zero means 50.
	Pushes int
}

const (
	defaultLargeLayer = 256 << 20
	defaultPushes     = 50
)

// note adds in what way the case went well.
func (c trial) note(format string, arguments ...any) {
	c.result.Note = fmt.Sprintf(format, arguments...)
}

// unavailable ends the case: the registry cannot do what it needs.
func (c trial) unavailable(t *testing.T, format string, arguments ...any) {
	t.Helper()
	c.note(format, arguments...)
	c.result.Outcome = Unavailable
	t.Skip("not available: " + c.result.Note)
}

// testCase is something that a registry is put through. Its name is a row of the
// table.
type testCase struct {
	name string
	run  func(*testing.T, trial)
}

// cases are all of them, in the order of the table.
func cases() []testCase {
	return []testCase{
		{"push, and read back byte for byte", pushAndReadBack},
		{"push again: nothing is sent", pushAgain},
		{"push the same content: no layer is sent", pushSameContent},
		{"several tags", pushSeveralTags},
		{"a tag that is not to be moved", keepTag},
		{"a tag that is moved", moveTag},
		{"exists, resolve", existsAndResolve},
		{"missing repository, tag and digest", missing},
		{"probe", probe},
		{"empty artifact", pushEmpty},
		{"large layer", pushLarge},
		{"pushes at once through one client", pushManyAtOnce},
		{"a blob that the registry has lost", lostBlob},
		{"cancelled in the middle of a push", cancelInTheMiddle},
		{"dies in the middle of a push, and comes back", deathAndReturn},
		{"dies in the middle of a push, for good", deathForGood},
		{"no password", withoutPassword},
		{"wrong password", wrongPassword},
		{"a user who may only read", readOnlyUser},
		{"TLS with a private authority", privateAuthority},
		{"TLS with an unknown authority", unknownAuthority},
		{"TLS to plain HTTP, and plain HTTP to TLS", otherScheme},
		{"client certificate", clientCertificate},
		{"no client certificate", withoutClientCertificate},
		{"referrers", referrers},
		{"mount", mount},
		{"place of an upload", placeOfAnUpload},
		{"cancel an upload", cancelUpload},
		{"clean up", cleanUp},
	}
}

// Run puts the registry through all of it, each thing as a subtest of its name,
// and returns what came of it. What the registry cannot do is skipped, with the
// reason.
func Run(t *testing.T, source *registrytest.Source, opts Options) Registry {
	t.Helper()
	opts.LargeLayer = cmp.Or(opts.LargeLayer, defaultLargeLayer)
	opts.Pushes = cmp.Or(opts.Pushes, defaultPushes)
	report := Registry{Kind: string(source.Kind), Version: source.Version}
	c := trial{
		source:  source,
		opts:    opts,
		open:    source.Open(t, registrytest.Setup{}),
		guarded: source.Open(t, registrytest.Setup{TLS: true, Users: true}),
		mutual:  source.Open(t, registrytest.Setup{ClientCertificates: true}),
	}
	for _, row := range cases() {
		result := Result{Name: row.name, Outcome: Failed}
		c.result = &result
		passed := t.Run(row.name, func(t *testing.T) { row.run(t, c) })
		if passed && result.Outcome == Failed {
			result.Outcome = Passed
		}
		report.Results = append(report.Results, result)
	}
	return report
}
