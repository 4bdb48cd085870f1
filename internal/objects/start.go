package objects

import "bytes"

// starts reports what YAML allows at the start of a document, and kustomize and Argo CD
// refuse because they split a file at each line that starts with ---: a directive, which is
// then without its document, and a value on that line.
func (p *parser) starts(f *File) {
	number, begins := 0, true // the next line with text begins a part of the file
	for line := range bytes.Lines(bytes.TrimPrefix(p.data, []byte(byteOrderMark))) {
		number++
		text := bytes.TrimSpace(line)
		rest, marker := bytes.CutPrefix(line, []byte("---"))
		rest = bytes.TrimSpace(rest)
		switch {
		case marker && len(rest) > 0 && rest[0] != '#':
			f.report(Problem{Line: number, Column: bytes.Index(line, rest[:1]) + 1, Code: CodeStart, Text: "there is a value on the line of ---"})
		case begins && len(text) > 0 && line[0] == '%':
			f.report(Problem{Line: number, Column: 1, Code: CodeStart, Text: "there is a directive of YAML"})
		}
		begins = marker && number > 1 || begins && (len(text) == 0 || text[0] == '#')
	}
}

// withoutMarks removes the byte order marks at the start of later documents, as in files that
// were joined. For kustomize and Argo CD, which split a file there, each is the first
// character of a text.
func withoutMarks(data []byte) []byte {
	if bytes.LastIndex(data, []byte(byteOrderMark)) <= 0 {
		return data
	}
	text := make([]byte, 0, len(data))
	begins := false
	for line := range bytes.Lines(data) {
		if begins {
			line = bytes.TrimPrefix(line, []byte(byteOrderMark))
		}
		begins = len(text) > 0 && bytes.HasPrefix(line, []byte("---"))
		text = append(text, line...)
	}
	return text
}
