package calls

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
)

// Panic is a panic that was recovered in another goroutine than that of the caller, or
// the end of such a goroutine by runtime.Goexit.
type Panic struct {
	Value any // nil for Goexit
	Stack []byte
}

func (p *Panic) Error() string {
	if p.Value == nil {
		return "a callback ended its goroutine"
	}
	return fmt.Sprintf("panic: %v\n\n%s", p.Value, p.Stack)
}

// Unwrap returns the value if it is an error.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Catch returns the error of f, or a [*Panic] if f panics. It does not return if f ends
// the goroutine; done, if there is one, is called in each of the three cases.
func Catch(f func() error, done ...func(error)) (err error) {
	returned := false
	defer func() {
		if !returned {
			err = recovered(recover())
		}
		for _, d := range done {
			d(err)
		}
	}()
	err = f()
	returned = true
	return err
}

// recovered returns the panic of a value: itself if it has been carried here already.
func recovered(value any) *Panic {
	if p, ok := value.(*Panic); ok {
		return p
	}
	return &Panic{value, debug.Stack()} // deferred calls run on top of the stack of the panic
}

// Rethrow panics if err is or wraps a [*Panic], or ends the goroutine as the other one was
// ended. The goroutine that waits for the one that called [Catch] calls it, so that its
// caller can recover the panic.
func Rethrow(err error) {
	p, ok := errors.AsType[*Panic](err)
	switch {
	case !ok:
	case p.Value == nil:
		runtime.Goexit()
	default:
		panic(p)
	}
}
