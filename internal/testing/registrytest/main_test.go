package registrytest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/kubeoci/oci/internal/testing/registrytest"
)

// holdKind makes this program act as another test run: it starts a registry of the
// kind that the variable names, prints its address, and holds it until its input ends.
const holdKind = "REGISTRYTEST_HOLD"

func TestMain(m *testing.M) {
	if kind := os.Getenv(holdKind); kind != "" {
		if err := hold(registrytest.Kind(kind)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func hold(kind registrytest.Kind) (err error) {
	source, err := registrytest.Find(context.Background(), kind)
	if err != nil {
		return err
	}
	instance, err := source.Start(context.Background(), registrytest.Setup{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, instance.Close()) }()
	fmt.Println(instance.Host)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
