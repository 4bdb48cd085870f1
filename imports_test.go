package oci_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/kubeoci/oci"

// arrows lists the allowed imports between the public packages, as the linter does
// (.depguard.json).
var arrows = map[string][]string{
	module:                {"gitops", "manifests", "packager", "preflight", "reference", "registry", "unpacker"},
	module + "/gitops":    {"packager", "reference"},
	module + "/preflight": {"manifests", "packager"},
	module + "/unpacker":  {"manifests", "packager"},
	module + "/packager":  {"manifests"},
	module + "/registry":  {"reference"},
	module + "/manifests": {},
	module + "/reference": {},
}

type goPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func TestImportsGoOneWay(t *testing.T) {
	seen := map[string]bool{}
	for _, pkg := range listPackages(t) {
		allowed, public := arrows[pkg.ImportPath]
		if !public {
			continue
		}
		seen[pkg.ImportPath] = true
		for _, path := range pkg.Imports {
			name, own := strings.CutPrefix(path, module+"/")
			if own && !strings.HasPrefix(name, "internal/") {
				assert.Contains(t, allowed, name, "%s imports %s", pkg.ImportPath, path)
			}
		}
	}
	assert.Len(t, seen, len(arrows), "a package of the table is missing")
}

func TestEveryPublicPackageHasItsArrows(t *testing.T) {
	for _, pkg := range listPackages(t) {
		name := strings.TrimPrefix(pkg.ImportPath, module)
		if strings.Contains(name, "internal/") || strings.HasPrefix(name, "/examples") {
			continue
		}
		assert.Contains(t, arrows, pkg.ImportPath)
	}
}

// The packages of internal/testing stand above all others: they may import the
// facade, and only tests import them.
func TestNoPackageImportsTheFacadeOrTestCode(t *testing.T) {
	const tests = module + "/internal/testing/"
	for _, pkg := range listPackages(t) {
		if strings.HasPrefix(pkg.ImportPath, tests) || strings.HasPrefix(pkg.ImportPath, module+"/examples/") {
			continue
		}
		for _, path := range pkg.Imports {
			assert.NotEqual(t, module, path, pkg.ImportPath)
			assert.False(t, strings.HasPrefix(path, tests), "%s imports %s", pkg.ImportPath, path)
		}
	}
}

func TestReferenceAndManifestsReachNoNetwork(t *testing.T) {
	for _, pkg := range listPackages(t) {
		if pkg.ImportPath == module+"/reference" || pkg.ImportPath == module+"/manifests" {
			for _, network := range []string{"net", "net/http", "crypto/tls"} {
				assert.NotContains(t, pkg.Deps, network, pkg.ImportPath)
			}
		}
	}
}

func TestOnlyRegistryTalksToRegistries(t *testing.T) {
	for _, pkg := range listPackages(t) {
		talks := slices.ContainsFunc(pkg.Imports, func(path string) bool {
			return strings.HasPrefix(path, "oras.land/oras-go/v2/registry/remote")
		})
		assert.Equal(t, pkg.ImportPath == module+"/registry", talks, pkg.ImportPath)
	}
}

// An embedder builds neither the registry of the tests nor testify.
func TestEmbeddersBuildNoTestCode(t *testing.T) {
	for _, pkg := range listPackages(t) {
		if pkg.ImportPath != module {
			continue
		}
		for _, dep := range pkg.Deps {
			assert.False(t, strings.HasPrefix(dep, "cuelabs.dev/") || strings.HasPrefix(dep, "github.com/stretchr/") || dep == "testing", dep)
		}
	}
}

// Findings that are remembered are those of the versions of three modules: rulesVersion of
// package preflight. The other modules that it reaches have no part in them.
func TestTheRulesNeedThreeModules(t *testing.T) {
	packages := map[string]goPackage{}
	for _, pkg := range listPackages(t) {
		packages[pkg.ImportPath] = pkg
	}
	for _, path := range packages[module+"/preflight"].Imports {
		if path == module+"/packager" { // which compresses and stores
			continue
		}
		for _, dep := range append(packages[path].Deps, path) {
			host, _, _ := strings.Cut(dep, "/")
			known := dep == "github.com/opencontainers/go-digest" || // of records
				strings.HasPrefix(dep, module+"/") || dep == "go.yaml.in/yaml/v3" || strings.HasPrefix(dep, "go.yaml.in/yaml/v4")
			assert.True(t, known || !strings.Contains(host, "."), "%s needs %s", path, dep)
		}
	}
}

// go-digest uses the hashes that are linked, and a program that uses packager alone has
// no other package that links them.
func TestPackagerBringsItsHashes(t *testing.T) {
	for _, pkg := range listPackages(t) {
		if pkg.ImportPath == module+"/packager" {
			assert.Subset(t, pkg.Deps, []string{"crypto/sha256", "crypto/sha512"})
		}
	}
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps", "./...").Output()
	require.NoError(t, err)
	var packages []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg goPackage
		err := decoder.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			require.NotEmpty(t, packages)
			return packages
		}
		require.NoError(t, err)
		packages = append(packages, pkg)
	}
}
