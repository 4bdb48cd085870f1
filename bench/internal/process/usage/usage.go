// Package usage describes the resource usage of a process or of a part of it.
package usage

import (
	"os"
	"time"
)

// Usage is the resource usage of a process from its start to its end, or of a call.
type Usage struct {
	Wall   time.Duration
	CPU    time.Duration // in user and system mode
	MaxRSS int64         // in bytes
}

// During returns the times that this process takes for a call of f.
func During(f func() error) (Usage, error) {
	start, before := time.Now(), cpu()
	err := f()
	return Usage{Wall: time.Since(start), CPU: cpu() - before}, err
}

// Of returns the usage of a process that has ended.
func Of(state *os.ProcessState, wall time.Duration) Usage {
	if state == nil { // never started
		return Usage{}
	}
	return Usage{Wall: wall, CPU: state.UserTime() + state.SystemTime(), MaxRSS: maxRSS(state)}
}
