//go:build !unix

package usage

import "time"

// cpu is not available on this system.
func cpu() time.Duration { return 0 }
