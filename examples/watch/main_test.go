package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/faults"
)

const (
	canary    = "c4nary-s3cret"
	configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n  namespace: shop\n"
	// patience is more than any step takes on a busy machine.
	patience = 30 * time.Second
	poll     = 2 * time.Millisecond
)

// output is a buffer that is read while the program writes to it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// session is a run of the program that watches dir.
type session struct {
	dir            string
	registry       *faults.Handler
	host           string
	stdout, stderr *output
	cancel         context.CancelFunc
	status         chan int
	taken          int // outcomes
}

// start writes the files and starts the program, with -json unless args have -json=false.
// The files may be nil if args name the directory.
func start(t *testing.T, rules []faults.Rule, files map[string]string, args ...string) *session {
	t.Helper()
	stdout := new(output)
	s := startWith(t, stdout, rules, files, args...)
	s.stdout = stdout
	return s
}

// startWith is start with another standard output.
func startWith(t *testing.T, stdout io.Writer, rules []faults.Rule, files map[string]string, args ...string) *session {
	t.Helper()
	t.Setenv("HOME", t.TempDir()) // not that of the user
	t.Setenv("USERPROFILE", os.Getenv("HOME"))
	s := &session{dir: filepath.Join(t.TempDir(), "deploy"), stderr: new(output), status: make(chan int, 1)}
	s.registry = faults.New(memregistry.Handler(memregistry.Options{}), 1, rules...)
	server := httptest.NewServer(s.registry)
	t.Cleanup(server.Close)
	s.host = server.Listener.Addr().String()
	require.NoError(t, os.Mkdir(s.dir, 0o700))
	for name, text := range files {
		s.save(t, name, text)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.cancel = cancel
	env := cli.Env{Stdin: strings.NewReader(canary), Stdout: stdout, Stderr: s.stderr, Getenv: func(string) string { return "" }}
	flags := []string{"-ref", "oci://" + s.host + "/shop:dev", "-json", "-interval", "2ms", "-settle", "10ms"}
	if files != nil {
		args = append(args, s.dir)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.status <- cli.Status(env, run(ctx, env, append(flags, args...)))
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return s
}

func (s *session) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

func (s *session) save(t *testing.T, name, text string) {
	t.Helper()
	replace(t, s.path(name), text)
}

// replace saves a file in one step: a machine that stops the test between two would make
// two pushes of them.
func replace(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path+".tmp", []byte(text), 0o600))
	require.NoError(t, os.Rename(path+".tmp", path))
}

// outcome is one line of JSON.
type outcome struct {
	oci.BuildResult
	failure
}

// next waits for the next outcome.
func (s *session) next(t *testing.T) (o outcome) {
	t.Helper()
	var lines []string
	require.Eventually(t, func() bool {
		lines = strings.SplitAfter(s.stdout.String(), "\n")
		return len(lines) > s.taken+1
	}, patience, poll, "no further push")
	require.NoError(t, json.Unmarshal([]byte(lines[s.taken]), &o))
	s.taken++
	return o
}

// idle lets the program look at the tree several times. It must send no request.
func (s *session) idle(t *testing.T) {
	t.Helper()
	before := len(s.registry.Seen())
	time.Sleep(50 * time.Millisecond) // nothing shows that the program has looked
	assert.Equal(t, s.taken, strings.Count(s.stdout.String(), "\n"), "a push of an unchanged tree")
	assert.Len(t, s.registry.Seen(), before)
}

// awaitError waits for text on standard error.
func (s *session) awaitError(t *testing.T, text string) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(s.stderr.String(), text) }, patience, poll, "no %q", text)
}

// end waits for the exit status.
func (s *session) end(t *testing.T) int {
	t.Helper()
	select {
	case status := <-s.status:
		return status
	case <-time.After(patience):
		require.FailNow(t, "the program does not end", s.stderr.String())
		return -1
	}
}

func TestFirstPush(t *testing.T) {
	s := start(t, nil, map[string]string{"app.yaml": configMap, "readme.txt": ""}, "-json=false", "-engine", "flux")
	require.Eventually(t, func() bool { return strings.Contains(s.stdout.String(), "\n") }, patience, poll)
	assert.Regexp(t, `^\d\d:\d\d:\d\d  pushed     sha256:[0-9a-f]{64}  oci://`+s.host+`/shop:dev  1 file  [\d.µm]+s\n$`, s.stdout.String())
	s.save(t, "app.yaml", configMap)
	require.Eventually(t, func() bool { return strings.Contains(s.stdout.String(), "  unchanged  sha256:") }, patience, poll)
	assert.Empty(t, s.stderr.String())
}

