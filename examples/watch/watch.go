package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/preflight"
)

// maxWait bounds the wait before a push is repeated, unless the registry asks for more.
const maxWait = time.Minute

// watcher pushes trees whenever they change.
type watcher struct {
	*config
	env     cli.Env
	opts    oci.BuildOptions
	builder oci.Builder // keeps connections, tokens and knowledge about the registry
	repeat  repeat
	shown   preflight.Findings // of the last push that succeeded
}

// trees returns all trees, that of DIR first.
func (w *watcher) trees() []manifests.Root {
	if w.opts.SourcePath == "" {
		return w.opts.Roots
	}
	return append([]manifests.Root{{Dir: w.opts.SourcePath}}, w.opts.Roots...)
}

// watch returns when ctx ends, the registry refuses the credential, or standard output
// cannot be written to.
func (w *watcher) watch(ctx context.Context) error {
	defer w.builder.Close()
	var built snapshot
	for {
		seen, err := w.settled(ctx, built)
		if err != nil {
			return fmt.Errorf("interrupted: %w", err)
		}
		if changed := !seen.equal(built); changed || w.repeat.isDue() {
			if changed {
				w.repeat = repeat{}
			}
			built = seen
			if err := w.push(ctx); err != nil {
				return err
			}
		}
		if err := sleep(ctx, w.interval); err != nil {
			return fmt.Errorf("interrupted: %w", err)
		}
	}
}

// settled returns the snapshot of the trees. If it differs from the one that was built, the
// trees are given the time to settle: writing a file takes several steps, and people save
// several files at once.
func (w *watcher) settled(ctx context.Context, built snapshot) (snapshot, error) {
	seen := look(ctx, w.trees(), w.opts.Collect)
	for !seen.equal(built) {
		if err := sleep(ctx, w.settle); err != nil {
			return snapshot{}, err
		}
		next := look(ctx, w.trees(), w.opts.Collect)
		if next.equal(seen) {
			break
		}
		seen = next
	}
	return seen, nil
}

// push builds and pushes once, and prints the outcome. Its error ends the program.
func (w *watcher) push(ctx context.Context) error {
	start := time.Now()
	result, err := w.builder.Build(ctx, w.opts)
	// A push that succeeded has found all blobs in the registry, or sent them. A registry
	// that failed may have lost some.
	w.opts.Push.AssumeBlobs = err == nil
	switch {
	case err == nil:
		w.repeat = repeat{}
		return w.printResult(result, time.Since(start))
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted during a push: %w", err)
	}
	if failed := w.printFailure(err); failed != nil {
		return failed
	}
	if errors.Is(err, oci.ErrRegistryAuthRequired) || errors.Is(err, oci.ErrRegistryPermissionDenied) {
		return err
	}
	w.report(err)
	w.repeat = w.repeat.after(err, w.interval)
	if w.repeat.wait > 0 {
		w.message("trying again in %v, or after the next save", w.repeat.wait)
	}
	return nil
}

// repeat holds when to repeat a push that failed for the time being. The zero value does
// not repeat it.
type repeat struct {
	wait time.Duration
	at   time.Time
}

func (r repeat) isDue() bool { return r.wait > 0 && !time.Now().Before(r.at) }

// after returns the next repeat, after the failure err of the current one. The waits
// double, starting with first, unless the registry asks for a longer one.
func (r repeat) after(err error, first time.Duration) repeat {
	if !oci.Retryable(err) {
		return repeat{}
	}
	wait := min(cmp.Or(2*r.wait, first), max(first, maxWait))
	if failed, ok := errors.AsType[*oci.RegistryError](err); ok {
		wait = max(wait, failed.RetryAfter)
	}
	return repeat{wait, time.Now().Add(wait)}
}

// sleep waits for d, or until ctx ends and then returns its error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	return ctx.Err()
}
