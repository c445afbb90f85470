package plan

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

const indent = "  "

// JSON writes the plan as indented JSON. It does so piece by piece, as the text of a plan
// takes several times the memory of the plan.
func (p *Plan) JSON(w io.Writer) error {
	e := newEncoder(w)
	shell := *p
	shell.Repos = []Repository{}
	e.around(&shell, "", func(rest []byte) []byte {
		return e.list(rest, "repositories", indent, len(p.Repos), func(i int) { e.repository(&p.Repos[i]) })
	})
	if e.err == nil {
		e.err = e.out.Flush()
	}
	if e.err != nil {
		return fmt.Errorf("encoding the plan: %w", e.err)
	}
	return nil
}

// encoder writes until the first error.
type encoder struct {
	out  *bufio.Writer
	text bytes.Buffer // of one piece
	json *json.Encoder
	err  error
}

func newEncoder(w io.Writer) *encoder {
	e := &encoder{out: bufio.NewWriterSize(w, 64<<10)}
	e.json = json.NewEncoder(&e.text)
	e.json.SetEscapeHTML(false)
	return e
}

func (e *encoder) repository(r *Repository) {
	shell := *r
	shell.Tags, shell.Manifests = []Tag{}, []Manifest{}
	const prefix = indent + indent
	e.around(&shell, prefix, func(rest []byte) []byte {
		rest = e.list(rest, "tags", prefix+indent, len(r.Tags), func(i int) { e.write(e.piece(&r.Tags[i], prefix+indent+indent)) })
		return e.list(rest, "manifests", prefix+indent, len(r.Manifests), func(i int) { e.write(e.piece(&r.Manifests[i], prefix+indent+indent)) })
	})
}

// around writes an object whose lists are empty; fill writes, and cuts off, all up to the
// end of the last list that it fills.
func (e *encoder) around(shell any, prefix string, fill func(rest []byte) []byte) {
	text := bytes.Clone(e.piece(shell, prefix))
	e.write(fill(text))
}

// list writes text up to the empty list of that name, which begins a line, with n items in
// it, and returns what follows. No text within can look like that, as JSON escapes ends
// of lines.
func (e *encoder) list(text []byte, name, prefix string, n int, item func(i int)) (rest []byte) {
	before, after, found := bytes.Cut(text, []byte("\n"+prefix+`"`+name+`": []`))
	if !found && e.err == nil {
		e.err = fmt.Errorf("no list %q", name)
	}
	e.write(before)
	e.write([]byte("\n" + prefix + `"` + name + `": [`))
	for i := range n {
		if i > 0 {
			e.write([]byte(","))
		}
		e.write([]byte("\n" + prefix + indent))
		item(i)
	}
	if n > 0 {
		e.write([]byte("\n" + prefix))
	}
	e.write([]byte("]"))
	return after
}

// piece is the JSON of v, good until the next one.
func (e *encoder) piece(v any, prefix string) []byte {
	e.text.Reset()
	e.json.SetIndent(prefix, indent)
	if err := e.json.Encode(v); err != nil && e.err == nil {
		e.err = err
	}
	text := e.text.Bytes()
	if prefix != "" {
		text = bytes.TrimSuffix(text, []byte("\n"))
	}
	return text
}

func (e *encoder) write(text []byte) {
	if e.err == nil {
		_, e.err = e.out.Write(text)
	}
}
