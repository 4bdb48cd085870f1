// Package usage describes the resource usage of a process.
package usage

import (
	"os"
	"time"
)

// Usage is the resource usage of a process from its start to its end.
type Usage struct {
	Wall   time.Duration
	CPU    time.Duration // in user and system mode
	MaxRSS int64         // in bytes
}

// Of returns the usage of a process that has ended.
func Of(state *os.ProcessState, wall time.Duration) Usage {
	if state == nil { // never started
		return Usage{}
	}
	return Usage{Wall: wall, CPU: state.UserTime() + state.SystemTime(), MaxRSS: maxRSS(state)}
}
