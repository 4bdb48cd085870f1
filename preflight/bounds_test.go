package preflight_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// mostInUse returns the most memory that was in use while f ran, besides that before. Garbage
// does not count: on a busy machine, much of it is made until the sample is taken.
func mostInUse(f func()) int64 {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	inUse := func() int64 {
		runtime.GC()
		metrics.Read(live)
		return int64(live[0].Value.Uint64())
	}
	before, most := inUse(), int64(0)
	var ended atomic.Bool
	sampled := make(chan struct{})
	go func() {
		defer close(sampled)
		for !ended.Load() {
			most = max(most, inUse()-before)
			time.Sleep(time.Millisecond)
		}
	}()
	f()
	ended.Store(true)
	<-sampled
	return most
}

// The memory of a check is bounded, whatever the files contain. Each is reported if it
// is not checked. An eighth of the default limit makes the test cheap.
func TestMemoryOfHostileFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("measures memory, of which the race detector takes some itself")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(8))
	const (
		size    = 1 << 17
		maximum = 12 << 20
		fixed   = 10 << 20
	)
	repeat := func(text string) string { return strings.Repeat(text, size/len(text)) }
	keys := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for _, tt := range []struct{ name, file, text string }{
		{"empty keys", "a.yaml", repeat("?\n")},
		{"keys without values", "a.yaml", keys("%x:\n")},
		{"anchors", "a.yaml", "a:\n" + keys("- &%x\n")},
		{"the prefix of tags", "a.yaml", "%TAG !a! " + strings.Repeat("x", 100_000) + "\n---\n" + repeat("- !a!b\n")},
		{"comments", "a.yaml", "a: &a\n" + repeat("- a\n#\n\n")},
		{"documents without content", "a.yaml", repeat("---\n")},
		{"documents without an object", "a.yaml", repeat("a\n---\n")},
		{"small objects", "a.yaml", keys("apiVersion: v1\nkind: A\nmetadata:\n  name: a%d\n---\n")},
		{"a list", "a.yaml", "kind: List\nitems:\n" + repeat("- a\n")},
		{"a long name", "a.yaml", "apiVersion: v1\nkind: A\nmetadata:\n  name: " + repeat("a") + "\n"},
		{"JSON values", "a.json", repeat("{}")},
		{"JSON numbers", "a.json", "[" + repeat("1,") + "1]"},
		{"JSON keys", "a.json", "{" + keys("\"%x\":1,") + "\"\":1}"},
		{"JSON data", "a.json", "{\"data\":{" + keys("\"%x\":1,") + "\"\":1}}"},
		{"kustomizations", "kustomization.yaml", repeat("?\n")},
		{"charts", "Chart.yaml", repeat("?\n")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys, content := fstest.MapFS{}, []byte(tt.text)
			for i := range 8 {
				fsys[fmt.Sprintf("%d/%s", i, tt.file)] = &fstest.MapFile{Data: content}
			}
			set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{SkipReferences: true})
			require.NoError(t, err)
			a := artifact(t, set, flux)
			limit := int64(maximum + fixed)
			if tt.name == "kustomizations" { // their parser has limits of its own
				limit += 14 << 20
			}
			var findings preflight.Findings
			most := int64(math.MaxInt64)
			for try := 0; try < 3 && most >= limit; try++ { // garbage that is made while it is collected counts
				most = min(most, mostInUse(func() { findings, err = preflight.Check(t.Context(), a, preflight.Options{MaxMemory: maximum}) }))
				require.NoError(t, err)
			}
			assert.Less(t, most, limit)
			if tt.name != "a long name" {
				assert.NotEmpty(t, findings)
			}
		})
	}
}

// Files that programs write are checked in full, up to the size that is read at all.
func TestLargeFilesAreChecked(t *testing.T) {
	fill := func(head, format string) string {
		var b strings.Builder
		b.WriteString(head)
		for i := 0; b.Len() < 4<<20-10_000; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	list := "apiVersion: v1\nkind: List\nmetadata: {}\nitems:\n"
	for _, tt := range []struct{ name, text string }{
		{"definitions", fill(list, "- apiVersion: apiextensions.k8s.io/v1\n  kind: CustomResourceDefinition\n  metadata:\n    name: a%d\n  spec:\n"+
			strings.Repeat("    - description: Text that is folded\n        by a program\n      type: string\n      default: \"\"\n      enum:\n      - =\n", 50))},
		{"text", fill(list+"- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: a\n  data:\n    a.json: |\n", "      {\"key %d\":\t1}\n")},
		{"Secrets", fill(list, "- apiVersion: v1\n  data:\n    a: Yg==\n    c: ZA==\n    e: Zg==\n    g: aA==\n    i: aG==\n    k: bG==\n    m: bh==\n    o: cA==\n    q: cr==\n    s: dA==\n    v: dw==\n  kind: Secret\n  metadata:\n    creationTimestamp: null\n    name: a%d\n  type: Opaque\n")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			findings, err := preflight.Check(t.Context(), artifact(t, tree{"a.yaml": tt.text, "b.yaml": app}.collect(t), flux), preflight.Options{})
			require.NoError(t, err)
			for _, f := range findings {
				assert.NotEqual(t, preflight.CodeTooLarge, f.Code, "%v", f)
			}
			if tt.name == "Secrets" {
				assert.Len(t, findings, 101)
			}
		})
	}
}

