package preflight_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/preflight"
)

// recorder is a Checker that returns a finding for each file, and keeps the contents.
type recorder struct {
	mu    sync.Mutex
	seen  map[string]string
	times int
}

func (r *recorder) Check(_ context.Context, file preflight.File) (preflight.Findings, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = map[string]string{}
	}
	r.seen[file.Path] = string(file.Content)
	r.times++
	return preflight.Findings{{Code: "acme-seen", Severity: preflight.Info, Message: fmt.Sprintf("%d bytes", len(file.Content))}}, nil
}

// anything is a tree of files of all kinds: for the engines, for others, and for neither.
func anything() tree {
	return tree{
		"app.yaml": app, "empty.yaml": "", "a/kustomization.yaml": "resources: [b.yaml]\n", "a/b.yaml": object("ConfigMap", "b"),
		".sourceignore": "/none/\n", "app.properties": "a=1\n", "c.json": "{}", "Kustomization": "resources: []\n",
		"large.yaml": object("ConfigMap", "large") + strings.Repeat("# comment\n", 50_000), "huge.yaml": strings.Repeat("# comment\n", 500_000),
		"huge.txt": strings.Repeat("text\n", 100_000),
	}
}

// various is anything without the large files, which take a while to pack.
func various() tree {
	tr := anything()
	for name, text := range tr {
		if len(text) > 64<<10 {
			delete(tr, name)
		}
	}
	return tr
}

func checkWith(t *testing.T, a preflight.Artifact, checkers ...preflight.Checker) (preflight.Findings, error) {
	t.Helper()
	return preflight.Check(t.Context(), a, preflight.Options{TargetNamespace: "shop", Checkers: checkers})
}

func own(findings preflight.Findings) []string {
	var lines []string
	for _, f := range findings {
		if strings.HasPrefix(string(f.Code), "acme-") {
			lines = append(lines, f.String())
		}
	}
	return lines
}

func TestCheckersSeeEachFileOnce(t *testing.T) {
	tr := anything()
	set := tr.collect(t)
	for _, tt := range []struct {
		name    string
		observe func(t *testing.T, a *preflight.Artifact, opts preflight.Options)
	}{
		{"in Check", func(*testing.T, *preflight.Artifact, preflight.Options) {}},
		{"with a cache", func(t *testing.T, a *preflight.Artifact, _ preflight.Options) {
			a.Cache = new(preflight.Cache)
			readAll(t, set, a.Cache)
		}},
		{"with a cache that was used", func(t *testing.T, a *preflight.Artifact, _ preflight.Options) {
			a.Cache = new(preflight.Cache)
			_, err := checkWith(t, *a)
			require.NoError(t, err)
		}},
		{"while they are read", func(t *testing.T, a *preflight.Artifact, opts preflight.Options) {
			a.Observer = preflight.NewObserver(t.Context(), nil, opts)
			readAll(t, set, a.Observer)
		}},
		{"while they are read twice", func(t *testing.T, a *preflight.Artifact, opts preflight.Options) {
			a.Observer = preflight.NewObserver(t.Context(), new(preflight.Cache), opts)
			var group sync.WaitGroup
			for range 2 {
				group.Go(func() { readAll(t, set, a.Observer) })
			}
			group.Wait()
		}},
		{"while some are read", func(t *testing.T, a *preflight.Artifact, opts preflight.Options) {
			a.Observer = preflight.NewObserver(t.Context(), nil, opts)
			readAll(t, tree{"app.yaml": app, "app.properties": "a=1\n"}.collect(t), a.Observer)
		}},
		{"for other checkers", func(t *testing.T, a *preflight.Artifact, _ preflight.Options) {
			a.Observer = preflight.NewObserver(t.Context(), nil, preflight.Options{Checkers: []preflight.Checker{new(recorder)}})
			readAll(t, set, a.Observer)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, one, two := artifact(t, set, none), new(recorder), new(recorder)
			opts := preflight.Options{Checkers: []preflight.Checker{one, two}}
			tt.observe(t, &a, opts)
			findings, err := preflight.Check(t.Context(), a, opts)
			require.NoError(t, err)
			for _, r := range []*recorder{one, two} {
				assert.Equal(t, len(tr), r.times)
				assert.True(t, maps.Equal(tr, r.seen), "not all files, or not their content")
			}
			lines := own(findings)
			assert.Len(t, lines, 2*len(tr))
			assert.Contains(t, lines, "a/b.yaml: info: 51 bytes [acme-seen]")
			rest, err := checkWith(t, artifact(t, set, none))
			require.NoError(t, err)
			assert.Len(t, findings, len(rest)+len(lines), "the rules of the package find the same")
		})
	}
}

