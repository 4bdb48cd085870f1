package main

import (
	"errors"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/internal/usagetest"
	"github.com/kubeoci/oci/internal/testing/faults"
	"github.com/kubeoci/oci/manifests"
)

// broken is a manifest that Flux refuses.
const broken = "kind: ConfigMap\n"

func TestBrokenFileIsMended(t *testing.T) {
	s := start(t, nil, map[string]string{"app.yaml": broken}, "-engine", "flux")
	refused := s.next(t)
	require.NotNil(t, refused.Refusal)
	assert.NotEmpty(t, refused.Refusal.Reasons)
	assert.Contains(t, refused.Error, "preflight refused the artifact: app.yaml:1:1: error: ")
	assert.NotEmpty(t, refused.Hint)
	s.awaitError(t, "error: not pushed: preflight refuses the artifact because of 1 error\n")
	assert.Contains(t, s.stderr.String(), "app.yaml\n  1:1  error  ")
	s.idle(t)

	s.save(t, "app.yaml", configMap)
	assert.False(t, s.next(t).Unchanged)
	s.idle(t)
	assert.Equal(t, 1, strings.Count(s.stderr.String(), "error: "))
}

// Findings that a save does not change are printed once.
func TestFindings(t *testing.T) {
	const secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  namespace: shop\nstringData:\n  key: v\n"
	s := start(t, nil, map[string]string{"secret.yaml": secret}, "-engine", "flux")
	assert.Len(t, s.next(t).Findings, 1)
	s.save(t, "secret.yaml", secret+"# edited\n")
	assert.Len(t, s.next(t).Findings, 1)
	assert.Equal(t, 1, strings.Count(s.stderr.String(), "secret.yaml\n"))
	s.save(t, "secret.yaml", "# moved\n"+secret)
	assert.Len(t, s.next(t).Findings, 1)
	assert.Equal(t, 2, strings.Count(s.stderr.String(), "secret.yaml\n"))
}

func TestDirectoryVanishes(t *testing.T) {
	s := start(t, nil, map[string]string{"app.yaml": configMap}, "-engine", "flux")
	digest := s.next(t).Artifact.Digest
	require.NoError(t, os.Rename(s.dir, s.dir+".away"))
	assert.Contains(t, s.next(t).Error, "source path does not exist")
	s.idle(t)
	require.NoError(t, os.Mkdir(s.dir, 0o700))
	assert.Contains(t, s.next(t).Error, "no manifest files")
	s.idle(t)
	assert.Equal(t, 2, strings.Count(s.stderr.String(), "error: "))

	s.save(t, "app.yaml", configMap)
	o := s.next(t)
	assert.Equal(t, digest, o.Artifact.Digest)
	assert.True(t, o.Unchanged)
}

func TestRegistryComesBack(t *testing.T) {
	s := start(t, []faults.Rule{{Do: faults.Cut()}}, map[string]string{"app.yaml": configMap}, "-engine", "flux")
	assert.Contains(t, s.next(t).Error, "registry unreachable")
	s.next(t)
	s.next(t)
	s.awaitError(t, "trying again in 8ms, or after the next save\n")
	assert.Regexp(t, `(?s)error: push to .*registry unreachable.*\nhint: .*`+
		`trying again in 2ms, .*trying again in 4ms, .*trying again in 8ms, `, s.stderr.String())

	s.registry.Set()
	for o := s.next(t); o.Artifact.Digest == ""; o = s.next(t) {
		assert.Contains(t, o.Error, "registry unreachable", "a push that was under way")
	}
	s.idle(t)
}

func TestSaveStartsOverAfterAFailure(t *testing.T) {
	s := start(t, []faults.Rule{{Do: faults.Status(http.StatusServiceUnavailable, "UNAVAILABLE")}}, map[string]string{"app.yaml": configMap}, "-engine", "flux", "-interval", "20ms")
	s.next(t)
	s.next(t)
	s.awaitError(t, "trying again in 40ms, ")
	before := strings.Count(s.stderr.String(), "trying again in 20ms, ")
	assert.Equal(t, 1, before)
	s.save(t, "app.yaml", configMap+"# edited\n")
	require.Eventually(t, func() bool { return strings.Count(s.stderr.String(), "trying again in 20ms, ") > before }, patience, poll)
}

// A push waits as long as the registry asks, unless that is longer than its -timeout.
func TestRegistryAsksToWait(t *testing.T) {
	for seconds, want := range map[string]string{
		"60":   "; next attempt in 1m0s\n",
		"3600": "\ntrying again in 1h0m0s, or after the next save\n",
	} {
		s := start(t, []faults.Rule{{Do: faults.Status(http.StatusTooManyRequests, "TOOMANYREQUESTS", "Retry-After", seconds)}},
			map[string]string{"app.yaml": configMap}, "-engine", "flux")
		s.awaitError(t, want)
		assert.Len(t, s.registry.Seen(), 1)
	}
}

func TestRepeat(t *testing.T) {
	const first = time.Second
	for _, tt := range []struct {
		name   string
		before time.Duration
		err    error
		want   time.Duration
	}{
		{"first", 0, manifests.ErrFileChanged, first},
		{"second", first, manifests.ErrFileChanged, 2 * first},
		{"bounded", 45 * time.Second, manifests.ErrFileChanged, maxWait},
		{"as the registry asks", maxWait, &oci.RegistryError{RetryAfter: time.Hour}, 0},
		{"not retryable", first, oci.ErrNoManifestFiles, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := repeat{wait: tt.before}.after(tt.err, first)
			assert.Equal(t, tt.want, r.wait)
			assert.False(t, r.isDue())
		})
	}
	assert.Equal(t, 2*maxWait, repeat{}.after(manifests.ErrFileChanged, 2*maxWait).wait, "an -interval above the bound")
	assert.True(t, repeat{1, time.Now()}.isDue())
}

