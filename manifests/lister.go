package manifests

import (
	"errors"
	"io/fs"
	"runtime"
	"slices"
	"sync"
)

// maxAhead bounds the entries that are read ahead of the walk.
const maxAhead = 10_000

// errNotAhead reports a directory that is left to the walk.
var errNotAhead = errors.New("not read ahead")

// lister reads directories, some of them ahead of the walk, which spends most of its
// time waiting for the system to list them. The walk itself stays in one goroutine, so
// that its first finding does not depend on timing.
type lister struct {
	fsys    fs.FS
	ignores bool // ignore files are in force
	limit   int  // of goroutines
	running sync.WaitGroup

	mu      sync.Mutex                 // guards the fields below
	working int                        // goroutines
	held    int                        // entries
	started map[string]chan readResult // nil for directories that the walk has read
	stopped bool
}

type readResult struct {
	entries []fs.DirEntry
	err     error
}

// newLister reads ahead on disk only, because other file systems may not support
// concurrent use.
func newLister(fsys fs.FS, ignores bool) *lister {
	l := &lister{fsys: fsys, ignores: ignores, started: map[string]chan readResult{}}
	if _, disk := fsys.(*rootFS); disk {
		l.limit = runtime.GOMAXPROCS(0)
	}
	return l
}

// close stops reading ahead and waits for the goroutines.
func (l *lister) close() {
	l.mu.Lock()
	l.stopped = true
	l.mu.Unlock()
	l.running.Wait()
}

// read returns the entries of a directory, sorted by name. It calls fits as [readDir]
// does.
func (l *lister) read(name string, fits func([]fs.DirEntry) error) ([]fs.DirEntry, error) {
	l.mu.Lock()
	ahead := l.started[name]
	l.started[name] = nil // a link may lead here again
	l.mu.Unlock()
	if ahead == nil {
		return readDir(l.fsys, name, fits)
	}
	listed := <-ahead
	if errors.Is(listed.err, errNotAhead) {
		return readDir(l.fsys, name, fits)
	}
	l.mu.Lock()
	l.held -= len(listed.entries)
	l.mu.Unlock()
	if listed.err != nil {
		return nil, listed.err
	}
	return listed.entries, fits(listed.entries)
}

// expect starts to read a directory and those below it concurrently with the walk.
func (l *lister) expect(at entryPath, r rules) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, found := l.started[at.real]; found || l.working >= l.limit {
		return
	}
	l.working++
	l.running.Go(func() {
		l.descend(at, r)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.working--
	})
}

// descend reads a directory and those below it, unless the walk has read it before.
// Directories below an ignore file are left to the walk, which knows its rules.
func (l *lister) descend(at entryPath, r rules) {
	result := make(chan readResult, 1)
	l.mu.Lock()
	_, found := l.started[at.real]
	enough := found || l.stopped || l.held > maxAhead
	if !enough {
		l.started[at.real] = result
	}
	l.mu.Unlock()
	if enough {
		return
	}
	read := 0
	entries, err := readDir(l.fsys, at.real, func(more []fs.DirEntry) error {
		if read += len(more); read > maxAhead || l.isStopped() {
			return errNotAhead
		}
		return nil
	})
	l.mu.Lock()
	l.held += len(entries)
	l.mu.Unlock()
	var below []fs.DirEntry
	if !l.ignores || findIgnoreFile(entries) == nil {
		below = slices.DeleteFunc(slices.Clone(entries), func(e fs.DirEntry) bool { return !e.IsDir() })
	}
	result <- readResult{entries, err} // the walk's from here on
	for _, entry := range below {
		if sub := at.child(entry.Name()); r.enters(sub.path) {
			l.descend(sub, r)
		}
	}
}

func (l *lister) isStopped() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stopped
}

// busy reports whether no further directory may be read ahead now.
func (l *lister) busy() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.working >= l.limit || l.held > maxAhead
}
