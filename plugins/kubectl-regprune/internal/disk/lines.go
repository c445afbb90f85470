package disk

import (
	"errors"
	"strings"
)

// maxLine is far beyond the longest path that names and tags can make.
const maxLine = 16 << 10

// LineWriter cuts what is written to it into lines, and holds no more than one.
type LineWriter struct {
	Line func(text string) error // gets every line, without the newline
	rest []byte
}

// Write fails where Line does, and on lines longer than 16 KiB.
func (w *LineWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	text := string(w.rest)
	for {
		line, after, found := strings.Cut(text, "\n")
		if !found {
			break
		}
		if err := w.Line(line); err != nil {
			return 0, err
		}
		text = after
	}
	w.rest = append(w.rest[:0], text...)
	if len(w.rest) > maxLine {
		return 0, errors.New("a line of the output is endless")
	}
	return len(p), nil
}

// Partial reports whether the last line has no newline yet.
func (w *LineWriter) Partial() bool { return len(w.rest) > 0 }
