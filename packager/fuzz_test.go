package packager_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
)

// FuzzPlan lays out the paths of a listing. Either the plan is an archive that
// every reader unpacks to all files, or there is a collision to be seen.
func FuzzPlan(f *testing.F) {
	for _, listing := range []string{
		"", "a.yaml", "a.yaml\nb/c.yaml", "app/a.yaml\nb.yaml", "app", "a\na/b", "a/b\na", "a-b\na/x\na.yaml\na0", "a\na", "x/a/b/c\nx/a", "APP/a\nApp/b",
	} {
		for _, engine := range []string{"None", "Flux", "ArgoCD", "jenkins"} {
			f.Add(listing, engine, "app")
		}
	}
	f.Add("a.yaml", "None", "a/b")
	f.Add("a.yaml", "Flux", "a/b") // which has no use for it
	f.Add("a.yaml", "", "..")
	f.Fuzz(func(t *testing.T, listing, engineName, prefix string) {
		paths := slices.DeleteFunc(strings.Split(listing, "\n"), func(p string) bool { return !fs.ValidPath(p) || p == "." })
		files := filesOf(paths...)
		layout, err := packager.Plan(files, packager.GitOpsEngine(engineName), prefix)

		engine, unknown := packager.ParseGitOpsEngine(engineName)
		if unknown != nil {
			require.ErrorIs(t, err, packager.ErrUnknownEngine)
			return
		}
		if errors.Is(err, packager.ErrInvalidPrefix) {
			require.NotEqual(t, packager.GitOpsEngineFlux, engine)
			require.NotRegexp(t, `^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$`, prefix)
			return
		}
		want := map[string]string{}
		clash := false
		for _, p := range paths {
			for placed := range laidOut(map[string]string{p: ""}, engine, prefix) {
				_, taken := want[placed]
				clash = clash || taken
				want[placed] = p
			}
			clash = clash || engine == packager.GitOpsEngineNone && strings.HasPrefix(p+"/", prefix+"/")
		}
		for placed := range want {
			for other := range want {
				clash = clash || strings.HasPrefix(other, placed+"/")
			}
		}
		if clash {
			require.ErrorIs(t, err, packager.ErrCollision)
			return
		}
		require.NoError(t, err)
		require.False(t, engine != packager.GitOpsEngineFlux && strings.Contains(prefix, "/"), "a prefix of several folders")
		require.True(t, slices.IsSortedFunc(layout.Entries, func(a, b packager.Entry) int { return strings.Compare(a.Path, b.Path) }))
		got := map[string]string{}
		for _, e := range layout.Entries {
			require.True(t, fs.ValidPath(e.Path), "%q", e.Path)
			got[e.Path] = e.File.Path
		}
		require.Len(t, layout.Entries, len(got), "a path twice")
		require.Equal(t, want, got)
	})
}
