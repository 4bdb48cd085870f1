package preflight

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"sync"

	"github.com/kubeoci/oci/internal/program"
	"github.com/kubeoci/oci/internal/records"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// verdict is the result of [Check] or [Secrets].
type verdict struct {
	key        string
	namespaces bool // see Observer.HasNamespaces
	findings   Findings
}

// maxVerdictBytes bounds a verdict, and all of them in memory. It is enough for the findings
// that are listed by default if their texts have 400 bytes.
const maxVerdictBytes = 4 << 20

// dir returns the directory of the verdicts, and whether there is one.
func (c *Cache) dir() (records.Dir, bool) {
	return records.Dir{
		Path: c.Dir, Option: "Cache.Preflight.Dir", Suffix: ".preflight",
		MaxBytes: maxVerdictBytes, MaxTotal: 16 * maxVerdictBytes,
	}, c.Dir != "" && rulesVersion() != ""
}

// rulesVersion identifies the code of the rules, which need no other modules than the parsers
// of YAML. It is empty if that is not known.
var rulesVersion = sync.OnceValue(func() string {
	return program.Version("github.com/kubeoci/oci", "go.yaml.in/yaml/v3", "go.yaml.in/yaml/v4")
})

// remembered returns the verdict that the cache remembers, or that of judge, which the cache
// then remembers unless there is an error.
func (a Artifact) remembered(ctx context.Context, opts Options, kind string, judge func(context.Context, Artifact, Options) (verdict, error)) (verdict, error) {
	a.Observer = a.observer(ctx, opts)
	if a.Contents != nil && a.Contents.Plan().Set() != a.Plan.Set() { // of other files
		a.Contents = nil
	}
	if a.Contents == nil || len(opts.Checkers) > 0 {
		return judge(ctx, a, opts)
	}
	cache, key := a.Observer.cache, a.verdictKey(opts, kind)
	v, found, err := cache.recall(key)
	if err != nil || found {
		return v, err
	}
	if v, err = judge(ctx, a, opts); err == nil && ctx.Err() == nil {
		v.key = key
		cache.remember(v)
	}
	return v, err
}

// HasFindings reports whether the cache may have the findings of a [Check] for an artifact
// with [Artifact.Contents], in memory or in Dir. A caller that knows the Contents need not
// call [Cache.Observe] then: Check reads the files if it does not have these findings.
func (c *Cache) HasFindings() bool {
	c.mu.Lock()
	some := len(c.verdicts) > 0
	c.mu.Unlock()
	if dir, use := c.dir(); use && !some {
		empty, err := dir.IsEmpty()
		some = !empty && err == nil
	}
	return some
}

// recall returns the verdict with a key. The error is that of the directory.
func (c *Cache) recall(key string) (v verdict, found bool, err error) {
	c.mu.Lock()
	data := c.verdicts[key]
	c.mu.Unlock()
	if dir, some := c.dir(); some && data == nil {
		if data, err = dir.Read([]byte(key)); err != nil {
			return verdict{}, false, err
		}
	}
	if v, found = decodeVerdict(data); !found || v.key != key {
		return verdict{}, false, nil
	}
	return v, true, nil
}

// remember keeps a verdict unless it is large.
func (c *Cache) remember(v verdict) {
	data := v.encode()
	if len(data) > maxVerdictBytes {
		return
	}
	c.mu.Lock()
	size := len(data)
	for _, other := range c.verdicts {
		size += len(other)
	}
	if c.verdicts == nil || size > maxVerdictBytes {
		c.verdicts = map[string][]byte{}
	}
	c.verdicts[v.key] = data
	c.mu.Unlock()
	if dir, some := c.dir(); some {
		dir.Write([]byte(v.key), data)
	}
}

// verdictKey identifies everything on which a verdict of some kind depends.
func (a Artifact) verdictKey(opts Options, kind string) string {
	set := a.Plan.Set()
	var linked []string
	for _, f := range set.Files() {
		if f.Linked() {
			linked = append(linked, f.Path)
		}
	}
	type plain Options // which is not redacted
	checked := plain(opts)
	checked.Policy, checked.Severity = "", 0 // they only select findings
	checked.Path, checked.Paths = "", opts.EveryPath()
	checked.MaxCheckerFileSize = 0 // there are no Checkers
	key := struct {
		kind, rules, system string
		files               string // their paths and content
		layout              packager.Layout
		prefix              string
		linked              []string
		kustomizations      [sha256.Size]byte // as the Set has parsed them
		problems            []manifests.Problem
		omitted             int
		engines             []packager.GitOpsEngine
		paths               packager.EnginePaths
		names               []Finding
		options             plain
	}{
		kind, rulesVersion(), runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		a.Contents.Digest().String(), a.Plan.Layout(), a.Plan.Prefix(), linked,
		set.ParsedSum(), set.Problems(), set.OmittedProblems(),
		a.Engines, a.Paths, a.findingsOfNames(), checked,
	}
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%#v", key)))
}

// findingsOfNames returns the findings to which the tags, the repository and the registry of
// an artifact lead. Nothing else depends on these.
func (a Artifact) findingsOfNames() []Finding {
	m := &model{artifact: a, sources: []*source{nil}, views: []*view{{engine: packager.GitOpsEngineFlux}}}
	r := newReport(Options{MaxFindings: len(a.Tags) + 10})
	for _, code := range []Code{CodeTag, CodeRepositoryName} {
		r.rule = ruleOf()[code]
		r.rule.apply(m, r)
	}
	findings, _ := r.findings(1)
	return findings
}
