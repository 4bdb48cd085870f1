package oci_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
)

func serve(t *testing.T, handler http.Handler) (host string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// Each row is a push by which the tool was compared with this package, by its number.
// Rows 7, 8, 9 and 17 are in TestAdopterReachesRegistries, and 4 and 5 in
// TestAdopterPublishesNothing.
//
// These results differ from those of the tool on purpose. A user without a password (6)
// is a mistake, which the tool hides as anonymous access. A link out of the tree (15)
// would publish a file of the machine. Names are kept as they are if they are legal (14),
// .git is skipped (18), and the file of a generator is pushed (19).
func TestAdopterPushes(t *testing.T) {
	const data = "a: 1\n"
	root := oci.EnginePaths{Flux: "./", ArgoCD: "."}
	one := map[string]string{"cm.yaml": configMap}
	beside := map[string]string{"cm.yaml": configMap, "values.yaml": data}
	link := func(target, name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { require.NoError(t, os.Symlink(target, filepath.Join(dir, name))) }
	}
	for _, tt := range []struct {
		row, name string
		files     map[string]string
		opts      oci.BuildOptions
		prepare   func(t *testing.T, dir string)
		want      []string // the files, or nil if it is refused
		codes     []string
		refusal   string
		hint      string
	}{
		{row: "1", name: "a tree", files: one, want: []string{"cm.yaml"}},
		{row: "2", name: "a name with a slash", files: one, opts: oci.BuildOptions{Name: "org/repo", Repository: "org/repo"}, want: []string{"cm.yaml"}},
		{row: "3", name: "the same with tags", files: one, opts: oci.BuildOptions{Name: "org/repo", Repository: "org/repo", Version: "1.2.3", Tags: []string{"latest"}}, want: []string{"cm.yaml"}},
		{row: "6", name: "a user without a password", files: one, opts: oci.BuildOptions{Username: "ci"},
			refusal: "a user name without a password", hint: "set both Username and Password, or neither"},
		{row: "10", name: "a tree that holds a directory of its own name", files: map[string]string{"cm.yaml": configMap, "k8s/other.yaml": strings.ReplaceAll(configMap, "settings", "other")},
			want: []string{"cm.yaml", "k8s/other.yaml"}, codes: []string{"warning subfolders"}},
		{row: "10", name: "the same twice", files: map[string]string{"cm.yaml": configMap, "k8s/other.yaml": configMap}, opts: oci.BuildOptions{Layout: oci.LayoutBoth},
			refusal: `"k8s/other.yaml"`, hint: "Layout"},
		{row: "11", name: "no kustomization", files: map[string]string{"a.yaml": configMap, "b.yaml": strings.ReplaceAll(configMap, "settings", "b")}, want: []string{"a.yaml", "b.yaml"}},
		{row: "12", name: "a file without an object", files: map[string]string{"cm.yaml": configMap, "text.yaml": "text\n"}, want: []string{"cm.yaml", "text.yaml"}, codes: []string{"warning not-an-object"}},
		{row: "12", name: "the same for Flux", files: map[string]string{"cm.yaml": configMap, "text.yaml": "text\n"}, opts: oci.BuildOptions{GitOpsEngine: oci.GitOpsEngineFlux},
			refusal: "text.yaml:1:1: error: Flux refuses a document that is not a Kubernetes object", hint: "exclude it with Collect.Ignore"},
		{row: "13", name: "upper case", files: one, opts: oci.BuildOptions{Name: "K8s", Repository: "Org/K8s"}, want: []string{"cm.yaml"}},
		{row: "14", name: "no DNS label", files: one, opts: oci.BuildOptions{Name: "a_x.y", Repository: "a_x.y"}, want: []string{"cm.yaml"}},
		{row: "15", name: "a link to a file outside", files: one, prepare: link("../../../outside.yaml", "out.yaml"), refusal: "out.yaml", hint: ""},
		{row: "16", name: "a link to a directory", files: map[string]string{"kustomization.yaml": "resources: [base]\n", "base/kustomization.yaml": "resources: [cm.yaml]\n", "base/cm.yaml": configMap}, prepare: link("base", "linked"),
			opts: oci.BuildOptions{Collect: oci.CollectOptions{Symlinks: "files"}}, want: []string{"base/cm.yaml", "base/kustomization.yaml", "kustomization.yaml"}, codes: []string{"info rendered-by"}},
		{row: "16", name: "the same without kustomizations", files: one, prepare: func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(filepath.Join(dir, "base"), 0o755))
			require.NoError(t, os.Rename(filepath.Join(dir, "cm.yaml"), filepath.Join(dir, "base", "cm.yaml")))
			link("base", "linked")(t, dir)
		}, refusal: "reached through a symbolic link", opts: oci.BuildOptions{GitOpsEngine: oci.GitOpsEngineFlux}, hint: "set Collect.Symlinks to files"},
		{row: "18", name: "version control", files: map[string]string{"cm.yaml": configMap, ".git/x.yaml": configMap, ".github/x.yaml": configMap}, want: []string{".github/x.yaml", "cm.yaml"}, codes: []string{"warning subfolders", "warning flux-ignored"}},
		{row: "19", name: "a file of a generator", files: map[string]string{"kustomization.yaml": "configMapGenerator: [{name: a, files: [app.conf]}]\n", "app.conf": "x\n"}, want: []string{"app.conf", "kustomization.yaml"}, codes: []string{"info rendered-by"}},
		{row: "20", name: "values beside manifests", files: beside, want: []string{"cm.yaml", "values.yaml"}, codes: []string{"warning not-an-object"}},
		{row: "20", name: "the same for Argo CD", files: beside, opts: oci.BuildOptions{GitOpsEngine: oci.GitOpsEngineArgoCD}, want: []string{"cm.yaml", "values.yaml"}, codes: []string{"info not-an-object"}},
		{row: "20", name: "the same for Flux", files: beside, opts: oci.BuildOptions{GitOpsEngine: oci.GitOpsEngineFlux}, refusal: "values.yaml:1:1: error: Flux refuses", hint: "exclude it with Collect.Ignore"},
		{row: "21", name: "a plus sign in a tag", files: one, opts: oci.BuildOptions{Version: "1.0.0+1"}, refusal: `"1.0.0+1"`, hint: `write "1.0.0"`},
		{row: "22", name: "one character", files: one, opts: oci.BuildOptions{Repository: "a"}, want: []string{"cm.yaml"}, codes: []string{"warning repository-name"}},
		{row: "22", name: "the same for Argo CD", files: one, opts: oci.BuildOptions{Repository: "a", GitOpsEngine: oci.GitOpsEngineArgoCD}, want: []string{"cm.yaml"}},
		{row: "22", name: "the same for Flux", files: one, opts: oci.BuildOptions{Repository: "a", GitOpsEngine: oci.GitOpsEngineFlux}, want: []string{"cm.yaml"}, codes: []string{"warning repository-name"}},
		{row: "22", name: "the same for Flux, enforced", files: one, opts: oci.BuildOptions{Repository: "a", GitOpsEngine: oci.GitOpsEngineFlux, Preflight: oci.PreflightOptions{Policy: oci.PreflightEnforce}},
			refusal: `Flux before source-controller 1.10 refuses the repository "a"`, hint: "set Repository to two characters or more"},
		{row: "23", name: "a template that nothing names", files: map[string]string{"kustomization.yaml": "resources: [cm.yaml]\n", "cm.yaml": configMap, "t/x.yaml": "name: {{ .Values.x }}\n"}, want: []string{"cm.yaml", "kustomization.yaml", "t/x.yaml"}, codes: []string{"info rendered-by", "info template"}},
	} {
		t.Run(tt.row+" "+tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "k8s")
			require.NoError(t, os.Rename(tree(t, tt.files), dir))
			if tt.prepare != nil {
				tt.prepare(t, dir)
			}
			opts := tt.opts
			opts.SourcePath, opts.RegistryEndpoint = dir, serve(t, memregistry.Handler(private))
			opts.Preflight.TargetNamespace = "shop"
			if opts.Layout == "" {
				opts.Layout = oci.LayoutRoot
			}
			if opts.Version == "" {
				opts.Version = "v1"
			}
			if opts.Username == "" {
				opts.Username, opts.Password = "ci", canary
			}
			result, err := attempt(t, opts)
			if tt.want == nil {
				require.ErrorContains(t, err, tt.refusal)
				assert.Contains(t, oci.Hint(err), tt.hint)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, result.Files)
			assert.Equal(t, tt.codes, codes(result.Findings))
			assert.Equal(t, root, result.Artifact.Paths)
			if opts.Name != "" {
				assert.Equal(t, strings.ToLower(strings.ReplaceAll(opts.Name, "/", "-")), result.Artifact.Name)
			}
			if opts.Repository != "" {
				assert.Equal(t, strings.ToLower(opts.Repository), result.Artifact.Repository)
			}
			for _, tag := range result.Tags {
				exists, err := oci.ArtifactExists(t.Context(), oci.ArtifactExistsOptions{
					RegistryEndpoint: opts.RegistryEndpoint, Repository: result.Artifact.Repository, Version: tag, Username: "ci", Password: canary,
				})
				require.NoError(t, err)
				assert.True(t, exists, tag)
			}
		})
	}
}

