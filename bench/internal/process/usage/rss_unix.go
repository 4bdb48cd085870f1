//go:build unix

package usage

import (
	"os"
	"runtime"
	"syscall"
)

func maxRSS(state *os.ProcessState) int64 {
	rusage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(rusage.Maxrss) // in bytes there, in kilobytes elsewhere
	}
	return int64(rusage.Maxrss) << 10
}
