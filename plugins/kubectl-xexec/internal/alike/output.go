package alike

import (
	"bytes"
	"fmt"
	"io"
)

// Output is what one target wrote. A reader is nil where there is none, is read
// once, and is closed if it can be.
type Output struct {
	Identity       Identity
	Stdout, Stderr io.Reader
}

// Source opens the output of the member with an index, each time anew. It is asked
// only for what is shown.
type Source func(index int) (Output, error)

// Options say how people see groups.
type Options struct {
	// Width is the number of columns of the terminal. It cuts lists of names and
	// draws headers; output is never cut by it. 0 means no limit.
	Width    int
	Color    bool
	Terminal bool  // a person looks: make control characters visible, set output off from headers
	Masks    Masks // those of the [Hasher], to replace the same again
	// MaxLines is how many lines of a stream, or of a difference, are shown; 0 means
	// all. SeeAll is what to do to see them, such as "--max-lines 0 shows all".
	MaxLines int
	SeeAll   string
	// Noun is what a target is, "pod" unless set.
	Noun string
}

// count is "1 pod", "200 pods".
func (o Options) count(n int) string {
	noun := o.Noun
	if noun == "" {
		noun = "pod"
	}
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func closeReader(r io.Reader) {
	if c, ok := r.(io.Closer); ok {
		_ = c.Close() // it was only read
	}
}

func (o Output) close() {
	closeReader(o.Stdout)
	closeReader(o.Stderr)
}

// maxLine is the longest piece of a line that is compared at once, 64 KiB.
const maxLine = 64 << 10

// lineReader reads a stream line by line, each with its newline. A line longer than
// [maxLine] comes in pieces.
type lineReader struct {
	r       io.Reader // nil: an empty stream
	scrub   *Scrubber // nil: as it is
	pending bytes.Buffer
	chunk   []byte
	ended   bool
}

func newLineReader(r io.Reader, id Identity, masks Masks, raw bool) *lineReader {
	l := &lineReader{r: r, chunk: make([]byte, window), ended: r == nil}
	if !raw {
		l.scrub = NewScrubber(&l.pending, id, masks)
	}
	return l
}

// next returns the next line, nil at the end. It is valid until the next call.
func (l *lineReader) next() ([]byte, error) {
	for {
		have := l.pending.Bytes()
		if end := bytes.IndexByte(have[:min(len(have), maxLine)], '\n'); end >= 0 {
			return l.pending.Next(end + 1), nil
		}
		if len(have) >= maxLine || l.ended {
			return l.pending.Next(min(len(have), maxLine)), nil
		}
		if err := l.fill(); err != nil {
			return nil, err
		}
	}
}

func (l *lineReader) fill() error {
	n, err := l.r.Read(l.chunk)
	if l.scrub == nil {
		l.pending.Write(l.chunk[:n])
	} else if _, werr := l.scrub.Write(l.chunk[:n]); werr != nil {
		return werr
	}
	if err == io.EOF {
		l.ended = true
		if l.scrub != nil {
			return l.scrub.Close()
		}
		return nil
	}
	return err
}