// The tool builds an empty artifact if the directory does not exist (rows 4 and 5).
func TestAdopterPublishesNothing(t *testing.T) {
	for _, tt := range []struct{ row, name, repository string }{{"4", "", "repo"}, {"5", "org/repo", "org/repo"}} {
		t.Run(tt.row, func(t *testing.T) {
			opts := oci.BuildOptions{
				Name: tt.name, Repository: tt.repository, SourcePath: filepath.Join(t.TempDir(), "k8s"),
				RegistryEndpoint: serve(t, memregistry.Handler(private)), Version: "v1", Username: "ci", Password: canary,
			}
			_, err := attempt(t, opts)
			require.ErrorIs(t, err, oci.ErrSourcePathNotFound)
			for layout, want := range map[oci.Layout][]string{
				oci.LayoutRoot: {"kustomization.yaml"},
				"":             {"kustomization.yaml", strings.ReplaceAll(tt.repository, "/", "-") + "/kustomization.yaml"},
			} {
				result, err := oci.BuildEmpty(t.Context(), oci.EmptyBuildOptions{
					Name: opts.Name, Repository: opts.Repository, RegistryEndpoint: opts.RegistryEndpoint, Version: "v1",
					Username: opts.Username, Password: opts.Password, Layout: layout,
				})
				require.NoError(t, err)
				assert.Equal(t, want, result.Files)
			}
		})
	}
}