// What a Checker finds depends on more than the file, such as the version of a policy.
func TestCheckersAreCalledForUnchangedFiles(t *testing.T) {
	a := artifact(t, anything().collect(t), flux)
	a.Cache = new(preflight.Cache)
	first, err := checkWith(t, a, new(recorder))
	require.NoError(t, err)
	again := new(recorder)
	second, err := checkWith(t, a, again)
	require.NoError(t, err)
	assert.Equal(t, first, second)
	assert.Equal(t, len(anything()), again.times)
	third, err := checkWith(t, a)
	require.NoError(t, err)
	assert.Empty(t, own(third))
}

// finds returns a Checker of fixed findings.
func finds(findings ...preflight.Finding) preflight.Checker {
	return preflight.CheckerFunc(func(context.Context, preflight.File) (preflight.Findings, error) { return findings, nil })
}

func TestFindingsOfCheckers(t *testing.T) {
	a := artifact(t, tree{"app.yaml": app, "b.yaml": "kind: [\n", "c.yaml": object("Secret", "s") + "stringData:\n  a: b\n"}.collect(t), flux)
	findings, err := checkWith(t, a, preflight.CheckerFunc(func(_ context.Context, f preflight.File) (preflight.Findings, error) {
		if f.Path == "app.yaml" {
			return nil, nil
		}
		return preflight.Findings{
			{Code: "acme-b", Severity: preflight.Error, Line: 2, Column: 3, Message: "two\nlines\u202e\x1b[31m \xff", Hint: "a\r\nb", Engine: flux},
			{Code: "acme-a", Severity: preflight.Warning, File: f.Path, Line: -1, Column: -2, Message: strings.Repeat("é", 600)},
		}, nil
	}))
	require.NoError(t, err)
	long := strings.Repeat("é", 500) + "…"
	assert.Equal(t, []string{
		"b.yaml: warning: " + long + " [acme-a]",
		"b.yaml:1:1: error: the YAML does not parse: did not find expected node content [syntax]",
		"b.yaml:2:3: error: two lines\uFFFD\uFFFD[31m \uFFFD [acme-b]",
		"c.yaml: warning: " + long + " [acme-a]",
		`c.yaml:1:1: warning: the Secret "s" is not encrypted [plaintext-secret]`,
		"c.yaml:2:3: error: two lines\uFFFD\uFFFD[31m \uFFFD [acme-b]",
	}, brief(findings))
	assert.Equal(t, "a  b", findings[2].Hint)
	assert.Len(t, preflight.Options{Policy: preflight.PolicyEnforce}.Refusals(findings), 6)
	assert.Len(t, preflight.Options{}.Refusals(findings), 3)
}

// All findings of a Checker are listed, also those for one place, and if there are several paths.
func TestFindingsOfCheckersForSeveralPaths(t *testing.T) {
	a := artifact(t, tree{"a/app.yaml": app, "b/app.yaml": app}.collect(t), flux)
	checker := finds(
		preflight.Finding{Code: "acme", Severity: preflight.Error, Message: "bad"},
		preflight.Finding{Code: "acme", Severity: preflight.Warning, Message: "odd"},
	)
	for _, paths := range [][]string{{"a"}, {"a", "b"}} {
		findings, err := preflight.Check(t.Context(), a, preflight.Options{Paths: paths, Checkers: []preflight.Checker{checker}})
		require.NoError(t, err)
		assert.Equal(t, []string{
			"a/app.yaml: error: bad [acme]", "a/app.yaml: warning: odd [acme]", "b/app.yaml: error: bad [acme]", "b/app.yaml: warning: odd [acme]",
		}, brief(findings), paths)
	}
}

