package objects

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/internal/boundyaml"
)

// decoder returns one document after another as nodes, and nil at the end and after
// a problem.
type decoder interface {
	next() (*yaml.Node, *Problem)
	// need returns the most memory that a document took.
	need() int64
	// size returns the bytes that a value of the last document takes as JSON, or fewer.
	size(n *yaml.Node) int64
}

// parser reads one file.
type parser struct {
	ctx    context.Context
	data   []byte
	limits Limits
	need   int64 // the most memory that a document took
}

// newDecoder returns a decoder that reports the problems that do not end a document.
func (p *parser) newDecoder(data []byte, isJSON bool, report func(Problem)) decoder {
	if isJSON {
		return newJSONDecoder(p.ctx, data, p.limits.Parsing, report)
	}
	return newYAMLDecoder(p.ctx, data, p.limits.Parsing)
}

// parse fills in the file with a full parser. It reads YAML beyond a limit as JSON
// if it is JSON as well. The error is that of the context.
func (p *parser) parse(f *File) error {
	defer func() { f.Need = p.need }()
	p.decode(f, f.JSON)
	beyond := func(p Problem) bool { return p.Code == CodeTooDeep || p.Code == CodeTooLarge }
	if !f.JSON && slices.ContainsFunc(f.Problems, beyond) && json.Valid(bytes.TrimPrefix(p.data, []byte(byteOrderMark))) {
		*f = File{}
		p.decode(f, true)
	}
	f.Objects, f.Problems = compact(f.Objects), compact(f.Problems)
	return p.ctx.Err()
}

