// Package limits measures the steps that every push of a tree needs, each in a loop of
// its own, which gives a lower bound for pushes on this machine.
package limits

import (
	"time"

	"github.com/kubeoci/oci/bench/internal/process/usage"
)

// Limits are the times of the steps of a push of a tree on this machine.
type Limits struct {
	Files int
	Size  int64 // of all files, in bytes
	Cores int
	Start time.Duration // of a process, part of no bound
	Steps []Step
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
	// Part decides which pushes need the step.
	Part Part
}

// Part is the part of a push to which a step belongs.
type Part string

// Parts.
const (
	Reading     Part = "reading"
	Hashing     Part = "hashing"     // of one copy of the tree
	Checking    Part = "checking"    // preflight
	Compressing Part = "compressing" // of one copy
	Doubling    Part = "doubling"    // compressing of both copies
	Sending     Part = "sending"     // to an instant registry, which takes no time
)

// Work is what a push has to do in addition to reading the files, and hashing them once.
type Work struct {
	Both     bool // the layer has both copies of the tree
	Check    bool // with preflight
	Compress bool // the layer is not known from a cache
}

// Bound returns the lower bound for the wall time of a push: the sum of the shortest times
// of its steps. While a step runs that cannot be shared, other cores do other work.
func (l Limits) Bound(work Work) (bound time.Duration) {
	times := map[Part]int{Reading: 1, Hashing: 1}
	if work.Check {
		times[Checking] = 1
	}
	if work.Compress {
		times[Compressing] = 1
		if work.Both {
			times[Compressing], times[Doubling], times[Hashing] = 0, 1, 2
		}
	}
	for _, s := range l.Steps {
		took := s.Shared.Wall
		if took == 0 {
			took = s.Alone.Wall / time.Duration(l.Cores)
		}
		bound += time.Duration(times[s.Part]) * took
	}
	return bound
}
