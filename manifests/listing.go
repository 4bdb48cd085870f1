package manifests

import (
	"io/fs"
	"runtime"
	"sync"
)

// lister reads folders, some of them before they are asked for: most of a walk
// is waiting for the system to describe what is in them. The walk itself stays
// in one goroutine, so that what it finds first does not depend on timing.
type lister struct {
	fsys    fs.FS
	room    int // for folders that are read ahead
	ahead   map[string]<-chan listing
	running sync.WaitGroup
}

type listing struct {
	entries []fs.DirEntry
	err     error
}

// newLister reads ahead on disk only: of other file systems nobody knows whether
// they can do two things at once.
func newLister(fsys fs.FS) *lister {
	l := &lister{fsys: fsys, ahead: map[string]<-chan listing{}}
	if _, disk := fsys.(*rootFS); disk {
		l.room = runtime.GOMAXPROCS(0)
	}
	return l
}

// close waits for what nobody asked for any more.
func (l *lister) close() { l.running.Wait() }

// read returns the entries of a folder, sorted by name.
func (l *lister) read(name string) ([]fs.DirEntry, error) {
	if coming, found := l.ahead[name]; found {
		delete(l.ahead, name)
		listed := <-coming
		return listed.entries, listed.err
	}
	return fs.ReadDir(l.fsys, name)
}

// full reports whether enough is read ahead.
func (l *lister) full() bool { return len(l.ahead) >= l.room }

// expect says that a folder will be asked for soon.
func (l *lister) expect(name string) {
	if _, found := l.ahead[name]; found || l.full() {
		return
	}
	coming := make(chan listing, 1)
	l.ahead[name] = coming
	l.running.Go(func() {
		entries, err := fs.ReadDir(l.fsys, name)
		coming <- listing{entries, err}
	})
}
