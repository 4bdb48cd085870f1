package registrytest

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
)

// defaultZotImage is the tested release of zot.
const defaultZotImage = "ghcr.io/project-zot/zot-minimal:v2.1.21"

// all demands every available registry.
const all Kind = "all"

// settings holds the values of the environment variables in docs/testing.md.
type settings struct {
	registry           string
	username, password string
	plainHTTP          bool
	caFile             string

	kind      Kind // "" if none is demanded
	pull      bool
	zotImage  string
	zotBinary string
}

func readSettings() (settings, error) {
	s := settings{
		registry:  os.Getenv("OCI_TEST_REGISTRY"),
		username:  os.Getenv("OCI_TEST_REGISTRY_USERNAME"),
		password:  os.Getenv("OCI_TEST_REGISTRY_PASSWORD"),
		caFile:    os.Getenv("OCI_TEST_REGISTRY_CA_FILE"),
		kind:      Kind(os.Getenv("OCI_TEST_REGISTRY_KIND")),
		zotImage:  cmp.Or(os.Getenv("OCI_TEST_ZOT_IMAGE"), defaultZotImage),
		zotBinary: os.Getenv("OCI_TEST_ZOT_BINARY"),
	}
	if s.kind != "" && s.kind != all && !slices.Contains(Kinds(), s.kind) {
		return settings{}, fmt.Errorf("OCI_TEST_REGISTRY_KIND is %q, want one of %v or %q", s.kind, Kinds(), all)
	}
	for name, value := range map[string]*bool{
		"OCI_TEST_REGISTRY_PLAIN_HTTP": &s.plainHTTP,
		"OCI_TEST_PULL":                &s.pull,
	} {
		text := os.Getenv(name)
		if text == "" {
			continue
		}
		var err error
		if *value, err = strconv.ParseBool(text); err != nil {
			return settings{}, fmt.Errorf("%s is %q, want true or false", name, text)
		}
	}
	return s, nil
}
