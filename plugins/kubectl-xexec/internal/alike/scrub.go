package alike

import (
	"io"
	"strings"
)

// window is how many bytes are looked at in one go, 16 KiB; lookback is how many
// before them are kept to judge the beginning of what follows. No decision depends
// on bytes farther away than lookback and [rules].reach, so it makes no difference
// in which pieces an output arrives, and lines may be as long as they like.
const (
	window   = 16 << 10
	lookback = 64
)

// sink takes the text between the replacements, and the replacements.
type sink interface {
	text(p []byte)
	mark(k Kind, original []byte)
}

// scrubber replaces, in a stream, what rules say.
type scrubber struct {
	*rules
	to   sink
	buf  []byte
	next int // the first byte of buf that is not passed on yet
}

func (s *scrubber) write(p []byte) {
	for len(p) > 0 {
		n := min(len(p), lookback+window+s.reach-len(s.buf))
		s.buf = append(s.buf, p[:n]...)
		p = p[n:]
		if len(s.buf) == lookback+window+s.reach {
			s.pass(len(s.buf) - s.reach)
		}
	}
}

// end passes on what is left.
func (s *scrubber) end() {
	s.pass(len(s.buf))
	s.buf, s.next = nil, 0
}

// pass passes buf on up to limit or, if a match begins before it, to its end.
func (s *scrubber) pass(limit int) {
	b, from := s.buf, s.next
	for i := from; i < limit; i++ {
		may := s.start[b[i]]
		if may == 0 {
			continue
		}
		inside := i > 0 && isWord[b[i-1]]
		if inside && may&startsInside == 0 {
			continue
		}
		at, end, kind := s.match(b, i, inside)
		if end <= at {
			continue
		}
		if at > from {
			s.to.text(b[from:at])
		}
		s.to.mark(kind, b[at:end])
		from = end
		i = end - 1
	}
	if limit > from {
		s.to.text(b[from:limit])
		from = limit
	}
	kept := max(0, from-lookback)
	s.buf = b[:copy(b, b[kept:])]
	s.next = from - kept
}

// match returns what to replace of that which begins at b[i], inside a word or not.
func (s *scrubber) match(b []byte, i int, inside bool) (at, end int, k Kind) {
	if p := s.name(b, i); p != nil {
		return i, i + len(p.text), p.kind
	}
	if s.masks != 0 && !inside && isMaskStart[b[i]] {
		return s.masks.match(b, i)
	}
	return 0, 0, 0
}

// Scrubber is a writer that passes on what it is given with everything replaced.
// Close passes on the rest; it does not close what is written to.
type Scrubber struct {
	scrub scrubber
	to    textSink
}

// NewScrubber returns a Scrubber that writes to w.
func NewScrubber(w io.Writer, id Identity, masks Masks) *Scrubber {
	s := &Scrubber{to: textSink{w: w}}
	s.scrub = scrubber{rules: newRules(id, masks), to: &s.to}
	return s
}

// Write returns the first error of the writer behind it.
func (s *Scrubber) Write(p []byte) (int, error) {
	s.scrub.write(p)
	if s.to.err != nil {
		return 0, s.to.err
	}
	return len(p), nil
}

// Close passes on the rest.
func (s *Scrubber) Close() error {
	s.scrub.end()
	return s.to.err
}

// Counts says what was replaced so far.
func (s *Scrubber) Counts() Counts { return s.to.counts }

// textSink writes placeholders. After an error it writes nothing more.
type textSink struct {
	w      io.Writer
	counts Counts
	err    error
}

func (t *textSink) text(p []byte) {
	if t.err == nil {
		_, t.err = t.w.Write(p)
	}
}

func (t *textSink) mark(k Kind, _ []byte) {
	t.counts[k]++
	if t.err == nil {
		_, t.err = io.WriteString(t.w, placeholders[k])
	}
}

// replace is for a text that is at hand as a whole.
func (r *rules) replace(text string) (string, Counts) {
	var b strings.Builder
	to := textSink{w: &b}
	s := scrubber{rules: r, to: &to}
	s.write([]byte(text))
	s.end()
	return b.String(), to.counts
}
