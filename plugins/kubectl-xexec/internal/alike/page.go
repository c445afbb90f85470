package alike

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// page shows one stream of one target: each line behind a gutter, harmless on a
// terminal, no more than a number of lines.
type page struct {
	w       io.Writer
	options Options
	gutter  string
	lines   int  // begun so far, also those not shown
	open    bool // the last one has not ended
	carry   []byte
	noteEnd bool // say that the last line has no newline
	err     error
}

const noNewline = `\ no newline at the end`

// Write never fails; the first error is that of end.
func (p *page) Write(text []byte) (int, error) {
	n := len(text)
	if len(p.carry) > 0 {
		text = append(p.carry, text...)
		p.carry = nil
	}
	for len(text) > 0 {
		line, rest, ended := bytes.Cut(text, []byte("\n"))
		if !ended && p.options.Terminal {
			// A character may be cut in two here.
			whole := len(line) - cutRune(line)
			p.carry = append([]byte(nil), line[whole:]...)
			line = line[:whole]
		}
		p.piece(line, ended)
		text = rest
	}
	return n, nil
}

// cutRune is how many bytes at the end of b are the beginning of a character.
func cutRune(b []byte) int {
	for n := 1; n <= min(len(b), utf8.UTFMax-1); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// piece shows a part of a line, with its newline if it has ended.
func (p *page) piece(text []byte, ended bool) {
	if !p.open {
		p.lines++
	}
	hidden := p.options.MaxLines > 0 && p.lines > p.options.MaxLines
	if !hidden {
		if !p.open {
			p.say(p.gutter)
		}
		if p.options.Terminal {
			p.say(streams.Sanitize(string(text)))
		} else {
			p.put(text)
		}
		if ended {
			p.say("\n")
		}
	}
	p.open = !ended
}

func (p *page) put(b []byte) {
	if p.err == nil {
		_, p.err = p.w.Write(b)
	}
}

func (p *page) say(text string) {
	if p.err == nil {
		_, p.err = io.WriteString(p.w, text)
	}
}

// end completes the last line, and says what is not shown.
func (p *page) end() error {
	if len(p.carry) > 0 {
		rest := p.carry
		p.carry = nil
		p.piece(rest, false)
	}
	hidden := 0
	if p.options.MaxLines > 0 {
		hidden = max(0, p.lines-p.options.MaxLines)
	}
	if p.open && hidden == 0 {
		p.say("\n")
		if p.noteEnd {
			p.say(p.gutter + p.options.paint(faint, noNewline) + "\n")
		}
	}
	if hidden > 0 {
		p.say(p.gutter + p.options.more(hidden, "line") + "\n")
	}
	return p.err
}

// more is "… 12 more lines: --max-lines 0 shows all".
func (o Options) more(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	text := fmt.Sprintf("… %d more %s", n, noun)
	if o.SeeAll != "" {
		text += ": " + o.SeeAll
	}
	return o.paint(faint, text)
}
