package live

import (
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf8"
)

// maxLine is the longest line that is kept together, 64 KiB. A longer one is shown
// in pieces, each on a line of its own, those after the first marked with a "+": a
// target that never ends its line must not fill the memory.
const maxLine = 64 << 10

// record is whole lines of one stream of one target. The log holds, for each, a
// header of 10 bytes and the lines.
type record struct {
	index     int
	stream    int  // 0 for stdout, 1 for stderr
	continued bool // the first line goes on with the line before it
	lines     []byte
}

const headerSize = 10

func (r record) header(to []byte) {
	binary.LittleEndian.PutUint32(to, uint32(r.index))
	to[4], to[5] = byte(r.stream), 0
	if r.continued {
		to[5] = 1
	}
	binary.LittleEndian.PutUint32(to[6:], uint32(len(r.lines)))
}

// read takes the next record from the log, into r's own memory.
func (r *record) read(from io.Reader) error {
	var header [headerSize]byte
	if _, err := io.ReadFull(from, header[:]); err != nil {
		return err
	}
	r.index = int(binary.LittleEndian.Uint32(header[:]))
	r.stream, r.continued = int(header[4]), header[5] == 1
	n := int(binary.LittleEndian.Uint32(header[6:]))
	if cap(r.lines) < n {
		r.lines = make([]byte, n)
	}
	r.lines = r.lines[:n]
	_, err := io.ReadFull(from, r.lines)
	return err
}

// lineWriter cuts one stream of one target into lines. It is used by one
// goroutine at a time.
type lineWriter struct {
	sink      *Sink
	index     int
	stream    int
	rest      []byte // of the line that has not ended yet
	continued bool   // rest goes on with a line of which a piece is out
	err       error  // the first failure is the last: a gap would go unnoticed
}

// Write puts the lines that p completes into the log, as a rule in one record.
func (w *lineWriter) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	out := make([]byte, headerSize, headerSize+len(w.rest)+len(p)+1)
	first := w.continued // of the record in out
	for left := p; len(left) > 0; {
		end := bytes.IndexByte(left, '\n')
		size := end
		if end < 0 {
			size = len(left)
		}
		if room := maxLine - len(w.rest); size > room {
			w.rest = append(w.rest, left[:room]...)
			left = left[room:]
			if out = w.cut(out); w.put(out, first) != nil {
				return 0, w.err
			}
			out, first, w.continued = out[:headerSize], true, true
			continue
		}
		if end < 0 {
			w.rest = append(w.rest, left...)
			break
		}
		out = append(append(out, w.rest...), left[:end+1]...)
		w.rest, w.continued = w.rest[:0], false
		left = left[end+1:]
	}
	if w.put(out, first) != nil {
		return 0, w.err
	}
	return len(p), nil
}

// cut moves the rest to out as a line of its own, but not the beginning of a
// character at its end.
func (w *lineWriter) cut(out []byte) []byte {
	at := len(w.rest)
	for back := 1; back < utf8.UTFMax && back < len(w.rest); back++ {
		if utf8.RuneStart(w.rest[at-back]) {
			if !utf8.FullRune(w.rest[at-back:]) {
				at -= back
			}
			break
		}
	}
	out = append(append(out, w.rest[:at]...), '\n')
	w.rest = append(w.rest[:0], w.rest[at:]...)
	return out
}

// put appends the lines in out, after room for a header, to the log.
func (w *lineWriter) put(out []byte, continued bool) error {
	if len(out) == headerSize {
		return nil
	}
	record{w.index, w.stream, continued, out[headerSize:]}.header(out)
	if _, err := w.sink.log.Write(out); err != nil {
		w.err = w.sink.lost(err)
	}
	return w.err
}

// end completes the last line.
func (w *lineWriter) end() error {
	if len(w.rest) == 0 || w.err != nil {
		return nil // what was lost with an error is said in the target's result
	}
	_, err := w.Write([]byte{'\n'})
	return err
}
