// Command play starts a registry to play with, prints how to push to it, and
// stops it when it is interrupted. It takes the first of the kinds that is here:
//
//	play zot-docker zot
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/kubeoci/oci/internal/testing/registrytest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "play:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kinds []string, out io.Writer) (err error) {
	source, err := first(ctx, kinds)
	if err != nil {
		return err
	}
	target, err := source.Start(ctx, registrytest.Setup{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	_, err = fmt.Fprintf(out, `%s is at %s until it is interrupted. To push to it:

	go run ./examples/push -ref oci://%s/shop:1.0.0 testdata/trees/kustomize
	go run ./examples/pull -ref oci://%s/shop:1.0.0 ./shop

`, source, target.Host, target.Host, target.Host)
	if err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// first finds the first of the kinds that is here.
func first(ctx context.Context, kinds []string) (*registrytest.Source, error) {
	if len(kinds) == 0 {
		return nil, fmt.Errorf("name the kinds of registries to look for, of %v", registrytest.Kinds())
	}
	var errs []error
	for _, kind := range kinds {
		source, err := registrytest.Find(ctx, registrytest.Kind(kind))
		if err == nil {
			return source, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}
