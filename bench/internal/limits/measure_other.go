//go:build !linux

package limits

import (
	"context"
	"errors"
)

// Measure is available on Linux only: the error matches [errors.ErrUnsupported].
func Measure(context.Context, string, string, int) (Limits, error) {
	return Limits{}, errors.ErrUnsupported
}
