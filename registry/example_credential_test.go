package registry_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"strings"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// A Client that outlives its credential asks for it again when the registry refuses it.
func ExampleCredentialFunc() {
	users := map[string]memregistry.User{"ci": {}}
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{Users: users}))
	defer server.Close()

	find := func(_ context.Context, host string) (registry.Credential, error) { // usually calls the SDK of a cloud
		fmt.Println("asked for", host == strings.TrimPrefix(server.URL, "http://"))
		return registry.Credential{Username: "ci", Password: users["ci"].Password}, nil
	}
	client, err := registry.NewClient(server.URL, registry.Options{CredentialFunc: find})
	if err != nil {
		log.Fatal(err)
	}
	for _, password := range []string{"monday", "tuesday"} {
		users["ci"] = memregistry.User{Password: password}
		fmt.Println(password, client.VerifyAccess(context.Background(), "apps/demo"))
	}
	// Output:
	// asked for true
	// monday <nil>
	// asked for true
	// tuesday <nil>
}

// The bytes are those of a Secret of type kubernetes.io/dockerconfigjson. They never start
// a program.
func ExampleOptions_dockerConfigJSON() {
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{
		Users: map[string]memregistry.User{"ci": {Password: "secret"}},
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")

	for _, config := range []string{
		`{"auths": {"` + host + `": {"username": "ci", "password": "secret"}}}`,
		`{"credHelpers": {"` + host + `": "desktop"}}`,
	} {
		client, err := registry.NewClient(host, registry.Options{DockerConfigJSON: []byte(config)})
		if err != nil {
			log.Fatal(err)
		}
		err = client.VerifyAccess(context.Background(), "apps/demo")
		fmt.Println("allowed:", err == nil, "invalid:", errors.Is(err, registry.ErrInvalidCredential))
	}
	// Output:
	// allowed: true invalid: false
	// allowed: false invalid: true
}

// A cluster may only read what a job may push.
func ExampleClient_VerifyReadAccess() {
	ctx := context.Background()
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{Users: map[string]memregistry.User{
		"ci":      {Password: "secret"},
		"cluster": {Password: "secret", ReadOnly: true},
	}}))
	defer server.Close()

	for _, user := range []string{"ci", "cluster"} {
		client, err := registry.NewClient(server.URL, registry.Options{Credential: registry.Credential{Username: user, Password: "secret"}})
		if err != nil {
			log.Fatal(err)
		}
		if user == "ci" {
			pushDemo(ctx, client, "apps/demo", "v1.0.0")
		}
		fmt.Println(user, "reads:", client.VerifyReadAccess(ctx, "apps/demo") == nil, "pushes:", client.VerifyAccess(ctx, "apps/demo") == nil)
	}
	// Output:
	// ci reads: true pushes: true
	// cluster reads: true pushes: false
}
