// Package limits measures what a push of a tree cannot do without, each step in a
// loop of its own that does nothing else: it tells how far from the machine's limit
// a push is.
package limits

import "time"

// Limits are the least that pushes of a tree can take on this machine.
type Limits struct {
	Files int
	Size  int64 // of all files, in bytes
	Cores int
	Start time.Duration // of a process
	Steps []Step
	// Unchanged and Cold are the least for a push of what is there, and to where
	// nothing is, to a registry that takes no time.
	Unchanged, Cold time.Duration
}

// Step is something that a push does with all of the tree.
type Step struct {
	Name string
	// Alone and Shared are what it takes on one core, and on all.
	Alone, Shared time.Duration
}
