// Package calls holds what the exported functions share: a context that is checked, the
// panics of other goroutines, functions of the caller that block, and the delivery of
// events.
package calls
