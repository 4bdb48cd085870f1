// Package registrysuite runs everything that the library does with a registry. It
// detects what the registry supports and knows no registry by name.
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
	// open is the registry with its defaults, guarded one with TLS and users, and
	// mutual one that requires client certificates. A given registry is all three.
	open, guarded, mutual *registrytest.Instance
	opts                  Options
	result                *Result
}

// Options configure the suite.
type Options struct {
	// LargeLayer is the size of a large layer in bytes. Zero means 256 MiB.
	LargeLayer int64
	// Pushes is the number of concurrent pushes. Zero means 50.
	Pushes int
}

const (
	defaultLargeLayer = 256 << 20
	defaultPushes     = 50
)

// note records the behaviour of the registry.
func (c trial) note(format string, arguments ...any) {
	c.result.Note = fmt.Sprintf(format, arguments...)
}

// unavailable skips the case because the registry lacks a feature that it needs.
func (c trial) unavailable(t *testing.T, format string, arguments ...any) {
	t.Helper()
	c.note(format, arguments...)
	c.result.Outcome = Unavailable
	t.Skip("not available: " + c.result.Note)
}

// testCase is one case. Its name is that of a row in docs/registries.md.
type testCase struct {
	name string
	run  func(*testing.T, trial)
}

// cases lists all cases in the order of the table.
func cases() []testCase {
	return []testCase{
		{"push, and pull byte for byte", pushAndPull},
		{"push again: nothing is sent", pushAgain},
		{"push the same content: no layer is sent", pushSameContent},
		{"several tags", pushSeveralTags},
		{"an immutable tag", immutableTag},
		{"a moved tag", moveTag},
		{"exists, resolve", existsAndResolve},
		{"missing repository, tag and digest", missing},
		{"probe", probe},
		{"empty artifact", pushEmpty},
		{"large layer", pushLarge},
		{"concurrent pushes through one client", pushConcurrently},
		{"a blob that the registry lost", lostBlob},
		{"a planted layer", plantedLayer},
		{"a planted manifest", plantedManifest},
		{"a lost layer under all tags", lostLayer},
		{"a lying content digest", lyingContentDigest},
		{"a tag that moves between the steps", movingTag},
		{"a push cancelled halfway", cancelHalfway},
		{"registry stops during a push and restarts", stopAndRestart},
		{"registry stops during a push for good", stopForGood},
		{"no password", withoutPassword},
		{"wrong password", wrongPassword},
		{"a read-only user", readOnlyUser},
		{"TLS with a private authority", privateAuthority},
		{"TLS with an unknown authority", unknownAuthority},
		{"TLS to plain HTTP, and plain HTTP to TLS", otherScheme},
		{"client certificate", clientCertificate},
		{"no client certificate", withoutClientCertificate},
		{"steps between content and tags", publishInSteps},
		{"a step that fails", failedStep},
		{"registry stops between content and tags", stopBetween},
		{"read back", readBack},
		{"push by digest alone", pushByDigest},
		{"rules for tags", rules},
		{"conditions on setting a tag", conditions},
		{"the same content keeps its digest", sameContent},
		{"plan", plan},
		{"refuse Secrets", refuseSecrets},
		{"many workloads at once", buildAll},
		{"referrers", referrers},
		{"mount", mount},
		{"location of an upload", uploadLocation},
		{"cancel an upload", cancelUpload},
		{"clean up", cleanUp},
	}
}

// CaseNames lists the names of all cases in the order of the table.
func CaseNames() []string {
	var names []string
	for _, tt := range cases() {
		names = append(names, tt.name)
	}
	return names
}

// Run runs all cases as subtests and returns their results. Cases that need a feature
// the registry lacks are skipped with the reason.
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
	for _, tt := range cases() {
		result := Result{Name: tt.name, Outcome: Failed}
		c.result = &result
		passed := t.Run(tt.name, func(t *testing.T) { tt.run(t, c) })
		if passed && result.Outcome == Failed {
			result.Outcome = Passed
		}
		report.Results = append(report.Results, result)
	}
	return report
}