func TestInvalidFindingsOfCheckers(t *testing.T) {
	valid := preflight.Finding{Code: "acme", Severity: preflight.Info, Message: "m"}
	for _, tt := range []struct {
		name   string
		change func(f *preflight.Finding)
		want   string
	}{
		{"no code", func(f *preflight.Finding) { f.Code = "" }, `the code "" is not one to 100 visible ASCII characters`},
		{"code with a line break", func(f *preflight.Finding) { f.Code = "a\nb" }, `the code "a\nb" is not one`},
		{"long code", func(f *preflight.Finding) { f.Code = preflight.Code(strings.Repeat("a", 101)) }, "is not one to 100"},
		{"code of the package", func(f *preflight.Finding) { f.Code = preflight.CodeSecret }, `the code "plaintext-secret" is one of package preflight`},
		{"no severity", func(f *preflight.Finding) { f.Severity = 0 }, `the severity 0 of "acme" is none`},
		{"severity out of range", func(f *preflight.Finding) { f.Severity = 4 }, "the severity 4"},
		{"no message", func(f *preflight.Finding) { f.Message = "" }, `"acme" has no message`},
		{"another file", func(f *preflight.Finding) { f.File = "../b\n.yaml" }, `"acme" is of another file: "../b\n.yaml"`},
		{"unknown engine", func(f *preflight.Finding) { f.Engine = "helm" }, `the engine "helm" of "acme" is neither Flux nor ArgoCD`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := valid
			tt.change(&f)
			findings, err := checkWith(t, artifact(t, tree{"app.yaml": app}.collect(t), flux), finds(valid, f))
			require.ErrorIs(t, err, preflight.ErrInvalidFinding)
			assert.Nil(t, findings)
			assert.ErrorContains(t, err, `a checker of the caller failed for "app.yaml": invalid finding 2: `)
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

func TestCheckersThatFail(t *testing.T) {
	down := errors.New("the policy service is down")
	for _, tt := range []struct {
		name  string
		check func() (preflight.Findings, error)
		want  error
		text  string
		stack bool
	}{
		{"error", func() (preflight.Findings, error) { return nil, down }, down, "the policy service is down", false},
		{"error and findings", func() (preflight.Findings, error) { return make(preflight.Findings, 3), down }, down, "", false},
		{"panic", func() (preflight.Findings, error) { panic("no policy") }, nil, "panic: no policy", true},
		{"panic with an error", func() (preflight.Findings, error) { panic(down) }, down, "panic: the policy service is down", true},
		{"panic of the runtime", func() (preflight.Findings, error) { var none []int; return nil, fmt.Errorf("%d", none[0]) }, nil, "panic: runtime error: index out of range", true},
	} {
		for _, observed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, observed: %v", tt.name, observed), func(t *testing.T) {
				set := tree{"app.yaml": app, "b.yaml": object("A", "b")}.collect(t)
				a := artifact(t, set, flux)
				opts := preflight.Options{Checkers: []preflight.Checker{preflight.CheckerFunc(func(_ context.Context, f preflight.File) (preflight.Findings, error) {
					if f.Path == "b.yaml" {
						return tt.check()
					}
					return nil, nil
				})}}
				if observed {
					a.Observer = preflight.NewObserver(t.Context(), nil, opts)
					readAll(t, set, a.Observer)
				}
				findings, err := preflight.Check(t.Context(), a, opts)
				var failure *preflight.CheckerError
				require.ErrorAs(t, err, &failure)
				assert.Nil(t, findings)
				assert.Equal(t, "b.yaml", failure.File)
				assert.ErrorContains(t, err, tt.text)
				assert.NotContains(t, err.Error(), "\n")
				assert.Equal(t, tt.stack, strings.Contains(string(failure.Stack), "TestCheckersThatFail"))
				if tt.want != nil {
					assert.ErrorIs(t, err, tt.want)
				}
			})
		}
	}
}

// A test that fails within a Checker ends as it would elsewhere.
func TestCheckerThatEndsItsGoroutine(t *testing.T) {
	a := artifact(t, tree{"app.yaml": app}.collect(t), flux)
	returned, ended := false, make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = checkWith(t, a, preflight.CheckerFunc(func(context.Context, preflight.File) (preflight.Findings, error) {
			runtime.Goexit()
			return nil, nil
		}))
		returned = true
	}()
	<-ended
	assert.False(t, returned)
}

func TestCheckerThatBlocks(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	defer close(release)
	blocks := preflight.CheckerFunc(func(inner context.Context, _ preflight.File) (preflight.Findings, error) {
		cancel()
		<-inner.Done()
		<-release
		return nil, nil
	})
	_, err := preflight.Check(ctx, artifact(t, many().collect(t), flux), preflight.Options{Checkers: []preflight.Checker{blocks}})
	require.ErrorIs(t, err, context.Canceled)
}

