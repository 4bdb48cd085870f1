package closest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/closest"
)

func TestOf(t *testing.T) {
	names := []string{"resources", "replacements", "replicas", "patches", "patchesJson6902", "images", "labels", "base.yaml", "app.yaml", "größe.yaml"}
	for _, tt := range []struct{ name, misspelt, want string }{
		{"a letter too many", "ressources", "resources"},
		{"a letter missing", "resource", "resources"},
		{"another letter", "resourses", "resources"},
		{"two letters swapped", "resuorces", "resources"},
		{"two letters swapped in a short name", "ap.pyaml", "app.yaml"},
		{"another case", "IMAGES", "images"},
		{"the extension", "app.yml", "app.yaml"},
		{"the closest of two", "patche", "patches"},
		{"letters that are not ASCII", "große.yaml", "größe.yaml"},
		{"the name itself", "labels", "labels"},
		{"too far", "components", ""},
		{"too far in a long name", "xxxxxpatchesJson6902", ""},
		{"too short", "re", ""},
		{"nothing", "", ""},
		{"much too long", strings.Repeat("resources", 1_000), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, closest.Of(tt.misspelt, slices.Values(names)))
		})
	}
	assert.Empty(t, closest.Of("app.yaml", slices.Values([]string(nil))))
	assert.Equal(t, "a1", closest.Of("a12", slices.Values([]string{"a1", "a2"})))
	assert.Empty(t, closest.Of("app.yaml", slices.Values([]string{strings.Repeat("app.yaml", 1_000)})))
}

func TestOfIsFast(t *testing.T) {
	names := make([]string, 20_000)
	for i := range names {
		names[i] = strings.Repeat("ab", 100) + strings.Repeat("c", i%50)
	}
	start := time.Now()
	closest.Of(strings.Repeat("ba", 120), slices.Values(names))
	assert.Less(t, time.Since(start), 60*time.Second)
}
