//go:build !linux

// Command limits measures on Linux only.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "error: limits measures on Linux only")
	os.Exit(1)
}
