package reference_test

import (
	"errors"
	"fmt"

	"github.com/kubeoci/oci/reference"
)

func ExampleParse() {
	r, err := reference.Parse("oci://registry.example.com:5000/platform/overlays/prod:v1.4.0")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Registry())
	fmt.Println(r.Repository)
	fmt.Println(r.Variant)
	fmt.Println(r.FullRepository())
	fmt.Println(r.Ref, r.IsDigest())
	fmt.Println(r)
	// Output:
	// registry.example.com:5000
	// platform
	// overlays/prod
	// platform/overlays/prod
	// v1.4.0 false
	// oci://registry.example.com:5000/platform/overlays/prod:v1.4.0
}

func ExampleParse_refused() {
	_, err := reference.Parse("oci://ghcr.io/Org/App:v1")
	fmt.Println(err)
	fmt.Println(errors.Is(err, reference.ErrInvalidRepository), errors.Is(err, reference.ErrInvalidOCIFormat))

	var refused *reference.Error
	if errors.As(err, &refused) {
		fmt.Println("hint:", refused.Hint())
	}
	// Output:
	// invalid repository "Org/App" in "oci://ghcr.io/Org/App:v1": "O" is not allowed
	// true true
	// hint: write "org/app"
}

func ExampleParse_credentials() {
	_, err := reference.Parse("oci://alice:secret@ghcr.io/org/app:v1")
	fmt.Println(err)
	// Output:
	// credentials do not belong in a reference: the text before "@" may be a password
}

func ExampleParseEndpoint() {
	for _, text := range []string{"https://ghcr.io/", "LOCALHOST:5000", "[::1]", "ghcr.io/org"} {
		e, err := reference.ParseEndpoint(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s scheme=%q loopback=%t\n", e, e.Scheme, e.Loopback())
	}
	// Output:
	// ghcr.io scheme="https" loopback=false
	// LOCALHOST:5000 scheme="" loopback=true
	// [::1] scheme="" loopback=true
	// invalid OCI format in "ghcr.io/org": has a path
}

func ExampleCheckRepository() {
	fmt.Println(reference.CheckRepository("org/my-app"))
	fmt.Println(reference.CheckRepository("org//my-app"))
	// Output:
	// <nil>
	// invalid repository "org//my-app": empty path segment
}

func ExampleNormalizeRepository() {
	fmt.Println(reference.NormalizeRepository("My Apps (new)/Web.Shop"))
	fmt.Println(reference.NormalizeRepository("org/app"))
	// Output:
	// my-apps-new/web.shop
	// org/app
}

func ExampleCheckTag() {
	err := reference.CheckTag("1.2.3+build")
	fmt.Println(err)

	var refused *reference.Error
	if errors.As(err, &refused) {
		fmt.Println("hint:", refused.Hint())
	}
	// Output:
	// invalid tag "1.2.3+build": "+" is not allowed
	// hint: write "1.2.3" without the build metadata: with a hyphen in front, version ranges would pass over it
}

// A digest of another length or algorithm is refused, and so is one without an algorithm.
func ExampleCheckDigest() {
	hex := "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
	for _, digest := range []string{"sha256:" + hex, "sha256:" + hex[:12], "md5:" + hex[:32], hex} {
		fmt.Println(reference.CheckDigest(digest))
	}
	// Output:
	// <nil>
	// invalid digest "sha256:2c26b46b68ff": not a sha256 or sha512 digest
	// invalid digest "md5:2c26b46b68ffc68ff99b453c1d304134": not a sha256 or sha512 digest
	// invalid digest "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae": not a sha256 or sha512 digest
}