// A program that ended leaves neither a goroutine nor a connection.
func TestInterrupt(t *testing.T) {
	for _, tt := range []struct {
		name  string
		rules []faults.Rule
		ready func(s *session) bool
		want  string
	}{
		{"while it watches", nil, func(s *session) bool { return s.stdout.String() != "" }, "error: interrupted: context canceled\n"},
		{
			"during a push", []faults.Rule{{On: []faults.Kind{faults.ManifestPut}, Do: faults.Silence()}},
			func(s *session) bool {
				seen := s.registry.Seen()
				return len(seen) > 0 && seen[len(seen)-1].Kind == faults.ManifestPut
			}, "error: interrupted during a push: push to ",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			goroutines := runtime.NumGoroutine()
			s := start(t, tt.rules, map[string]string{"app.yaml": configMap}, "-engine", "flux")
			require.Eventually(t, func() bool { return tt.ready(s) }, patience, poll)
			s.cancel()
			assert.Equal(t, 1, s.end(t))
			last := s.stderr.String()
			assert.Regexp(t, "^"+tt.want, last)
			assert.Equal(t, 1, strings.Count(last, "\n"), "one line: %s", last)
			const own = 2 // the server, and the condition
			require.Eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines+own }, patience, poll)
		})
	}
}

func TestEnds(t *testing.T) {
	denied := []faults.Rule{{Do: faults.Status(http.StatusUnauthorized, "UNAUTHORIZED", "WWW-Authenticate", `Basic realm="test"`)}}
	files := map[string]string{"app.yaml": configMap}
	for _, tt := range []struct {
		name   string
		rules  []faults.Rule
		files  map[string]string
		args   []string
		status int
		want   string
	}{
		{"credential refused", denied, files, []string{"-username", "ci", "-password-stdin"}, 1, "registry denies access: status 401"},
		{"no credential", denied, files, nil, 1, "hint: set -username and -password-stdin"},
		{"missing directory", nil, nil, []string{"no-such"}, 1, `error: source path does not exist: "no-such"`},
		{"file as the directory", nil, nil, []string{"main.go"}, 1, "source path is not a directory"},
		{"missing tree", nil, nil, []string{"-root", "base=no-such"}, 1, "source path does not exist"},
		{"unknown flag", nil, files, []string{"-colour"}, 2, "flag provided but not defined: -colour"},
		{"no reference", nil, files, []string{"-ref", ""}, 2, "-ref is empty"},
		{"illegal reference", nil, files, []string{"-ref", "shop:1"}, 2, "hint: write oci:// in front"},
		{"digest", nil, files, []string{"-ref", "oci://localhost/shop@sha256:" + strings.Repeat("0", 64)}, 2, "want a tag, not a digest"},
		{"no tag", nil, files, []string{"-ref", "oci://localhost/shop"}, 2, "-ref: add the tag to push, such as oci://localhost/shop:dev"},
		{"no directory", nil, nil, nil, 2, "want the directory to watch, or trees in -root"},
		{"zero interval", nil, files, []string{"-interval", "0s"}, 2, "-interval: 0s must be positive"},
		{"negative settle", nil, files, []string{"-settle", "-1s"}, 2, "-settle: -1s must not be negative"},
		{"zero timeout", nil, files, []string{"-timeout", "0s"}, 2, "-timeout: 0s must be positive"},
		{"unknown engine", nil, files, []string{"-engine", "jenkins"}, 2, "-engine: unknown GitOps engine"},
		{"unknown layout", nil, files, []string{"-layout", "top"}, 2, "-layout: unknown layout"},
		{"unknown policy", nil, files, []string{"-preflight", "maybe"}, 2, "-preflight: unknown preflight policy"},
		{"illegal prefix", nil, files, []string{"-prefix", "a/b"}, 2, "invalid prefix"},
		{"illegal pattern", nil, files, []string{"-include", "a/b"}, 2, "invalid include pattern"},
		{"user without a password", nil, files, []string{"-username", "u"}, 2, "go together"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, tt.rules, tt.files, tt.args...)
			assert.Equal(t, tt.status, s.end(t))
			assert.Contains(t, s.stderr.String(), tt.want)
			assert.NotContains(t, s.stdout.String()+s.stderr.String(), canary)
			assert.Equal(t, len(tt.rules), strings.Count(s.stdout.String(), `{"error":`), "a line for each push")
		})
	}
}

// brokenPipe is the output of a program in front of head.
type brokenPipe struct{}

var errPipe = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }

func TestOutputFails(t *testing.T) {
	for name, text := range map[string]string{"result": configMap, "failure": broken} {
		t.Run(name, func(t *testing.T) {
			s := startWith(t, brokenPipe{}, nil, map[string]string{"app.yaml": text}, "-engine", "flux")
			assert.Equal(t, 1, s.end(t))
			assert.Contains(t, s.stderr.String(), "error: broken pipe\n")
		})
	}
}

func TestHelp(t *testing.T) {
	s := start(t, nil, nil, "-h")
	assert.Zero(t, s.end(t))
	assert.Empty(t, s.stderr.String())
	for _, want := range []string{"go run ./examples/watch", "-interval duration", "(default 500ms)", "-password-stdin"} {
		assert.Contains(t, s.stdout.String(), want)
	}
}

func TestCommandsInHelp(t *testing.T) {
	usagetest.Check(t, usage, "watch", run)
}
