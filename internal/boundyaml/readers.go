package boundyaml

import (
	"bytes"
	"context"
	"errors"
	"io"

	yaml3 "go.yaml.in/yaml/v3"
)

// Refused reports whether the parser that kustomize has, and with it Flux and Argo CD, refuses
// a text that a [Loader] accepts: it is stricter about tabs in front of a token, control
// characters and some escapes. It returns the number of the line, from 1. With first, only the
// first document counts. The error is that of ctx.
//
// A text without such characters is not parsed. The text has to be within the limits of a
// Loader, because this parser has none.
func Refused(ctx context.Context, data []byte, first bool) (line int, refused bool, err error) {
	if !suspicious(data) {
		return 0, false, nil
	}
	input := &lines{ctx: ctx, rest: data}
	decoder := yaml3.NewDecoder(input)
	for {
		err := decoder.Decode(new(yaml3.Node))
		switch {
		case ctx.Err() != nil:
			return 0, false, ctx.Err()
		case err == nil && !first:
			continue
		case err == nil || errors.Is(err, io.EOF):
			return 0, false, nil
		}
		return lastSuspicious(data, input.count), true, nil
	}
}

// lines hands out one line at a time, and counts them, because the errors of the parser have no
// position. It looks only a few characters ahead.
type lines struct {
	ctx   context.Context
	rest  []byte
	count int
}

func (l *lines) Read(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	if len(l.rest) == 0 {
		return 0, io.EOF
	}
	line := l.rest
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end+1]
	}
	n := copy(p, line)
	if n == len(line) {
		l.count++
	}
	l.rest = l.rest[n:]
	return n, nil
}

// suspicious reports whether text has something that parsers do not agree on: tabs, control
// characters, and the escapes of JSON that YAML has not had from the beginning.
func suspicious(text []byte) bool {
	if bytes.ContainsAny(text, "\t\x7f") || bytes.Contains(text, []byte(`\/`)) ||
		bytes.Contains(text, []byte(`\ud`)) || bytes.Contains(text, []byte(`\uD`)) {
		return true
	}
	for rest := text; ; {
		i := bytes.IndexByte(rest, 0xc2) // of U+0080 to U+00BF
		if i < 0 || i+1 == len(rest) {
			return false
		}
		if rest = rest[i+1:]; rest[0] < 0xa0 {
			return true
		}
	}
}

// lastSuspicious returns the number of the last suspicious line among the first n, which is
// where the parser stopped.
func lastSuspicious(data []byte, n int) (last int) {
	number := 0
	for line := range bytes.Lines(data) {
		if number++; number > max(1, n) {
			break
		}
		if suspicious(line) {
			last = number
		}
	}
	return max(1, last)
}
