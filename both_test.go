package oci

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBothReturnsTheFirstError(t *testing.T) {
	failure := errors.New("failure")
	fail := func(context.Context) (int, error) { return 0, failure }
	parent, cancel := context.WithCancel(t.Context())
	defer cancel()
	// The parent is cancelled after the failure, and before the other function returns.
	wait := func(ctx context.Context) (int, error) {
		<-ctx.Done()
		cancel()
		return 0, ctx.Err()
	}
	_, _, err := both(parent, fail, wait)
	require.Equal(t, failure, err)

	_, _, err = both(t.Context(), wait, fail)
	require.Equal(t, failure, err)
	_, _, err = both(parent, wait, wait)
	require.ErrorIs(t, err, context.Canceled)
}

func TestBothReturnsBothResults(t *testing.T) {
	one := func(context.Context) (int, error) { return 1, nil }
	two := func(context.Context) (string, error) { return "two", nil }
	first, second, err := both(t.Context(), one, two)
	require.NoError(t, err)
	assert.Equal(t, 1, first)
	assert.Equal(t, "two", second)
}