// Registries without TLS. The connections to other machines lead to this one.
func TestAdopterReachesRegistries(t *testing.T) {
	endpoint := serve(t, memregistry.Handler(memregistry.Options{}))
	closed := serve(t, memregistry.Handler(private))
	here := func(address string) http.RoundTripper {
		return &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}}
	}
	for _, tt := range []struct {
		row, name string
		opts      oci.BuildOptions
		refusal   error
		hint      string
	}{
		{"7", "the address of this machine", oci.BuildOptions{RegistryEndpoint: "192.0.2.7:5000", Insecure: true, Registry: oci.RegistryOptions{Transport: here(endpoint)}}, nil, ""},
		{"7", "the same with TLS", oci.BuildOptions{RegistryEndpoint: "192.0.2.7:5000", Registry: oci.RegistryOptions{Transport: here(endpoint)}}, oci.ErrRegistryTLSMismatch, "set Registry.Scheme to http"},
		{"8", "a private address", oci.BuildOptions{RegistryEndpoint: "10.1.2.3:5000", Insecure: true, Registry: oci.RegistryOptions{Transport: here(endpoint)}}, nil, ""},
		{"9", "a private address and a password", oci.BuildOptions{RegistryEndpoint: "10.1.2.3:5000", Insecure: true, Username: "ci", Password: canary, Registry: oci.RegistryOptions{Transport: here(closed)}},
			oci.ErrInvalidCredential, "AllowPlainHTTPCredentials"},
		{"9", "the same with its option", oci.BuildOptions{RegistryEndpoint: "10.1.2.3:5000", Insecure: true, Username: "ci", Password: canary, Registry: oci.RegistryOptions{AllowPlainHTTPCredentials: true, AllowLocalServices: true, Transport: here(closed)}}, nil, ""},
		{"9", "Insecure and https", oci.BuildOptions{RegistryEndpoint: "https://10.1.2.3:5000", Insecure: true}, oci.ErrInvalidOptions, "leave Insecure unset"},
		{"17", "a name in localhost", oci.BuildOptions{RegistryEndpoint: "no-such-registry.localhost:" + portOf(endpoint)}, nil, ""},
		{"17", "the same with a password", oci.BuildOptions{RegistryEndpoint: "no-such-registry.localhost:" + portOf(closed), Username: "ci", Password: canary}, nil, ""},
	} {
		t.Run(tt.row+" "+tt.name, func(t *testing.T) {
			opts := tt.opts
			opts.SourcePath, opts.Repository, opts.Version = tree(t, map[string]string{"cm.yaml": configMap}), "org/repo", "v1"
			began := time.Now()
			_, err := attempt(t, opts)
			if tt.refusal == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, tt.refusal)
				assert.False(t, oci.Retryable(err))
				assert.Contains(t, oci.Hint(err), tt.hint)
			}
			assert.Less(t, time.Since(began), 5*time.Second, "nothing is retried")
		})
	}
}

func portOf(endpoint string) string { return endpoint[strings.LastIndex(endpoint, ":")+1:] }
