// Package advice adds hints to errors.
package advice

// Error is an error with a hint. Its text is that of the error.
type Error struct {
	Err  error
	Text string // names options as package oci spells them
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Hint returns the advice.
func (e *Error) Hint() string { return e.Text }
