// Package peer pushes and pulls directories with this library and with those of other
// projects.
package peer

import (
	"context"
	"fmt"

	"github.com/kubeoci/oci/bench/internal/process/usage"
)

// Library is a library to measure.
type Library string

// The libraries.
const (
	Ours Library = "ours"
	Flux Library = "flux"
	ORAS Library = "oras"
)

// Job is a push, a pull, or for ours several pushes. It marshals to JSON.
type Job struct {
	Library    Library
	Host       string // host:port
	Repository string
	Tag        string
	Dir        string // absolute: to push, or to unpack into
	TLS        bool
	Pull       bool
	Options    Options // of ours
}

// Options are those of pushes with this library. The zero value selects the default
// options and one push with a new Builder.
type Options struct {
	Recurse     bool   // preflight for Argo CD that reads subdirectories
	Root        bool   // the layout root, in place of both
	Unchecked   bool   // without preflight
	CacheDir    string // of a cache for other processes
	CacheMemory bool   // a cache in memory
	// Before is a directory that the same Builder pushes to another repository before
	// the push that is measured.
	Before      string
	Annotations map[string]string
	Tags        []string
	// Builds is the number of pushes to repositories of their own, one after another or
	// at once. Zero means one push to Repository.
	Builds int
	AtOnce bool
	// Workloads is a pattern of directories below Dir, each of which is pushed to a
	// repository of its own, one after another or, with AtOnce, by BuildAll. Empty means
	// one push of Dir.
	Workloads string
	// AssumeBlobs asks for no blobs of a manifest that a tag points to.
	AssumeBlobs bool
}

// Ref returns the reference host/repository:tag.
func (j Job) Ref() string { return j.Host + "/" + j.Repository + ":" + j.Tag }

// Run does the job and returns its usage, without that of the start of the process and of
// the pushes that prepare it.
func (j Job) Run(ctx context.Context) (usage.Usage, error) {
	var call func(context.Context, Job) error
	switch {
	case j.Library == Ours && j.Pull:
		call = pullOurs
	case j.Library == Ours:
		return pushOurs(ctx, j)
	case j.Library == Flux && j.Pull:
		call = pullFlux
	case j.Library == Flux:
		call = pushFlux
	case j.Library == ORAS && j.Pull:
		call = pullORAS
	case j.Library == ORAS:
		call = pushORAS
	default:
		return usage.Usage{}, fmt.Errorf("unknown library %q", j.Library)
	}
	return usage.During(func() error { return call(ctx, j) })
}
