package closest_test

import (
	"math/rand/v2"
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

// The result is the same as that of a full table of distances.
func TestOfFindsTheClosest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		letters := make([]byte, 3+random.IntN(12))
		for i := range letters {
			letters[i] = "abc"[random.IntN(3)]
		}
		return string(letters)
	}
	for range 20_000 {
		misspelt, names := word(), []string{word(), word()}
		want, least := "", min(len(misspelt)/3, 4)+1
		for _, name := range names {
			if d := distance(misspelt, name); d < least {
				want, least = name, d
			}
		}
		assert.Equal(t, want, closest.Of(misspelt, slices.Values(names)), "%s of %v", misspelt, names)
	}
}

// distance fills the whole table.
func distance(a, b string) int {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
		for j := range table[i] {
			switch {
			case i == 0 || j == 0:
				table[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				table[i][j] = table[i-1][j-1]
			default:
				table[i][j] = table[i-1][j-1] + 1
			}
			table[i][j] = min(table[i][j], table[i-1][j]+1, table[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				table[i][j] = min(table[i][j], table[i-2][j-2]+1)
			}
		}
	}
	return table[len(a)][len(b)]
}

func TestOfIsFast(t *testing.T) {
	names := make([]string, 5_000)
	for i := range names {
		names[i] = strings.Repeat("ab", 100) + strings.Repeat("c", i%50)
	}
	start := time.Now()
	closest.Of(strings.Repeat("ba", 120), slices.Values(names))
	assert.Less(t, time.Since(start), 60*time.Second)
}
