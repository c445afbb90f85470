package supervise

import (
	"bytes"
	"io"
	"strings"
)

// mark begins a record of the supervisor. It is rare in text, so that looking for
// it costs next to nothing.
const mark = '\036'

// maxRecord bounds a record: mark, nonce, kind, and what goes with it.
const maxRecord = 128

// filter takes the supervisor's records out of one stream and passes the rest on.
// It holds back what may turn out to be the beginning of a record, and no more. It
// never fails: what becomes of the output is the business of to.
type filter struct {
	prefix []byte // of all records
	record func(text string) (last bool)
	to     func(p []byte)
	held   []byte
	over   bool // the last record has been seen
}

func newFilter(nonce string, record func(text string) (last bool), to func(p []byte)) *filter {
	return &filter{prefix: []byte(string(mark) + nonce + " "), record: record, to: to}
}

var _ io.Writer = (*filter)(nil)

func (f *filter) Write(p []byte) (int, error) {
	n := len(p)
	if len(f.held) > 0 {
		p = append(f.held, p...)
		f.held = nil
	}
	for !f.over && len(p) > 0 {
		i := bytes.IndexByte(p, mark)
		if i < 0 {
			f.pass(p)
			break
		}
		rest := p[i:]
		known := min(len(rest), len(f.prefix))
		if !bytes.Equal(rest[:known], f.prefix[:known]) {
			f.pass(p[:i+1])
			p = p[i+1:]
			continue
		}
		end := bytes.IndexByte(rest[:min(len(rest), maxRecord)], '\n')
		if end < 0 && len(rest) < maxRecord {
			f.pass(p[:i])
			f.held = bytes.Clone(rest)
			break
		}
		if end < 0 { // no record is that long
			f.pass(p[:i+1])
			p = p[i+1:]
			continue
		}
		f.pass(p[:i])
		f.over = f.record(strings.TrimSpace(string(rest[len(f.prefix):end])))
		p = rest[end+1:]
	}
	return n, nil
}

func (f *filter) pass(p []byte) {
	if len(p) > 0 {
		f.to(p)
	}
}

// flush passes on what was held back and did not become a record.
func (f *filter) flush() {
	f.pass(f.held)
	f.held = nil
}
