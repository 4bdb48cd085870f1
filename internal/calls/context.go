package calls

import (
	"context"
	"errors"
)

var errNilContext = errors.New("the context is nil: pass context.Background() if there is no other")

// Check returns the error of a context that is nil or has ended.
func Check(ctx context.Context) error {
	if err := NotNil(ctx); err != nil {
		return err
	}
	return ctx.Err()
}

// NotNil returns the error of a context that is nil.
func NotNil(ctx context.Context) error {
	if ctx == nil {
		return errNilContext
	}
	return nil
}

// Await returns the result of f, or the error of ctx if that ends first. f then runs on
// until it returns by itself, and its result is dropped: for functions of the caller that
// may ignore ctx. A panic of f is one of the caller of Await.
func Await[T any](ctx context.Context, f func(context.Context) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		var value T
		_ = Catch(func() (err error) {
			value, err = f(ctx)
			return err
		}, func(err error) { done <- result{value, err} })
	}()
	select {
	case r := <-done:
		Rethrow(r.err)
		return r.value, r.err
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	}
}
