package flux_test

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"testing"

	securejoin "github.com/cyphar/filepath-securejoin"
	"github.com/fluxcd/pkg/kustomize"
	ssautil "github.com/fluxcd/pkg/ssa/utils"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// render builds a directory as a Kustomization with this path does, up to the objects
// that it would apply. It writes to the directory.
func render(root, path string) ([]*unstructured.Unstructured, error) {
	return renderInto(root, path, "")
}

// renderInto is render with a namespace for all objects, unless that is empty.
func renderInto(root, path, namespace string) ([]*unstructured.Unstructured, error) {
	dir, err := securejoin.SecureJoin(root, path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("kustomization path not found: %w", err)
	}
	spec := map[string]any{"path": path, "prune": true}
	if namespace != "" {
		spec["targetNamespace"] = namespace
	}
	settings := unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	if _, err := kustomize.NewGenerator(root, settings).WriteFile(dir); err != nil {
		return nil, err
	}
	resources, err := kustomize.SecureBuild(root, dir, true)
	if err != nil {
		return nil, err
	}
	for _, r := range resources.Resources() {
		if r.GetName() == "" || r.GetKind() == "" || r.GetApiVersion() == "" {
			return nil, fmt.Errorf("not a Kubernetes object: %v", r)
		}
	}
	text, err := resources.AsYaml()
	if err != nil {
		return nil, err
	}
	return ssautil.ReadObjects(bytes.NewReader(text))
}

func TestFluxRendersTheObjectsOfTheTree(t *testing.T) {
	instance := fixture.Embedded(t)
	trees := fixture.Trees(t)
	for _, tree := range []string{"flat", "multidoc", "names", "generated"} {
		for _, engine := range fixture.Engines() {
			t.Run(tree+", "+string(engine), func(t *testing.T) {
				pushed := fixture.Push(t, instance, trees[tree], engine)
				objects, err := render(store(t, fetch(t, pushed)), pushed.Artifact.Paths.Flux)
				require.NoError(t, err)
				assert.ElementsMatch(t, objectsIn(t, trees[tree]), asJSON(t, objects))
			})
		}
	}
}

// A kustomization renders to the same objects as its source, at each of its paths.
func TestFluxRendersTheKustomizationsOfTheTree(t *testing.T) {
	instance := fixture.Embedded(t)
	dir := fixture.Trees(t)["kustomize"]
	for _, directory := range []string{".", "base", "overlays/staging", "overlays/production"} {
		for _, engine := range fixture.Engines() {
			t.Run(directory+", "+string(engine), func(t *testing.T) {
				built, err := kustomize.Build(filesys.MakeFsOnDisk(), filepath.Join(dir, directory))
				require.NoError(t, err)
				want, err := built.AsYaml()
				require.NoError(t, err)

				pushed := fixture.Push(t, instance, dir, engine)
				objects, err := render(store(t, fetch(t, pushed)), pushed.Artifact.Paths.Below(directory).Flux)
				require.NoError(t, err)
				require.NotEmpty(t, objects)
				assert.ElementsMatch(t, asJSON(t, readObjects(t, want)), asJSON(t, objects))
			})
		}
	}
}

// The empty artifact is valid and renders to nothing.
func TestFluxRendersNothingOfAnEmptyArtifact(t *testing.T) {
	instance := fixture.Embedded(t)
	for _, engine := range fixture.Engines() {
		pushed := fixture.PushEmpty(t, instance, engine)
		objects, err := render(store(t, fetch(t, pushed)), pushed.Artifact.Paths.Flux)
		require.NoError(t, err)
		assert.Empty(t, objects)
	}
}

// objectsIn lists all objects in the YAML files of a directory.
func objectsIn(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	for name, text := range fixture.Read(t, dir) {
		if ext := path.Ext(name); ext == ".yaml" || ext == ".yml" {
			all = append(all, asJSON(t, readObjects(t, []byte(text)))...)
		}
	}
	require.NotEmpty(t, all)
	return all
}

func readObjects(t *testing.T, text []byte) []*unstructured.Unstructured {
	t.Helper()
	objects, err := ssautil.ReadObjects(bytes.NewReader(text))
	require.NoError(t, err)
	return objects
}

func asJSON(t *testing.T, objects []*unstructured.Unstructured) []string {
	t.Helper()
	var all []string
	for _, object := range objects {
		text, err := object.MarshalJSON()
		require.NoError(t, err)
		all = append(all, string(text))
	}
	return all
}
