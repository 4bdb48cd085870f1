package objects

import "bytes"

// starts reports what YAML allows at the start of a document, and kustomize and Argo CD
// refuse because they split a file at each line that starts with ---: a directive, which is
// then without its document, a value on that line, and an end without a document.
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
		case begins && isEnd(line):
			f.report(Problem{Line: number, Column: 1, Code: CodeStart, Text: "there is an end of a document, ..., without a document"})
		case begins && len(text) > 0 && line[0] == '%':
			f.report(Problem{Line: number, Column: 1, Code: CodeStart, Text: "there is a directive of YAML"})
		}
		begins = marker && number > 1 || begins && (len(text) == 0 || text[0] == '#')
	}
}

// withoutLost returns the text without the documents that kustomize and Argo CD do not read,
// in lines of the same numbers, and the line of the first of them, or 0.
func withoutLost(data []byte) ([]byte, int) {
	first := lost(data, nil)
	if first == 0 {
		return data, 0
	}
	text := make([]byte, 0, len(data))
	lost(data, func(line []byte, read bool) {
		if !read {
			line = line[len(bytes.TrimRight(line, "\r\n")):]
		}
		text = append(text, line...)
	})
	return text, first
}

// lost returns the line of the first document that kustomize and Argo CD do not read, or 0.
// They split a file at each line that starts with ---, and read the first document of each
// part. It calls visit, if that is not nil, with all lines.
func lost(data []byte, visit func(line []byte, read bool)) (first int) {
	if !bytes.Contains(data, []byte("\n...")) {
		return 0
	}
	number, begun, ended := 0, false, false
	for line := range bytes.Lines(data) {
		number++
		text, read := bytes.TrimSpace(bytes.TrimPrefix(line, []byte(byteOrderMark))), true
		switch {
		case bytes.HasPrefix(line, []byte("---")):
			begun, ended = number == 1, false // where they split nothing
		case isEnd(line):
			ended = ended || begun
		case len(text) == 0 || text[0] == '#':
		case ended && line[0] != '%':
			read = false
			if first == 0 {
				first = number
			}
		default:
			begun = begun || line[0] != '%'
		}
		if visit != nil {
			visit(line, read)
		}
	}
	return first
}

// isEnd reports whether a line ends a document.
func isEnd(line []byte) bool {
	rest, end := bytes.CutPrefix(line, []byte("..."))
	return end && (len(rest) == 0 || bytes.ContainsAny(rest[:1], " \t\r\n"))
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
