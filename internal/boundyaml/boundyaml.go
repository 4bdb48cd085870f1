// Package boundyaml loads YAML that anybody may have written, within bounds on
// what that costs.
package boundyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Limits of flow style, that is of [brackets] and {braces}. Until the parser knows
// that a collection is no key, it keeps every token in it, and in what follows on
// the same line: hundreds of times the text. Where it is a key, it moves all that,
// so that the time grows with the depth as well. Without limits, 4 MiB of {{}}{{}}
// or {:,:,:} take gigabytes, and many seconds. People write nothing that is near
// them; what programs write beyond them is JSON, which has a parser of its own.
const (
	MaxFlow      = 128 << 10 // bytes at a stretch, up to the next collection in block style
	MaxFlows     = 1 << 20   // bytes in all stretches
	MaxFlowDepth = 250       // collections in one another
)

// What is beyond a limit. Each arrives in an [*Error].
var (
	// ErrTooDeep reports more collections in one another than the caller allows.
	ErrTooDeep = errors.New("nested too deeply")
	// ErrFlowTooDeep reports more than [MaxFlowDepth] of them in flow style.
	ErrFlowTooDeep = errors.New("nested too deeply in flow style")
	// ErrFlowTooLong reports more than [MaxFlow] or [MaxFlows] bytes in flow style.
	ErrFlowTooLong = errors.New("too much in flow style")
)

// Error says which limit was met, and where.
type Error struct {
	Line, Column int   // from 1, columns in characters
	Err          error // one of the package's sentinels
}

func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %v", e.Line, e.Column, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// Loader gives the documents of a text one by one.
type Loader struct {
	loader *yaml.Loader
	input  input
}

// NewLoader returns a loader for data, in which at most so many collections are
// in one another. The error is that of an option.
func NewLoader(data []byte, depth int, opts ...yaml.Option) (*Loader, error) {
	l := &Loader{input: input{data: data, depth: depth, flow: noFlow}}
	var err error
	l.loader, err = yaml.NewLoader(&l.input, append(opts, yaml.WithPlugin(&l.input))...)
	return l, err
}

// Load loads the next document. The error is [io.EOF] behind the last one, an
// [*Error] beyond a limit, and that of the parser otherwise.
func (l *Loader) Load(document *yaml.Node) error {
	l.input.restart()
	err := l.loader.Load(document)
	if l.input.exceeded == nil {
		return err
	}
	exceeded := &Error{Line: 1, Column: 1, Err: l.input.exceeded}
	if at, ok := errors.AsType[*yaml.LoadError](err); ok && at.Mark.Line > 0 {
		exceeded.Line, exceeded.Column = at.Mark.Line, max(1, at.Mark.Column)
		return exceeded
	}
	before := l.input.data[:l.input.read]
	exceeded.Line += bytes.Count(before, []byte("\n"))
	exceeded.Column += utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return exceeded
}

// input is what the parser reads from, piece by piece, and the plugin that it asks
// about depth. Between them they know how much there is in flow style.
type input struct {
	data     []byte
	depth    int
	read     int   // how much of data the parser has
	flow     int   // how much it had when flow style began, or noFlow
	flows    int   // what it had of that before
	exceeded error // a limit
}

const noFlow = -1

func (i *input) Read(p []byte) (int, error) {
	if flow := i.stretch(); flow > MaxFlow || i.flows+flow > MaxFlows {
		return 0, i.exceed(ErrFlowTooLong)
	}
	if i.read == len(i.data) {
		return 0, io.EOF
	}
	n := copy(p, i.data[i.read:])
	i.read += n
	return n, nil
}

// CheckDepth is called where a collection begins. One in block style begins
// nowhere but outside of flow style, and the parser has nothing left to keep then.
func (i *input) CheckDepth(depth int, of *yaml.DepthContext) error {
	switch {
	case depth > i.depth:
		return i.exceed(ErrTooDeep)
	case of.Kind != yaml.DepthKindFlow:
		i.leave()
	case depth > MaxFlowDepth:
		return i.exceed(ErrFlowTooDeep)
	case i.flow == noFlow:
		i.flow = i.read
	}
	return nil
}

// stretch is how much in flow style the parser may have to keep.
func (i *input) stretch() int {
	if i.flow == noFlow {
		return 0
	}
	return i.read - i.flow
}

// restart begins another stretch where there is one: the parser reads two tokens
// ahead, into the next document.
func (i *input) restart() {
	if i.flow != noFlow {
		i.flows += i.stretch()
		i.flow = i.read
	}
}

func (i *input) leave() {
	i.flows += i.stretch()
	i.flow = noFlow
}

// CheckAlias is only called where aliases are expanded, which they are not.
func (i *input) CheckAlias(int, int) error { return nil }

func (i *input) exceed(limit error) error {
	if i.exceeded == nil {
		i.exceeded = limit
	}
	return limit
}
