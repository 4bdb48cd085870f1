// Package stats is the arithmetic of the comparison.
package stats

import (
	"math"
	"slices"
	"time"
)

// Number is a number with a median.
type Number interface {
	~int | ~int64 | ~float64
}

// Median returns the middle value, the mean of the two in the middle, or zero if there
// are no values.
func Median[T Number](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Of returns one field of each element.
func Of[S, T any](from []S, field func(S) T) []T {
	values := make([]T, len(from))
	for i, s := range from {
		values[i] = field(s)
	}
	return values
}

// Deviation returns how far times are from growing linearly with n: the largest
// distance from a straight line, relative to the time at that point.
//
// The line minimises the squares of the relative distances, so that small times count as
// much as large ones. Its intercept is not negative: the cost of a process cannot be, and
// with a negative intercept a line would fit much that is not linear.
func Deviation(n []int, times []time.Duration) float64 {
	// Minimise the sum of (a*x + b*y - 1)², with x = 1/t and y = n/t.
	var sx, sy, sxx, sxy, syy float64
	for i, t := range times {
		x, y := 1/t.Seconds(), float64(n[i])/t.Seconds()
		sx, sy, sxx, sxy, syy = sx+x, sy+y, sxx+x*x, sxy+x*y, syy+y*y
	}
	var a, b float64
	if det := sxx*syy - sxy*sxy; det > 0 {
		a, b = (sx*syy-sy*sxy)/det, (sy*sxx-sx*sxy)/det
	}
	if a <= 0 {
		a, b = 0, sy/syy
	}
	var worst float64
	for i, t := range times {
		worst = max(worst, math.Abs(a+b*float64(n[i])-t.Seconds())/t.Seconds())
	}
	return worst
}
