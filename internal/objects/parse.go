package objects

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"go.yaml.in/yaml/v4"
)

// decoder gives one document after another as nodes. At the end, and after a
// problem, there is none.
type decoder interface {
	next() (*yaml.Node, *Problem)
}

func newDecoder(data []byte, isJSON bool) decoder {
	if isJSON {
		return newJSONDecoder(data)
	}
	return newYAMLDecoder(data)
}

// parse fills in the file with a full parser.
func (f *File) parse(data []byte) {
	decoder := newDecoder(data, f.JSON)
	for {
		document, problem := decoder.next()
		if problem != nil {
			if isTemplate(data, problem, f.JSON) {
				*f = File{Template: true, JSON: f.JSON}
				return
			}
			f.report(*problem)
		}
		if document == nil {
			break
		}
		check := checker{file: f, sizes: map[*yaml.Node]int{}}
		check.document(document)
		if check.template {
			*f = File{Template: true, JSON: f.JSON}
			return
		}
		read := reader{left: check.nodes + maxAliased}
		f.Objects = append(f.Objects, read.document(document))
	}
	// The parser takes some characters for line breaks that no editor does, and
	// sees the end of a file on a line of its own.
	last := max(1, bytes.Count(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))+1)
	clampObjects(f.Objects, last)
	for i := range f.Problems {
		f.Problems[i].Line = min(f.Problems[i].Line, last)
	}
}

func (f *File) report(problem Problem) {
	if len(f.Problems) < MaxProblems {
		f.Problems = append(f.Problems, problem)
	}
}

func clampObjects(objects []Object, last int) {
	for i := range objects {
		o := &objects[i]
		o.Line, o.NameLine, o.KindLine = min(o.Line, last), min(o.NameLine, last), min(o.KindLine, last)
		clampObjects(o.Items, last)
	}
}

// yamlDecoder is also the parser's plugin that limits depth, since that is how
// to tell this error from the others.
type yamlDecoder struct {
	data    []byte
	loader  *yaml.Loader
	err     error // of the loader's making
	tooDeep bool
}

var errTooDeep = errors.New("nested too deep")

func newYAMLDecoder(data []byte) *yamlDecoder {
	d := &yamlDecoder{data: data}
	d.loader, d.err = yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(d))
	return d
}

// CheckDepth is called for each mapping and sequence.
func (d *yamlDecoder) CheckDepth(depth int, _ *yaml.DepthContext) error {
	d.tooDeep = d.tooDeep || depth > MaxDepth
	if d.tooDeep {
		return errTooDeep
	}
	return nil
}

// CheckAlias is only called where aliases are expanded.
func (d *yamlDecoder) CheckAlias(int, int) error { return nil }

func (d *yamlDecoder) next() (*yaml.Node, *Problem) {
	if d.err != nil {
		return nil, d.problem(d.err)
	}
	var document yaml.Node
	err := d.loader.Load(&document)
	switch {
	case err == nil:
		return &document, nil
	case errors.Is(err, io.EOF):
		return nil, nil
	}
	return nil, d.problem(err)
}

// problem translates an error. The parser's own words are taken where they hold
// nothing of the file.
func (d *yamlDecoder) problem(err error) *Problem {
	problem := &Problem{Line: 1, Column: 1, Code: CodeSyntax, Text: "the YAML does not parse"}
	var loadErr *yaml.LoadError
	if errors.As(err, &loadErr) {
		problem.Line, problem.Column = max(1, loadErr.Mark.Line), max(1, loadErr.Mark.Column)
		switch loadErr.Stage {
		case yaml.ReaderStage:
			problem.Line, problem.Column = position(d.data, notText(d.data))
			problem.Text = "the file holds a character that YAML does not allow, or is not UTF-8"
		case yaml.ComposerStage:
			problem.Code, problem.Text = CodeAlias, "the alias names no anchor that comes before it"
		case yaml.ScannerStage, yaml.ParserStage:
			problem.Text += ": " + loadErr.Message
		}
	}
	switch {
	case d.tooDeep:
		problem.Code, problem.Text = CodeTooDeep, tooDeep
	case problem.Code == CodeSyntax && tabIndented(line(d.data, problem.Line)):
		problem.Code, problem.Text = CodeTab, "the line is indented with a tab, which YAML does not allow"
	}
	return problem
}

const tooDeep = "more than 1,000 mappings and sequences inside each other"

// isTemplate says whether a problem comes from the actions of a template: it is
// gone, or another, where plain text is in their place.
func isTemplate(data []byte, problem *Problem, isJSON bool) bool {
	if !bytes.Contains(data, []byte("{{")) {
		return false
	}
	decoder := newDecoder(withoutActions(data), isJSON)
	for {
		document, other := decoder.next()
		if other != nil {
			return other.Line != problem.Line || bytes.Contains(line(data, problem.Line), []byte("{{"))
		}
		if document == nil {
			return true
		}
	}
}

// withoutActions replaces the actions by blanks, where a line holds nothing
// else, and otherwise by letters. Line breaks stay.
func withoutActions(data []byte) []byte {
	const mark = 1 // no character of a file that parses
	text := slices.Clone(data)
	for start := 0; ; {
		open := bytes.Index(text[start:], []byte("{{"))
		if open < 0 {
			break
		}
		length := bytes.Index(text[start+open:], []byte("}}"))
		if length < 0 {
			break
		}
		end := start + open + length + len("}}")
		for i := start + open; i < end; i++ {
			if text[i] != '\n' {
				text[i] = mark
			}
		}
		start = end
	}
	for line := range bytes.Lines(text) {
		fill := byte('x')
		if len(bytes.Trim(line, " \t\r\n\x01")) == 0 {
			fill = ' '
		}
		for i, c := range line {
			if c == mark {
				line[i] = fill
			}
		}
	}
	return text
}
