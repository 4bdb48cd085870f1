package manifests

import (
	"io/fs"
	"runtime"
	"sync"
)

// maxAhead bounds how many entries are held that the walk has not come to.
const maxAhead = 10_000

// lister reads folders, some of them before the walk comes to them: most of a
// walk is waiting for the system to describe what is in them. The walk itself
// stays in one goroutine, so that what it finds first does not depend on timing.
type lister struct {
	fsys    fs.FS
	ignores bool // there may be ignore files
	room    int  // for goroutines
	running sync.WaitGroup

	mu      sync.Mutex                 // guards all below
	working int                        // goroutines
	held    int                        // entries
	begun   map[string]chan readResult // nil for those that the walk came to
	stopped bool
}

type readResult struct {
	entries []fs.DirEntry
	err     error
}

// newLister reads ahead on disk only: of other file systems nobody knows whether
// they can do two things at once.
func newLister(fsys fs.FS, ignores bool) *lister {
	l := &lister{fsys: fsys, ignores: ignores, begun: map[string]chan readResult{}}
	if _, disk := fsys.(*rootFS); disk {
		l.room = runtime.GOMAXPROCS(0)
	}
	return l
}

// close ends what nobody asks for any more.
func (l *lister) close() {
	l.mu.Lock()
	l.stopped = true
	l.mu.Unlock()
	l.running.Wait()
}

// read returns the entries of a folder, sorted by name.
func (l *lister) read(name string) ([]fs.DirEntry, error) {
	l.mu.Lock()
	coming := l.begun[name]
	l.begun[name] = nil // links can lead here again
	l.mu.Unlock()
	if coming == nil {
		return fs.ReadDir(l.fsys, name)
	}
	listed := <-coming
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held -= len(listed.entries)
	return listed.entries, listed.err
}

// expect lets a folder be read, and those below it, while the walk is elsewhere.
func (l *lister) expect(at entryPath, r rules) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, found := l.begun[at.real]; found || l.working >= l.room {
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

// descend reads a folder and those below it, unless the walk was there before.
// It leaves what is below an ignore file to the walk, which reads that.
func (l *lister) descend(at entryPath, r rules) {
	coming := make(chan readResult, 1)
	l.mu.Lock()
	_, found := l.begun[at.real]
	enough := found || l.stopped || l.held > maxAhead
	if !enough {
		l.begun[at.real] = coming
	}
	l.mu.Unlock()
	if enough {
		return
	}
	entries, err := fs.ReadDir(l.fsys, at.real)
	l.mu.Lock()
	l.held += len(entries)
	l.mu.Unlock()
	coming <- readResult{entries, err}
	if l.ignores && findIgnoreFile(entries) != nil {
		return
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		if sub := at.child(entry.Name()); r.enters(sub.path) {
			l.descend(sub, r)
		}
	}
}

// busy reports whether there is nobody left to read what is expected.
func (l *lister) busy() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.working >= l.room
}