// Each step starts from the tree that the step before it left.
func TestSaves(t *testing.T) {
	s := start(t, nil, map[string]string{"app.yaml": configMap, "notes.txt": ""}, "-engine", "flux")
	digest := s.next(t).Artifact.Digest
	assert.NotEmpty(t, digest)
	const (
		none = iota // the step concerns no file of the artifact
		lookup
		push
	)
	for _, tt := range []struct {
		name  string
		save  func()
		want  int
		files int
	}{
		{"other content", func() { s.save(t, "app.yaml", configMap+"# edited\n") }, push, 1},
		{"same content", func() { s.save(t, "app.yaml", configMap+"# edited\n") }, lookup, 1},
		{"nothing", func() {}, none, 1},
		{"file that is not packaged", func() { s.save(t, "notes.txt", "later") }, none, 1},
		{"temporary file renamed", func() {
			s.save(t, ".app.yaml.swp", "")
			s.save(t, "app.yaml~", configMap)
			s.save(t, "4913", configMap+"# by an editor\n")
			require.NoError(t, os.Rename(s.path("4913"), s.path("app.yaml")))
			require.NoError(t, os.Remove(s.path(".app.yaml.swp")))
		}, push, 1},
		{"replaced by a file of the same size and time", func() {
			info, err := os.Stat(s.path("app.yaml"))
			require.NoError(t, err)
			s.save(t, "new", configMap+"# by another !\n")
			require.NoError(t, os.Chtimes(s.path("new"), info.ModTime(), info.ModTime()))
			require.NoError(t, os.Rename(s.path("new"), s.path("app.yaml")))
			now, err := os.Stat(s.path("app.yaml"))
			require.NoError(t, err)
			require.Equal(t, []any{info.Size(), info.ModTime()}, []any{now.Size(), now.ModTime()})
		}, push, 1},
		{"file added in a new directory", func() { s.save(t, "base/db.yaml", strings.Replace(configMap, "app", "db", 1)) }, push, 2},
		{"file ignored", func() { s.save(t, ".sourceignore", "base/\n") }, push, 1},
		{"ignore rule removed", func() { require.NoError(t, os.Remove(s.path(".sourceignore"))) }, push, 2},
		{"file removed", func() { require.NoError(t, os.Remove(s.path("base/db.yaml"))) }, push, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.save()
			if tt.want == none {
				s.idle(t)
				return
			}
			before := len(s.registry.Seen())
			o := s.next(t)
			requests := s.registry.Seen()[before:]
			assert.Equal(t, faults.ManifestGet, requests[0].Kind)
			if tt.want == lookup {
				assert.Len(t, requests, 1)
				assert.True(t, o.Unchanged)
				assert.Equal(t, digest, o.Artifact.Digest)
			} else {
				assert.Equal(t, faults.ManifestPut, requests[len(requests)-1].Kind)
				assert.False(t, o.Unchanged)
				assert.NotEqual(t, digest, o.Artifact.Digest)
			}
			assert.Len(t, o.Files, tt.files)
			digest = o.Artifact.Digest
			s.idle(t)
		})
	}
	assert.Empty(t, s.stderr.String())
}

// Saves that follow each other within -settle are one push, even if all of them take longer.
func TestBurst(t *testing.T) {
	const settle = 200 * time.Millisecond
	s := start(t, nil, map[string]string{"app.yaml": configMap}, "-engine", "flux", "-settle", settle.String())
	s.next(t)
	text, gap := configMap, time.Duration(0)
	for before, begin := time.Now(), time.Now(); time.Since(begin) < 2*settle; {
		text += "# edited\n"
		start := time.Now()
		require.NoError(t, os.WriteFile(s.path("app.yaml"), []byte(text), 0o600))
		gap = max(gap, time.Since(before))
		before = start
		time.Sleep(5 * time.Millisecond) // the program looks at most of the saves
	}
	if gap >= settle {
		t.Skipf("the machine is too busy: %v between two saves", gap)
	}
	pushed := s.next(t)
	s.save(t, "app.yaml", text)
	same := s.next(t)
	assert.True(t, same.Unchanged, "the push has the last save")
	assert.Equal(t, pushed.Artifact.Digest, same.Artifact.Digest)
}

func TestTreesOfTheFlag(t *testing.T) {
	base, overlay := filepath.Join(t.TempDir(), "base"), filepath.Join(t.TempDir(), "overlay")
	replace(t, filepath.Join(base, "kustomization.yaml"), "resources: [app.yaml]\n")
	replace(t, filepath.Join(overlay, "kustomization.yaml"), "resources: [../base]\n")
	app := filepath.Join(base, "app.yaml")
	replace(t, app, configMap)
	s := start(t, nil, nil, "-engine", "flux", "-root", "overlay="+overlay, "-root", "base="+base, "-path", "overlay")
	first := s.next(t)
	assert.Equal(t, []string{"base/app.yaml", "base/kustomization.yaml", "overlay/kustomization.yaml"}, first.Files, "%+v", first.failure)
	replace(t, app, configMap+"# edited\n")
	second := s.next(t)
	assert.Empty(t, second.Error)
	assert.NotEqual(t, first.Artifact.Digest, second.Artifact.Digest)
}
