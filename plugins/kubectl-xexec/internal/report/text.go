package report

import (
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
)

// text is one stream of output and what had to be known of all of it before its
// first byte is written.
type text struct {
	s     *spool.Spool
	size  int64 // bytes to print
	valid bool  // UTF-8

	printable bool // as it is, also in YAML
	newlines  int64
	first     byte
	trailing  int64 // newlines at the end
}

func (t *text) encoding() string {
	if t.valid {
		return "utf-8"
	}
	return "base64"
}

// reader returns what is to be printed.
func (t *text) reader() io.Reader { return io.NewSectionReader(t.s, 0, t.size) }

// inspect reads a stream once. A character that the limit has cut in two is left
// away.
func inspect(s *spool.Spool) (*text, error) {
	t := &text{s: s, size: s.Len(), valid: true, printable: true}
	err := eachWhole(t.reader(), func(p []byte) error {
		t.look(p)
		return nil
	}, func(rest []byte) error {
		switch {
		case s.Truncated() && !utf8.FullRune(rest):
			t.size -= int64(len(rest))
		default:
			t.valid = false
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading back output: %w", err)
	}
	if !t.valid {
		t.size = s.Len()
	}
	return t, nil
}

// look takes note of the next piece, which ends between two characters.
func (t *text) look(p []byte) {
	if t.first == 0 && len(p) > 0 {
		t.first = p[0]
	}
	t.valid = t.valid && utf8.Valid(p)
	if !t.valid {
		return
	}
	for i := 0; i < len(p); {
		c := p[i]
		if c == '\n' {
			t.newlines++
			t.trailing++
			i++
			continue
		}
		t.trailing = 0
		if c >= ' ' && c < 0x7f || c == '\t' {
			i++
			continue
		}
		r, n := utf8.DecodeRune(p[i:])
		if c < ' ' || awkward(r) {
			t.printable = false
		}
		i += n
	}
}

// eachWhole hands what r has to piece, cut only between characters, and what is
// left of an unfinished character at the end to rest.
func eachWhole(r io.Reader, piece, rest func([]byte) error) error {
	buf := make([]byte, 32<<10)
	kept := 0
	for {
		n, err := r.Read(buf[kept:])
		p := buf[:kept+n]
		whole := len(p) - unfinished(p)
		if whole > 0 {
			if err := piece(p[:whole]); err != nil {
				return err
			}
		}
		kept = copy(buf, p[whole:])
		switch {
		case err == io.EOF && kept > 0:
			return rest(buf[:kept])
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// unfinished is the number of bytes at the end of p that begin a character.
func unfinished(p []byte) int {
	for back := 1; back < utf8.UTFMax && back <= len(p); back++ {
		if utf8.RuneStart(p[len(p)-back]) {
			if !utf8.FullRune(p[len(p)-back:]) {
				return back
			}
			break
		}
	}
	return 0
}
