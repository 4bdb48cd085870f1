// Command play starts a registry for experiments, prints how to push to it, and stops
// it on an interrupt. It uses the first available of the kinds given:
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
	instance, err := source.Start(ctx, registrytest.Setup{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, instance.Close()) }()
	_, err = fmt.Fprintf(out, `%s listens on %s until interrupted. Push to it with:

	go run ./examples/push -ref oci://%s/shop:1.0.0 testdata/trees/kustomize
	go run ./examples/pull -ref oci://%s/shop:1.0.0 ./shop

`, source, instance.Host, instance.Host, instance.Host)
	if err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// first returns the first available of the kinds.
func first(ctx context.Context, kinds []string) (*registrytest.Source, error) {
	if len(kinds) == 0 {
		return nil, fmt.Errorf("missing argument: kinds of registries, of %v", registrytest.Kinds())
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
