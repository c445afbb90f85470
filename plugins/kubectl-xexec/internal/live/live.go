// Package live shows what many targets write while they write it: whole lines,
// each after the name of its target, never two mixed into one.
//
// Lines keep their stream: a target's stdout goes to stdout, its stderr to
// stderr. Between the two streams, and between targets, the order is that of
// arrival. A last line without a newline is completed with one.
package live

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"

	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// maxLine is the longest line that is kept together, 64 KiB. A longer one is shown
// in pieces, each on a line of its own: a target that never ends its line must not
// fill the memory.
const maxLine = 64 << 10

// Stream is where the lines of one stream go.
type Stream struct {
	W        io.Writer
	Color    bool // give each target its own colour
	Terminal bool // a person looks: pad the names and make control characters visible
}

// Sink writes prefixed lines. It is an engine.Sink.
type Sink struct {
	out, err Stream
	labels   []string // by target; empty labels mean no prefix
	width    int

	mu      sync.Mutex // holds lines of both streams together: they may share a terminal
	writers map[int][2]*lineWriter
}

// New returns a sink over two streams. Labels holds the name of each target by
// index; without labels the lines have no prefix.
func New(out, err Stream, labels []string) *Sink {
	s := &Sink{out: out, err: err, labels: labels, writers: map[int][2]*lineWriter{}}
	for _, l := range labels {
		s.width = max(s.width, utf8.RuneCountInString(l))
	}
	return s
}

// Open implements engine.Sink.
func (s *Sink) Open(index int) (stdout, stderr io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := [2]*lineWriter{
		{sink: s, to: s.out, prefix: s.prefix(index, s.out, '|')},
		{sink: s, to: s.err, prefix: s.prefix(index, s.err, '!')},
	}
	s.writers[index] = w
	return w[0], w[1]
}

// Landed implements engine.Sink: it writes out the last line of each stream.
func (s *Sink) Landed(index int, _ engine.Result) error {
	s.mu.Lock()
	w, ok := s.writers[index]
	delete(s.writers, index)
	s.mu.Unlock()
	if !ok {
		return nil // never opened
	}
	for _, stream := range w {
		if err := stream.end(); err != nil {
			return err
		}
	}
	return nil
}

// palette holds the colours that stand out on light and dark ground; red is left
// for what is wrong.
var palette = []int{32, 33, 34, 35, 36, 92, 93, 94, 95, 96}

// prefix is "web-0 | " for stdout and "web-0 ! " for stderr. The colour follows
// from the name alone, so that a pod keeps it from run to run.
func (s *Sink) prefix(index int, to Stream, mark rune) string {
	if len(s.labels) == 0 {
		return ""
	}
	label := s.labels[index]
	pad := ""
	if to.Terminal {
		pad = strings.Repeat(" ", s.width-utf8.RuneCountInString(label))
	}
	if to.Color {
		h := fnv.New32a()
		_, _ = io.WriteString(h, label)
		label = fmt.Sprintf("\x1b[%dm%s\x1b[0m", palette[h.Sum32()%uint32(len(palette))], label)
	}
	return fmt.Sprintf("%s%s %c ", label, pad, mark)
}

// lineWriter cuts one stream of one target into lines. It is used by one
// goroutine at a time.
type lineWriter struct {
	sink   *Sink
	to     Stream
	prefix string
	rest   []byte // the line that has not ended yet
}

// Write shows the lines that p completes, in a single write.
func (w *lineWriter) Write(p []byte) (int, error) {
	var lines bytes.Buffer
	for left := p; len(left) > 0; {
		end := bytes.IndexByte(left, '\n')
		if end >= 0 && len(w.rest)+end <= maxLine {
			w.line(&lines, left[:end])
			left = left[end+1:]
			continue
		}
		n := min(len(left), maxLine-len(w.rest))
		w.rest = append(w.rest, left[:n]...)
		left = left[n:]
		if len(w.rest) == maxLine {
			w.breakLine(&lines)
		}
	}
	if err := w.flush(&lines); err != nil {
		return 0, err
	}
	return len(p), nil
}

// breakLine shows the rest as a line of its own, cut between two characters.
func (w *lineWriter) breakLine(to *bytes.Buffer) {
	cut := len(w.rest)
	for back := 1; back < utf8.UTFMax; back++ {
		if b := w.rest[cut-back]; utf8.RuneStart(b) {
			if !utf8.FullRune(w.rest[cut-back:]) {
				cut -= back
			}
			break
		}
	}
	carry := bytes.Clone(w.rest[cut:])
	w.rest = w.rest[:cut]
	w.line(to, nil)
	w.rest = append(w.rest, carry...)
}

func (w *lineWriter) line(to *bytes.Buffer, end []byte) {
	to.WriteString(w.prefix)
	if w.to.Terminal {
		text := string(w.rest) + string(end)
		to.WriteString(streams.Sanitize(strings.TrimSuffix(text, "\r")))
	} else {
		to.Write(w.rest)
		to.Write(end)
	}
	to.WriteByte('\n')
	w.rest = w.rest[:0]
}

func (w *lineWriter) end() error {
	if len(w.rest) == 0 {
		return nil
	}
	var last bytes.Buffer
	w.line(&last, nil)
	return w.flush(&last)
}

func (w *lineWriter) flush(lines *bytes.Buffer) error {
	if lines.Len() == 0 {
		return nil
	}
	w.sink.mu.Lock()
	defer w.sink.mu.Unlock()
	_, err := w.to.W.Write(lines.Bytes())
	return err
}
