package registry

import "sync/atomic"

// ability is an optional feature of a registry. A Client learns whether there is one from
// the response to the first request that uses it, and remembers it for all repositories.
// It never asks again: a refusal costs a request, and so does one of a proxy in between.
type ability struct{ state atomic.Int32 }

const (
	abilityUnknown int32 = iota
	abilityPresent
	abilityRefused
)

func (a *ability) isPresent() bool { return a.state.Load() == abilityPresent }

func (a *ability) isRefused() bool { return a.state.Load() == abilityRefused }

// accept notes that the registry has the feature, unless it has refused it meanwhile.
func (a *ability) accept() { a.state.CompareAndSwap(abilityUnknown, abilityPresent) }

func (a *ability) refuse() { a.state.Store(abilityRefused) }
