package registry

import (
	"net/http"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
)

func TestDecide(t *testing.T) {
	ours, theirs := digest.FromString("ours"), digest.FromString("theirs")
	none := tagState{}
	same := tagState{exists: true, digest: ours, verified: true}
	other := tagState{exists: true, digest: theirs, verified: true}
	claimed := tagState{exists: true, digest: ours} // not an image manifest, so it is not read
	unknown := tagState{exists: true}               // and without a digest
	for _, tt := range []struct {
		name             string
		tags             []tagState
		immutable, force bool
		want             step
		conflict         int
	}{
		{"new tag", []tagState{none}, false, false, stepPush, 0},
		{"same", []tagState{same}, false, false, stepNothing, 0},
		{"same and same", []tagState{same, same}, false, false, stepNothing, 0},
		{"same and new", []tagState{same, none}, false, false, stepTag, 0},
		{"new and same", []tagState{none, same}, false, false, stepTag, 0},
		{"same and other", []tagState{same, other}, false, false, stepTag, 0},
		{"other", []tagState{other}, false, false, stepPush, 0},
		{"other and new", []tagState{other, none}, false, false, stepPush, 0},
		{"not verified", []tagState{claimed}, false, false, stepPush, 0},
		{"without a digest", []tagState{unknown}, false, false, stepPush, 0},

		{"force, same", []tagState{same}, false, true, stepPush, 0},
		{"force, same and new", []tagState{same, none}, false, true, stepPush, 0},

		{"immutable, new tag", []tagState{none}, true, false, stepPush, 0},
		{"immutable, same", []tagState{same}, true, false, stepNothing, 0},
		{"immutable, same and new", []tagState{same, none}, true, false, stepTag, 0},
		{"immutable, other", []tagState{other}, true, false, stepConflict, 0},
		{"immutable, other last", []tagState{none, same, other}, true, false, stepConflict, 2},
		{"immutable, not verified", []tagState{claimed}, true, false, stepPush, 0},
		{"immutable, without a digest", []tagState{none, unknown}, true, false, stepConflict, 1},
		{"immutable by force, other", []tagState{other}, true, true, stepConflict, 0},
		{"immutable by force, same", []tagState{same}, true, true, stepPush, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, conflict := decide(ours, tt.tags, tt.immutable, tt.force)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.conflict, conflict)
		})
	}
}

func TestTrust(t *testing.T) {
	lacks := &responseError{status: http.StatusBadRequest, code: codeManifestBlobUnknown}
	mayLack := &responseError{status: http.StatusInternalServerError}
	denied := &responseError{status: http.StatusForbidden}
	for _, tt := range []struct {
		name    string
		level   trustLevel
		claimed bool
		err     error
		want    trustLevel
		again   bool
	}{
		{"tag, lacks a blob", trustTag, false, lacks, trustMount, true},
		{"tag, may lack a blob", trustTag, false, mayLack, trustMount, true},
		{"tag, another refusal", trustTag, false, denied, trustTag, false},
		{"mount, lacks a blob that it claimed", trustMount, true, lacks, trustNothing, true},
		{"mount, lacks a blob", trustMount, false, lacks, trustMount, false},
		{"mount, may lack a blob", trustMount, true, mayLack, trustMount, false},
		{"head, lacks a blob that it claimed", trustHead, true, lacks, trustNothing, true},
		{"nothing, lacks a blob", trustNothing, false, lacks, trustNothing, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			trust := trust{level: tt.level, claimed: tt.claimed}
			assert.Equal(t, tt.again, trust.withdraw(tt.err))
			assert.Equal(t, tt.want, trust.current())
			assert.False(t, trust.level != trustMount && trust.claimed, "a claim counts once")
		})
	}

	moves := trust{}
	moves.accept()
	assert.Equal(t, trustMount, moves.current(), "the tag is set")
	moves.claim()
	moves.refuseMount()
	moves.accept()
	assert.Equal(t, trustHead, moves.current(), "there is no way back")
	assert.False(t, moves.withdraw(lacks), "the claim was confirmed")
	moves.claim()
	assert.True(t, moves.withdraw(lacks))
	moves.refuseMount()
	assert.Equal(t, trustNothing, moves.current())
}
