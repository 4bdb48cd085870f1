// Package usage is what a process used.
package usage

import (
	"os"
	"time"
)

// Usage is what a process used from its start to its end.
type Usage struct {
	Wall   time.Duration
	CPU    time.Duration // in user and system mode
	MaxRSS int64         // in bytes
}

// Of returns what a process that has ended used.
func Of(state *os.ProcessState, wall time.Duration) Usage {
	if state == nil { // it was never started
		return Usage{}
	}
	return Usage{Wall: wall, CPU: state.UserTime() + state.SystemTime(), MaxRSS: maxRSS(state)}
}
