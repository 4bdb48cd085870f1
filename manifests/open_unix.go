//go:build unix

package manifests

import "syscall"

const openNonblock = syscall.O_NONBLOCK