// What is not checked for want of memory is reported, and nothing is said to be certain
// about it. The findings do not depend on the order in which files were read.
func TestMaxMemory(t *testing.T) {
	tr := tree{"many.yaml": strings.Repeat(object("A", "a")+"---\n", 200), "large.yaml": "a: &a\n" + strings.Repeat("- b\n", 10_000), "large.json": "{\"a\":[" + strings.Repeat("{},", 10_000) + "{}]}"}
	for i := range 100 {
		tr[fmt.Sprintf("dir/%03d.yaml", i)] = object("A", strings.Repeat("x", 200)+fmt.Sprint(i))
	}
	for _, maximum := range []int64{1, 20_000, 100_000, 1_000_000, 0} {
		t.Run(fmt.Sprint(maximum), func(t *testing.T) {
			opts := preflight.Options{MaxMemory: maximum, MaxFindings: 1_000}
			set := tr.collect(t)
			a := artifact(t, set, none)
			want, err := preflight.Check(t.Context(), a, opts)
			require.NoError(t, err)
			unchecked := slices.DeleteFunc(slices.Clone(want), func(f preflight.Finding) bool { return f.Code != preflight.CodeTooLarge })
			switch maximum {
			case 0:
				assert.Empty(t, unchecked)
			case 1:
				assert.Len(t, unchecked, len(tr))
			default:
				assert.NotEmpty(t, unchecked)
				assert.Less(t, len(unchecked), len(tr))
			}
			for _, f := range unchecked {
				assert.Equal(t, preflight.Warning, f.Severity)
				assert.Contains(t, f.Hint, "Preflight.MaxMemory")
			}
			a.Cache = new(preflight.Cache)
			for range 3 {
				files := set.Files()
				rand.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
				for _, f := range files[:50] {
					a.Cache.Observe(f, []byte(tr[f.Path]))
				}
				got, err := preflight.Check(t.Context(), a, opts)
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
		})
	}
}

// A file that is not read may hold an object.
func TestUnreadFilesAreNotCertain(t *testing.T) {
	for name, text := range map[string]string{"too large": strings.Repeat("#", 5<<20), "too many values": "a: &a\n" + strings.Repeat("?\n", 1<<17), "too deep": strings.Repeat("- ", 1_001)} {
		t.Run(name, func(t *testing.T) {
			for _, engine := range []packager.GitOpsEngine{flux, argocd} {
				assert.Equal(t, preflight.Warning, tree{"a.yaml": text}.check(t, engine, preflight.Options{}).Worst())
			}
		})
	}
}

func TestOneMoreFinding(t *testing.T) {
	tr := tree{"a.yaml": object("Secret", "a") + "stringData: {a: b}\n", "b.yaml": object("Secret", "b") + "stringData: {a: b}\n"}
	findings := tr.check(t, flux, preflight.Options{MaxFindings: 1, TargetNamespace: "shop"})
	require.Len(t, findings, 2)
	assert.Equal(t, "1 more finding is not listed, because there are more than 100 in a file or 1 in all (warning: 1)", findings[1].Message)
}

// Findings are bounded in each file and in all. The worst are listed, so that a policy
// does not depend on the limits.
func TestFindingsAreBounded(t *testing.T) {
	tr := tree{"z/secret.yaml": object("Secret", "s") + "stringData: {a: b}\n", "z/broken.yaml": "a: [\n"}
	for i := range 20 {
		tr[fmt.Sprintf("%02d.yaml", i)] = strings.Repeat("a: 1\n---\n", 30) + strings.Repeat(object("A", "a")+"---\n", 30)
		tr[fmt.Sprintf("%02d.JSON", i)] = "{}"
	}
	all := tr.check(t, flux, preflight.Options{TargetNamespace: "shop"})
	assert.Greater(t, len(all), 1_000)
	count := func(findings preflight.Findings) map[preflight.Severity]int {
		counts := map[preflight.Severity]int{}
		for _, f := range findings {
			counts[f.Severity]++
		}
		return counts
	}
	for _, tt := range []struct{ most, file int }{{1, 0}, {10, 0}, {500, 0}, {0, 1}, {0, 7}, {25, 3}} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			findings := tr.check(t, flux, preflight.Options{MaxFindings: tt.most, MaxFileFindings: tt.file, TargetNamespace: "shop"})
			last := findings[len(findings)-1]
			listed := findings[:len(findings)-1]
			assert.Equal(t, preflight.CodeMoreFindings, last.Code)
			assert.Equal(t, preflight.Error, last.Severity)
			assert.Contains(t, last.Message, fmt.Sprintf("%d more findings are not listed", len(all)-len(listed)))
			assert.Contains(t, last.Message, fmt.Sprintf("error: %d", count(all)[preflight.Error]-count(listed)[preflight.Error]))
			assert.Contains(t, last.Hint, "Preflight.MaxFindings")
			if tt.most > 0 {
				assert.LessOrEqual(t, len(listed), tt.most)
			}
			if tt.file > 0 {
				perFile := map[string]int{}
				for _, f := range listed {
					perFile[fmt.Sprint(f.File, f.Severity)]++
				}
				for file, n := range perFile {
					assert.LessOrEqual(t, n, tt.file, file)
				}
			}
			for _, policy := range []preflight.Options{{}, {Policy: preflight.PolicyEnforce}, {Policy: preflight.PolicyEnforce, Severity: preflight.Error}, {Policy: preflight.PolicyEnforce, Severity: preflight.Info}} {
				assert.Equal(t, policy.Refusals(all)[0].Severity, policy.Refusals(listed)[0].Severity)
			}
		})
	}
}

