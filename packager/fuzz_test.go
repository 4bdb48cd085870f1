package packager_test

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// FuzzPlan lays out the files of a listing. Either the plan is an archive that
// every reader unpacks to all files, or the copies of the tree collide.
func FuzzPlan(f *testing.F) {
	for _, listing := range []string{
		"a.yaml", "a.yaml\nb/c.yaml", "app/a.yaml\nb.yaml", "app", "a\na/b", "a/b\na", "a-b\na/x\na.yaml\na0", "a\na", "x/a/b/c\nx/a", "APP/a\nApp/b",
	} {
		for _, layout := range []string{"both", "root", "prefix", "jenkins"} {
			f.Add(listing, layout, "app")
		}
	}
	f.Add("a.yaml", "both", "a/b")
	f.Add("a.yaml", "root", "a/b") // which ignores the prefix
	f.Add("a.yaml", "", "..")
	for _, text := range []string{"", "0", "-1", "2147483648", "4294967296", "9223372036854775807", strings.Repeat("x", 255), strings.Repeat("d/", 100) + "x"} {
		f.Add(text, "both", "app")
		f.Add("a.yaml", "prefix", text)
		f.Add("a.yaml", text, "app")
	}
	f.Fuzz(func(t *testing.T, listing, name, prefix string) {
		texts := map[string]string{}
		for _, p := range strings.Split(listing, "\n") {
			if fs.ValidPath(p) && p != "." {
				texts[p] = "text"
			}
		}
		set, err := manifests.CollectFS(t.Context(), fsOf(texts), manifests.Options{Include: []string{"*"}})
		if err != nil {
			return
		}
		plan, err := packager.NewPlan(set, packager.Layout(name), packager.Options{Prefix: prefix})

		layout, unknown := packager.ParseLayout(name)
		if unknown != nil {
			require.ErrorIs(t, err, packager.ErrUnknownLayout)
			return
		}
		layout = cmp.Or(layout, packager.LayoutRoot)
		if errors.Is(err, packager.ErrInvalidPrefix) {
			require.NotEqual(t, packager.LayoutRoot, layout)
			require.NotRegexp(t, `^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$`, prefix)
			return
		}
		want := map[string]string{}
		clash := false
		for _, file := range set.Files() {
			for placed := range laidOut(map[string]string{file.Path: ""}, layout, prefix) {
				_, taken := want[placed]
				clash = clash || taken
				want[placed] = file.Path
			}
			clash = clash || layout == packager.LayoutBoth && strings.HasPrefix(file.Path+"/", prefix+"/")
		}
		for placed := range want {
			for other := range want {
				clash = clash || strings.HasPrefix(other, placed+"/")
			}
		}
		if clash {
			require.ErrorIs(t, err, manifests.ErrCollision)
			return
		}
		require.NoError(t, err)
		require.False(t, layout != packager.LayoutRoot && strings.Contains(prefix, "/"), "a prefix of several directories")
		entries := plan.Entries()
		require.True(t, slices.IsSortedFunc(entries, func(a, b packager.Entry) int {
			return cmp.Or(strings.Compare(a.File.Path, b.File.Path), cmp.Compare(len(a.Path), len(b.Path)))
		}))
		got := map[string]string{}
		for _, e := range entries {
			require.True(t, fs.ValidPath(e.Path), "%q", e.Path)
			got[e.Path] = e.File.Path
		}
		require.Len(t, entries, len(got), "a duplicate path")
		require.Equal(t, want, got)
	})
}
