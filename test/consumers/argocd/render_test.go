package argocd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/reposerver/apiclient"
	"github.com/argoproj/argo-cd/v3/reposerver/repository"
	apppath "github.com/argoproj/argo-cd/v3/util/app/path"
	"github.com/argoproj/argo-cd/v3/util/git"
	utilio "github.com/argoproj/argo-cd/v3/util/io"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// render builds a directory as an Application with this source does, up to the objects
// that it would apply, as JSON, without the annotation by which it tracks them.
func render(ctx context.Context, dir string, source v1alpha1.ApplicationSource) ([]string, error) {
	if err := apppath.CheckOutOfBoundsSymlinks(dir); err != nil {
		return nil, err
	}
	directory, err := apppath.Path(dir, source.Path)
	if err != nil {
		return nil, err
	}
	request := &apiclient.ManifestRequest{
		Repo:              &v1alpha1.Repository{Repo: "oci://registry.example.com/shop", Type: "oci"},
		ApplicationSource: &source,
		KustomizeOptions:  &v1alpha1.KustomizeOptions{BinaryPath: os.Args[0]},
		AppName:           "shop",
		AppLabelKey:       common.LabelKeyAppInstance,
		TrackingMethod:    string(v1alpha1.TrackingMethodAnnotation),
	}
	response, err := repository.GenerateManifests(ctx, directory, dir, "revision", request, false, git.NoopCredsStore{},
		resource.MustParse("10M"), utilio.NewRandomizedTempPaths(dir))
	if err != nil {
		return nil, err
	}
	var objects []string
	for _, manifest := range response.Manifests { // as sent to the application controller
		object, err := v1alpha1.UnmarshalToUnstructured(manifest)
		if err != nil {
			return nil, err
		}
		if object == nil {
			continue
		}
		unstructured.RemoveNestedField(object.Object, "metadata", "annotations", common.AnnotationKeyAppInstance)
		if annotations, found, _ := unstructured.NestedMap(object.Object, "metadata", "annotations"); found && len(annotations) == 0 {
			unstructured.RemoveNestedField(object.Object, "metadata", "annotations")
		}
		text, err := json.Marshal(object.Object)
		if err != nil {
			return nil, err
		}
		objects = append(objects, string(text))
	}
	return objects, nil
}

// The empty artifact is valid and renders to nothing.
func TestArgoCDRendersNothingOfAnEmptyArtifact(t *testing.T) {
	instance := fixture.Embedded(t)
	for _, engine := range fixture.Engines() {
		pushed := fixture.PushEmpty(t, instance, engine)
		objects, err := render(t.Context(), extract(t, pushed), v1alpha1.ApplicationSource{Path: pushed.Artifact.Paths.ArgoCD})
		require.NoError(t, err)
		assert.Empty(t, objects)
	}
}

// A plain directory is rendered with its subdirectories if the Application recurses.
func TestArgoCDRendersTheObjectsOfTheTree(t *testing.T) {
	instance := fixture.Embedded(t)
	trees := fixture.Trees(t)
	for _, tree := range []string{"flat", "multidoc", "names", "json", "generated"} {
		for _, engine := range fixture.Engines() {
			for _, recurse := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %s, recurse %v", tree, engine, recurse), func(t *testing.T) {
					pushed := fixture.Push(t, instance, trees[tree], engine)
					source := v1alpha1.ApplicationSource{Path: pushed.Artifact.Paths.ArgoCD}
					if recurse {
						source.Directory = &v1alpha1.ApplicationSourceDirectory{Recurse: true}
					}
					objects, err := render(t.Context(), extract(t, pushed), source)
					require.NoError(t, err)
					assert.ElementsMatch(t, objectsIn(t, trees[tree], recurse), objects)
				})
			}
		}
	}
}

// A kustomization renders to the same objects as its source, at each of its paths.
func TestArgoCDRendersTheKustomizationsOfTheTree(t *testing.T) {
	instance := fixture.Embedded(t)
	dir := fixture.Trees(t)["kustomize"]
	for _, directory := range []string{".", "base", "overlays/staging", "overlays/production"} {
		built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(dir, directory))
		require.NoError(t, err)
		text, err := built.AsYaml()
		require.NoError(t, err)
		want := readObjects(t, text)
		require.NotEmpty(t, want)
		for _, engine := range fixture.Engines() {
			t.Run(directory+", "+string(engine), func(t *testing.T) {
				pushed := fixture.Push(t, instance, dir, engine)
				path := pushed.Artifact.Paths.Below(directory).ArgoCD
				objects, err := render(t.Context(), extract(t, pushed), v1alpha1.ApplicationSource{Path: path})
				require.NoError(t, err)
				assert.ElementsMatch(t, want, objects)
			})
		}
	}
}

// objectsIn lists all objects in the files that Argo CD reads from a directory.
func objectsIn(t *testing.T, dir string, recurse bool) []string {
	t.Helper()
	var all []string
	for name, text := range fixture.Read(t, dir) {
		ext := path.Ext(name)
		if slices.Contains([]string{".yaml", ".yml", ".json"}, ext) && (recurse || path.Dir(name) == ".") {
			all = append(all, readObjects(t, []byte(text))...)
		}
	}
	return all
}

// readObjects returns objects as JSON, with lists replaced by their items.
func readObjects(t *testing.T, text []byte) []string {
	t.Helper()
	var all []string
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096); ; {
		var object unstructured.Unstructured
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		add := func(o runtime.Object) error {
			text, err := json.Marshal(o.(*unstructured.Unstructured).Object)
			all = append(all, string(text))
			return err
		}
		switch {
		case object.IsList():
			require.NoError(t, object.EachListItem(add))
		case len(object.Object) > 0:
			require.NoError(t, add(&object))
		}
	}
}