// countedContext ends at a call of Err.
type countedContext struct {
	context.Context
	cancel context.CancelFunc
	left   atomic.Int64
}

func (c *countedContext) Err() error {
	if c.left.Add(-1) == 0 {
		c.cancel()
	}
	return c.Context.Err()
}

// Whenever the context ends, Check returns its error and never success.
func TestCheckEndsWithItsContext(t *testing.T) {
	tr := many()
	tr["Chart.yaml"], tr["kustomization.yaml"], tr["bad.json"] = "name: a\n", "resources: [a1, b3.yaml]\n", "{\"a\":[{},{}]}"
	a := artifact(t, tr.collect(t), none)
	errs := 0
	for n := int64(1); ; n += 1 + n/10 {
		ended, cancel := context.WithCancel(t.Context())
		ctx := &countedContext{Context: ended, cancel: cancel}
		ctx.left.Store(n)
		_, err := preflight.Check(ctx, a, preflight.Options{})
		if ended.Err() == nil {
			cancel()
			require.NoError(t, err)
			break
		}
		require.ErrorIs(t, err, context.Canceled, "at call %d", n)
		errs++
	}
	assert.Greater(t, errs, 20)
}

func TestNonsense(t *testing.T) {
	//lint:ignore SA1012 the test is about a nil context
	_, err := preflight.Check(nil, preflight.Artifact{}, preflight.Options{})
	require.ErrorContains(t, err, "the context is nil")
	for name, a := range map[string]preflight.Artifact{"zero": {}, "a zero plan": {Plan: new(packager.Plan)}} {
		t.Run(name, func(t *testing.T) {
			_, err := preflight.Check(t.Context(), a, preflight.Options{})
			require.ErrorIs(t, err, preflight.ErrNoPlan)
		})
	}
	for _, v := range []any{preflight.Finding{}, preflight.Findings(nil), new(preflight.Cache), preflight.Severity(-1), preflight.Severity(9), preflight.Artifact{}, preflight.Options{}, preflight.Policy("")} {
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s", v, v, v, v), "PANIC")
	}
	assert.Equal(t, ":  [code]", preflight.Finding{Code: "code"}.String())
	new(preflight.Cache).Observe(manifests.File{Path: "a.yaml", Size: -1}, nil)
	new(preflight.Cache).Observe(manifests.File{}, []byte("a"))
}

// No form of a URL brings a secret into a finding.
func TestSecretsOfURLs(t *testing.T) {
	const secret = "hunter2secret"
	for _, url := range []string{
		"oci://robot:%s@host.example/base", "git::https://u:%s@host.example/base", "https://u:%s@host.example", "HTTPS://%s@host.example/x",
		"u:%s@host.example/base", "u:%s@host.example:base", "git@host.example:%s@x", "oci://host.example/base?token=%s", "//u:%s@host.example/a", "../oci:/u:%s@host.example/a",
	} {
		url = fmt.Sprintf(url, secret)
		for _, field := range []string{
			"resources: [%q]", "bases: [%q]", "components: [%q]", "crds: [%q]", "generators: [%q]", "patches: [{path: %q}]", "patchesStrategicMerge: [%q]",
			"helmCharts: [{name: a, repo: b, valuesFile: %q}]", "helmGlobals: {chartHome: %q}", "configMapGenerator: [{files: [%q]}]", "openapi: {path: %q}",
			"x: &x {<<: *x, %q: a}\nopenapi: *x", "resources: [*%[1]q]", "%q: [a]\n%[1]q: [b]", "? [%q]\n: a",
		} {
			text := fmt.Sprintf(field, url) + "\n"
			t.Run(text, func(t *testing.T) {
				tr := tree{"a/kustomization.yaml": text, "app.yaml": app}
				set := tr.collect(t)
				for _, p := range set.Problems() {
					assert.NotContains(t, fmt.Sprintf("%v %+v", p.String(), p), secret)
				}
				for _, f := range tr.check(t, none, preflight.Options{}) {
					assert.NotContains(t, fmt.Sprintf("%v %+v", f.String(), f), secret)
				}
			})
		}
	}
}
