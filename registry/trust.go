package registry

import "sync"

// trust is how far a push relies on what the registry reports about blobs. It
// starts as trustTag for [stepTag] and as trustMount otherwise, and only moves on:
//
//	trustTag   → trustMount    a tag was set, or the registry refuses the manifest
//	                           in a way that can mean that it lacks a blob
//	trustMount → trustHead     the registry refuses to mount a blob
//	trustMount → trustNothing  the registry refuses the manifest because it lacks
//	trustHead  → trustNothing  a blob, after it claimed to have one, or accepted one
//	                           in a single request
//
// Uploads run concurrently, and all of them see a move at once.
type trust struct {
	mu    sync.Mutex // guards the rest
	level trustLevel
	// claimed is set if the registry reported at least one blob as existing since
	// a tag was set last.
	claimed bool
	// posted is set if the registry accepted a blob in one request since then.
	posted bool
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

// post notes that the registry accepted a blob in one request, which many do not support.
func (t *trust) post() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.posted = true
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
	t.level, t.claimed, t.posted = max(t.level, trustMount), false, false
}

// hasPosted reports whether the registry accepted a blob in one request, and no manifest
// since then.
func (t *trust) hasPosted() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.posted
}

// withdraw notes that the registry refused the manifest with err, and reports
// whether to upload the blobs again with the trust that remains.
func (t *trust) withdraw(err error) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.level == trustTag && mayLackBlobs(err):
		t.level = trustMount
	case (t.claimed || t.posted) && lacksBlobs(err):
		t.level, t.claimed, t.posted = trustNothing, false, false
	default:
		t.claimed, t.posted = false, false
		return false
	}
	return true
}
