// Package limits measures the steps that every push of a tree needs, each in a loop of
// its own, which gives a lower bound for pushes on this machine.
package limits

import "time"

// Limits are lower bounds for pushes of a tree on this machine.
type Limits struct {
	Files int
	Size  int64 // of all files, in bytes
	Cores int
	Start time.Duration // of a process
	Steps []Step
	// Unchanged and Cold are the bounds of an unchanged push whose layer is known from
	// a cache, and of a push to a new repository, with an instant registry.
	Unchanged, Cold time.Duration
}

// Step is a step of a push of the whole tree.
type Step struct {
	Name string
	// Alone and Shared are its times on one core and on all.
	Alone, Shared time.Duration
}
