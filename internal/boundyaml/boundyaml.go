// Package boundyaml loads untrusted YAML at a bounded cost.
package boundyaml

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Limits of flow style, which is written in [brackets] and {braces}. Until the parser
// knows that a collection is not a key, it keeps every token in it and on the rest of
// the line, which takes hundreds of times the space of the text. If it is a key, the
// parser moves all of them, so the time grows with the depth as well. Without limits,
// 4 MiB of {{}}{{}} or {:,:,:} take gigabytes and many seconds. No handwritten file
// comes near the limits; files beyond them that programs write are JSON, which has a
// parser of its own.
const (
	MaxFlow      = 128 << 10 // consecutive bytes, up to the next collection in block style
	MaxFlows     = 1 << 20   // bytes in total
	MaxFlowDepth = 250       // nested collections
)

// Errors for the limits. Each arrives in an [*Error].
var (
	// ErrTooDeep reports more nested collections than the caller allows.
	ErrTooDeep = errors.New("nested too deeply")
	// ErrFlowTooDeep reports more than [MaxFlowDepth] nested collections in flow style.
	ErrFlowTooDeep = errors.New("nested too deeply in flow style")
	// ErrFlowTooLong reports more than [MaxFlow] or [MaxFlows] bytes in flow style.
	ErrFlowTooLong = errors.New("too much in flow style")
	// ErrTooManyValues reports a document that takes more memory than the caller allows.
	ErrTooManyValues = errors.New("too many values")
)

// Error reports the limit that was exceeded, and the position.
type Error struct {
	Line, Column int   // from 1, columns in characters
	Err          error // one of the package's sentinels
}

func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %v", e.Line, e.Column, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// Limits are the limits that the caller sets.
type Limits struct {
	Depth  int   // nested collections
	Memory int64 // bytes that the nodes of a document and a map of them take, estimated from above
}

// Loader loads the documents of a text one by one.
type Loader struct {
	loader *yaml.Loader
	input  input
}

// NewLoader returns a loader for data. It stops when ctx ends. The error is that of an
// option.
func NewLoader(ctx context.Context, data []byte, limits Limits, opts ...yaml.Option) (*Loader, error) {
	l := &Loader{input: input{ctx: ctx, data: data, limits: limits, flow: noFlow, meter: newMeter(data)}}
	var err error
	l.loader, err = yaml.NewLoader(&l.input, append(opts, yaml.WithPlugin(&l.input))...)
	return l, err
}

// Load loads the next document. The error is [io.EOF] after the last one, that of the
// context after its end, an [*Error] beyond a limit, and otherwise that of the parser.
func (l *Loader) Load(document *yaml.Node) error {
	l.input.restart()
	err := l.loader.Load(document)
	if ended := l.input.ctx.Err(); ended != nil {
		return ended
	}
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

// Need returns the largest estimate of the memory for a document so far.
func (l *Loader) Need() int64 { return max(l.input.most, l.input.memory) }

// input is the reader of the parser and its plugin for limits of depth. In both roles
// together it can measure flow style.
type input struct {
	ctx      context.Context
	data     []byte
	limits   Limits
	read     int   // bytes of data that the parser has
	flow     int   // value of read when flow style began, or noFlow
	flows    int   // bytes of flow style before that
	exceeded error // the first limit that was exceeded

	meter  meter
	memory int64 // for this document
	most   int64 // for one of the documents before
}

const noFlow = -1

func (i *input) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	if flow := i.stretch(); flow > MaxFlow || i.flows+flow > MaxFlows {
		return 0, i.failOnce(ErrFlowTooLong)
	}
	if i.memory > i.limits.Memory {
		return 0, i.failOnce(ErrTooManyValues)
	}
	if i.read == len(i.data) {
		return 0, io.EOF
	}
	n := copy(p, i.data[i.read:])
	i.memory += i.meter.block(i.data[i.read:], n)
	i.read += n
	if i.flow != noFlow {
		i.memory += i.meter.flow(i.data[:i.read])
	}
	return n, nil
}

// CheckDepth is called at the start of each collection. One in block style starts only
// outside of flow style, and then the parser keeps no more tokens.
func (i *input) CheckDepth(depth int, of *yaml.DepthContext) error {
	switch {
	case depth > i.limits.Depth:
		return i.failOnce(ErrTooDeep)
	case of.Kind != yaml.DepthKindFlow:
		i.endStretch()
	case depth > MaxFlowDepth:
		return i.failOnce(ErrFlowTooDeep)
	case i.flow == noFlow:
		i.flow = i.read
		i.memory += i.meter.flow(i.data[:i.read])
	}
	return nil
}

// stretch returns the bytes of flow style that the parser may have to keep.
func (i *input) stretch() int {
	if i.flow == noFlow {
		return 0
	}
	return i.read - i.flow
}

// restart starts another stretch if there is one, because the parser reads two tokens
// ahead, into the next document.
func (i *input) restart() {
	if i.flow != noFlow {
		i.flows += i.stretch()
		i.flow = i.read
	}
	i.most, i.memory = max(i.most, i.memory), 0
}

func (i *input) endStretch() {
	i.flows += i.stretch()
	i.flow = noFlow
}

// CheckAlias is only called if aliases are expanded, which they are not.
func (i *input) CheckAlias(int, int) error { return nil }

// failOnce records the first limit that is exceeded.
func (i *input) failOnce(limit error) error {
	if i.exceeded == nil {
		i.exceeded = limit
	}
	return limit
}
