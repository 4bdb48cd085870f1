package registrytest

import (
	"bytes"
	"fmt"
	"os"
)

// isAlive reports whether a process with that ID exists.
func isAlive(pid int) bool { return processBirth(pid) != "" }

// processBirth returns when a process was started, in clock ticks since boot, or ""
// if there is no such process (proc(5), "/proc/pid/stat", field 22).
func processBirth(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name of the program, in parentheses, may hold blanks.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const birth = 22 - 3 // the third field is the first one after the name
	if len(fields) <= birth {
		return ""
	}
	return string(fields[birth])
}
