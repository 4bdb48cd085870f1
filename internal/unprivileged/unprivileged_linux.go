// Package unprivileged lets tests be bound by file permissions, also where they
// run as root, as they often do in containers.
package unprivileged

import (
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// Capabilities to read what permissions do not allow (linux/capability.h).
const (
	capDACOverride   = 1 << 1
	capDACReadSearch = 1 << 2
)

// capabilities are those of a thread, in version 3 of the system call.
type capabilities [2]struct{ effective, permitted, inheritable uint32 }

func (c *capabilities) call(t testing.TB, trap uintptr) {
	t.Helper()
	header := struct {
		version uint32
		pid     int32 // 0 for the calling thread
	}{version: 0x20080522}
	_, _, errno := syscall.RawSyscall(trap, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(c)), 0)
	require.Zero(t, errno)
}

// Run runs f in the calling goroutine, without the right to read what permissions
// forbid.
func Run(t testing.TB, f func()) {
	t.Helper()
	runtime.LockOSThread() // capabilities are those of a thread
	defer runtime.UnlockOSThread()
	var before capabilities
	before.call(t, syscall.SYS_CAPGET)
	defer before.call(t, syscall.SYS_CAPSET)
	less := before
	less[0].effective &^= capDACOverride | capDACReadSearch
	less.call(t, syscall.SYS_CAPSET)
	f()
}
