package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/manifests"
)

// ReadManifests reads multi-document YAML from standard input.
func (e Env) ReadManifests(ctx context.Context) (fs.FS, error) {
	tree, err := oci.SourceFromReader(ctx, e.Stdin)
	switch {
	case errors.Is(err, manifests.ErrEmptyFile):
		return nil, errors.New("standard input is empty: check the command that writes it")
	case err != nil:
		return nil, fmt.Errorf("read the manifests from standard input: %w", err)
	}
	return tree, nil
}

// readPassword reads slightly more than a password can have.
func (e Env) readPassword(ctx context.Context) ([]byte, error) {
	return await(ctx, func() ([]byte, error) {
		return io.ReadAll(io.LimitReader(e.Stdin, maxPasswordBytes+1))
	})
}

// await returns the result of read, or the error of ctx if that ends first. A read that
// still blocks then ends with the program.
func await[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := read()
		done <- result{value, err}
	}()
	select {
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	case r := <-done:
		return r.value, r.err
	}
}
