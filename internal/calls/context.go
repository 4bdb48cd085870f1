package calls

import (
	"context"
	"errors"
	"time"
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
	value, err := contain(ctx, f)
	Rethrow(err)
	return value, err
}

// contain is Await for which a panic of f, or the end of its goroutine, is a [*Panic].
func contain[T any](ctx context.Context, f func(context.Context) (T, error)) (T, error) {
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
		return r.value, r.err
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	}
}

// Prompt is [Await] for a function of the caller that may ignore ctx, and need not: it has
// a moment to return by itself after the end of ctx.
func Prompt[T any](ctx context.Context, f func() (T, error)) (T, error) {
	value, err := Contain(ctx, f)
	Rethrow(err)
	return value, err
}

// Contain is [Prompt] for which a panic of f, or the end of its goroutine, is a [*Panic].
func Contain[T any](ctx context.Context, f func() (T, error)) (T, error) {
	late, cancel := Linger(ctx, grace)
	defer cancel()
	v, err := contain(late, func(context.Context) (T, error) { return f() })
	if late.Err() != nil {
		err = ctx.Err()
	}
	return v, err
}

// Linger returns a context that ends some time after ctx does.
func Linger(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d == 0 {
		return context.WithCancel(ctx)
	}
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-late.Done():
		}
	})
	return late, func() { stop(); cancel() }
}