func (p *parser) decode(f *File, isJSON bool) {
	decoder := p.newDecoder(p.data, isJSON, f.report)
	read := reader{memory: p.limits.Objects, size: decoder.size}
	var keys []Remark
	for {
		document, problem := decoder.next()
		p.need = max(p.need, decoder.need())
		if problem != nil {
			if p.isTemplate(problem, f.JSON) {
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
		read.left = visits*check.nodes + maxAliased
		object := read.document(document)
		for _, remark := range check.remarks {
			remark.Local = object.Has(Local)
			keys = append(keys, remark)
		}
		if read.memory < 0 {
			f.report(*tooMany(object))
			break
		}
		f.Objects = append(f.Objects, object)
	}
	if !isJSON && !slices.ContainsFunc(f.Problems, func(p Problem) bool { return p.Code == CodeSyntax || p.Code == CodeTab }) {
		p.starts(f)
	}
	if !isJSON && len(f.Problems) == 0 { // it is within the limits of this parser
		p.refusal(f)
	}
	// The parser counts some characters as line breaks that editors do not, and
	// puts the end of a file on a line of its own.
	last := max(1, bytes.Count(bytes.TrimSuffix(p.data, []byte("\n")), []byte("\n"))+1)
	clampObjects(f.Objects, last)
	f.remark(append(read.remarks, keys[:min(len(keys), MaxProblems)]...), last)
	for i := range f.Problems {
		f.Problems[i].Line = min(f.Problems[i].Line, last)
	}
}

// refusal reports a file that this parser accepts and those of the consumers refuse.
func (p *parser) refusal(f *File) {
	number, refused, err := boundyaml.Refused(p.ctx, p.data, false)
	if err != nil || !refused { // parse returns the error
		return
	}
	problem := Problem{Line: number, Column: 1, Code: CodeSyntax, Text: "the line has a control character, or an escape of JSON, that YAML does not allow"}
	if bytes.IndexByte(line(p.data, number), '\t') >= 0 {
		problem.Code, problem.Text = CodeTab, "the line has a tab where YAML allows only spaces"
	}
	f.report(problem)
}

// remark keeps the first remarks, within the lines of the file.
func (f *File) remark(remarks []Remark, last int) {
	slices.SortStableFunc(remarks, func(a, b Remark) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	f.Remarks = compact(remarks[:min(len(remarks), MaxProblems)])
	for i := range f.Remarks {
		f.Remarks[i].Line = min(f.Remarks[i].Line, last)
	}
}

// report keeps the first problems, and one that ends the file in any case.
func (f *File) report(problem Problem) {
	if len(f.Problems) == MaxProblems && problem.Code != CodeDuplicate {
		f.Problems = f.Problems[:MaxProblems-1]
	}
	if len(f.Problems) < MaxProblems {
		f.Problems = append(f.Problems, problem)
	}
}

func clampObjects(objects []Object, last int) {
	for i := range objects {
		o := &objects[i]
		o.Line = min(o.Line, int32(last)) //nolint:gosec // a file has at most 4 Mi lines
		clampObjects(o.Items(), last)
	}
}

type yamlDecoder struct {
	data   []byte
	memory int64 // limit
	loader *boundyaml.Loader
	err    error // of creating the loader
	sizes  sizer // of this document
}

func newYAMLDecoder(ctx context.Context, data []byte, memory int64) *yamlDecoder {
	d := &yamlDecoder{data: data, memory: memory}
	d.loader, d.err = boundyaml.NewLoader(ctx, data, boundyaml.Limits{Depth: MaxDepth, Memory: memory})
	return d
}

func (d *yamlDecoder) need() int64 {
	if d.loader == nil {
		return 0
	}
	return d.loader.Need()
}

func (d *yamlDecoder) size(n *yaml.Node) int64 {
	if len(d.data) <= MaxApplied/8 && !bytes.Contains(d.data, []byte("*")) { // or an alias
		return 0
	}
	return d.sizes.of(n)
}

func (d *yamlDecoder) next() (*yaml.Node, *Problem) {
	if d.err != nil {
		return nil, d.problem(d.err)
	}
	var document yaml.Node
	d.sizes = sizer{}
	err := d.loader.Load(&document)
	switch {
	case err == nil:
		return &document, nil
	case errors.Is(err, io.EOF):
		return nil, nil
	}
	return nil, d.problem(err)
}

// problem translates an error. It uses the parser's own message if that quotes
// nothing of the file.
func (d *yamlDecoder) problem(err error) *Problem {
	if exceeded, ok := errors.AsType[*boundyaml.Error](err); ok {
		if errors.Is(err, boundyaml.ErrTooManyValues) {
			return tooManyValues(exceeded.Line, exceeded.Column, d.memory)
		}
		return &Problem{Line: exceeded.Line, Column: exceeded.Column, Code: limits[exceeded.Err].code, Text: limits[exceeded.Err].text}
	}
	problem := &Problem{Line: 1, Column: 1, Code: CodeSyntax, Text: "the YAML does not parse"}
	var loadErr *yaml.LoadError
	if errors.As(err, &loadErr) {
		problem.Line, problem.Column = max(1, loadErr.Mark.Line), max(1, loadErr.Mark.Column)
		switch loadErr.Stage {
		case yaml.ReaderStage:
			problem.Line, problem.Column = position(d.data, notText(d.data))
			problem.Text = "the file holds a character that YAML does not allow, or is not UTF-8"
		case yaml.ComposerStage:
			problem.Text = "the alias refers to an undefined anchor"
		case yaml.ScannerStage, yaml.ParserStage:
			problem.Text += ": " + loadErr.Message
		}
	}
	if problem.Code == CodeSyntax && tabIndented(line(d.data, problem.Line)) {
		problem.Code, problem.Text = CodeTab, "the line is indented with a tab, which YAML does not allow"
	}
	return problem
}

const tooDeep = "more than 1,000 nested mappings and sequences"

// limits maps the limits of package boundyaml to problems.
var limits = map[error]struct {
	code Code
	text string
}{
	boundyaml.ErrTooDeep:     {CodeTooDeep, tooDeep},
	boundyaml.ErrFlowTooDeep: {CodeTooDeep, "more than 250 nested mappings and sequences in flow style"},
	boundyaml.ErrFlowTooLong: {CodeTooLarge, "more than 128 KiB of consecutive flow style, or 1 MiB in total, that is not JSON"},
}

// isTemplate reports whether a problem comes from the actions of a template: with
// plain text in their place it is gone, or another.
func (p *parser) isTemplate(problem *Problem, isJSON bool) bool {
	if problem.Memory || !bytes.Contains(p.data, []byte("{{")) {
		return false
	}
	decoder := p.newDecoder(withoutActions(p.data), isJSON, func(Problem) {})
	for {
		document, other := decoder.next()
		p.need = max(p.need, decoder.need())
		if other != nil {
			return other.Line != problem.Line || bytes.Contains(line(p.data, problem.Line), []byte("{{"))
		}
		if document == nil {
			return true
		}
	}
}

// withoutActions replaces actions by spaces if a line has nothing else, and by
// letters otherwise. It keeps line breaks.
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