func TestCheckersWithManyFindings(t *testing.T) {
	tr := tree{}
	for i := range 40 {
		tr[fmt.Sprintf("%02d.yaml", i)] = object("ConfigMap", fmt.Sprint("m", i))
	}
	floods := preflight.CheckerFunc(func(_ context.Context, f preflight.File) (preflight.Findings, error) {
		findings := make(preflight.Findings, 25_000)
		for i := range findings {
			findings[i] = preflight.Finding{Code: "acme-flood", Severity: preflight.Info, Line: i + 1, Message: "m"}
		}
		if f.Path == "39.yaml" {
			findings[24_999].Severity = preflight.Error
		}
		return findings, nil
	})
	a := artifact(t, tr.collect(t), flux)
	for _, tt := range []struct {
		name  string
		opts  preflight.Options
		count int
		more  string
	}{
		{"by default", preflight.Options{}, 4002, "995999 more findings are not listed, because there are more than 100 in a file or 10000 in all (info: 995999)"},
		{"in all", preflight.Options{MaxFindings: 5}, 6, "999995 more findings are not listed, because there are more than 100 in a file or 5 in all (info: 999995)"},
		{"in a file", preflight.Options{MaxFileFindings: 1}, 42, "999959 more findings are not listed, because there are more than 1 in a file or 10000 in all (info: 999959)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var before preflight.Findings
			for range 2 {
				tt.opts.Checkers, tt.opts.TargetNamespace = []preflight.Checker{floods}, "shop"
				findings, err := preflight.Check(t.Context(), a, tt.opts)
				require.NoError(t, err)
				require.Len(t, findings, tt.count)
				assert.Equal(t, tt.more, findings[tt.count-1].Message)
				assert.Equal(t, "39.yaml:25000: error: m [acme-flood]", preflight.Options{}.Refusals(findings)[0].String(), "the worst is listed")
				if before != nil {
					assert.Equal(t, before, findings, "in another order of the calls")
				}
				before = findings
			}
		})
	}
}

func TestFileThatIsTooLargeForCheckers(t *testing.T) {
	checker := new(recorder)
	a := artifact(t, tree{"app.yaml": app, "b.txt": "1234567890"}.collect(t), flux)
	_, err := preflight.Check(t.Context(), a, preflight.Options{Checkers: []preflight.Checker{checker}, MaxCheckerFileSize: int64(len(app))})
	require.NoError(t, err)
	assert.Len(t, checker.seen, 2)
	findings, err := preflight.Check(t.Context(), a, preflight.Options{Checkers: []preflight.Checker{checker}, MaxCheckerFileSize: 10})
	require.NoError(t, err)
	assert.Equal(t, 3, checker.times)
	assert.Equal(t, []string{
		"app.yaml: warning: the checkers of the caller do not check this file, because it is too large [unseen-file]",
		"b.txt: info: 10 bytes [acme-seen]",
	}, brief(findings))
	assert.Equal(t, "exclude it with Collect.Ignore, or raise Preflight.MaxCheckerFileSize", findings[0].Hint)
}

// The caller packs other content than a Checker has seen.
func TestFileThatChangesAfterCheckers(t *testing.T) {
	set := tree{"app.yaml": app}.collect(t)
	opts := preflight.Options{Checkers: []preflight.Checker{new(recorder)}}
	a := artifact(t, set, flux)
	a.Observer = preflight.NewObserver(t.Context(), nil, opts)
	for _, text := range []string{app, "b" + app[1:]} {
		a.Observer.Observe(set.Files()[0], []byte(text))
	}
	_, err := preflight.Check(t.Context(), a, opts)
	require.ErrorIs(t, err, manifests.ErrFileChanged)
}

func TestPolicyOffCallsNoCheckers(t *testing.T) {
	set, checker := tree{"app.yaml": app}.collect(t), new(recorder)
	opts := preflight.Options{Policy: preflight.PolicyOff, Checkers: []preflight.Checker{checker}}
	a := artifact(t, set, flux)
	a.Observer = preflight.NewObserver(t.Context(), nil, opts)
	readAll(t, set, a.Observer)
	findings, err := preflight.Check(t.Context(), a, opts)
	require.NoError(t, err)
	assert.Nil(t, findings)
	assert.Zero(t, checker.times)
}

func TestDescriptions(t *testing.T) {
	assert.Equal(t, "an object is defined more than once", preflight.CodeDuplicateObject.Description())
	assert.Empty(t, preflight.Code("acme").Description())
}
