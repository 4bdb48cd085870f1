// Package limits measures the steps that every push of a tree needs, each in a loop of
// its own, which gives a lower bound for pushes on this machine.
package limits

import (
	"time"

	"github.com/kubeoci/oci/bench/internal/process/usage"
)

// Limits are lower bounds for pushes of a tree on this machine.
type Limits struct {
	Files int
	Size  int64 // of all files, in bytes
	Cores int
	Start time.Duration // of a process, part of no bound
	Steps []Step
	// Unchanged and Cold are the bounds of an unchanged push whose layer is known from
	// a cache, and of a push to a new repository, with one copy of the tree and an
	// instant registry.
	Unchanged, Cold time.Duration
}

// Step is a step of a push of the whole tree.
type Step struct {
	Name string
	// Bytes is what the step reads: the content of the files, once or twice, or the
	// layer. Zero means that it reads no content.
	Bytes int64
	// Alone and Shared are its times on one core and on all. Shared is zero if the step
	// cannot be shared among cores.
	Alone, Shared usage.Usage
}
