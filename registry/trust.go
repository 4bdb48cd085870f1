package registry

import "sync"

// trust is how far a push relies on what the registry reports about blobs. It
// starts as trustTag for [stepTag] and as trustMount otherwise, and only moves on:
//
//	trustTag   → trustMount    a tag was set, or the registry refuses the manifest
//	                           in a way that can mean that it lacks a blob
//	trustMount → trustHead     the registry refuses to mount a blob
//	trustMount → trustNothing  the registry refuses the manifest because it lacks
//	trustHead  → trustNothing  a blob, after it claimed to have one
//
// Uploads run concurrently, and all of them see a move at once.
type trust struct {
	mu    sync.Mutex // guards the rest
	level trustLevel
	// claimed is set if the registry reported at least one blob as existing since
	// a tag was set last.
	claimed bool
}

type trustLevel int

const (
	// trustTag takes all blobs to be there, because a tag points to the manifest.
	trustTag trustLevel = iota
	// trustMount opens each upload by a request to mount the blob, which succeeds
	// if the registry has it.
	trustMount
	// trustHead opens each upload without such a request, and asks for the blob
	// before further attempts.
	trustHead
	// trustNothing uploads all blobs without asking.
	trustNothing
)

func (t *trust) current() trustLevel {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.level
}

// claim notes that the registry reported a blob as existing.
func (t *trust) claim() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.claimed = true
}

// refuseMount notes that the registry does not mount blobs.
func (t *trust) refuseMount() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.level = max(t.level, trustHead)
}

// accept notes that the registry accepted the manifest, so that it has all blobs.
func (t *trust) accept() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.level, t.claimed = max(t.level, trustMount), false
}

// withdraw notes that the registry refused the manifest with err, and reports
// whether to upload the blobs again with the trust that remains.
func (t *trust) withdraw(err error) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch claimed := t.claimed; {
	case t.level == trustTag && mayLackBlobs(err):
		t.level = trustMount
	case claimed && lacksBlobs(err):
		t.level, t.claimed = trustNothing, false
	default:
		t.claimed = false
		return false
	}
	return true
}
