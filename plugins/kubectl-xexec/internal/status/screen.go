package status

import "io"

// erase goes to the beginning of the terminal's line and empties it.
const erase = "\r\x1b[K"

// draw shows the line as it is now, unless somebody else's line is unfinished.
func (s *Status) draw() {
	line := s.snapshot().line()
	s.screen.Lock()
	defer s.screen.Unlock()
	if s.inside {
		return
	}
	if width := s.width(); width > 0 {
		if cut := []rune(line); len(cut) >= width {
			line = string(cut[:width-1])
		}
	}
	if s.drawn && line == s.shown {
		return
	}
	_, _ = io.WriteString(s.o.W, erase+line) // it is talk: nobody misses what cannot be said
	s.drawn, s.shown = true, line
}

func (s *Status) width() int {
	if s.o.Width == nil {
		return 0
	}
	return s.o.Width()
}

// clear removes the line.
func (s *Status) clear() {
	s.screen.Lock()
	defer s.screen.Unlock()
	s.makeRoom()
}

// makeRoom is clear with the lock held.
func (s *Status) makeRoom() {
	if s.drawn {
		_, _ = io.WriteString(s.o.W, erase)
		s.drawn = false
	}
}

// list shows what runs.
func (s *Status) list() {
	text := s.snapshot().list(s.o.Names)
	s.screen.Lock()
	defer s.screen.Unlock()
	s.makeRoom()
	if s.inside {
		text = "\n" + text
	}
	_, _ = io.WriteString(s.o.W, text)
	s.inside = false
}

// Wrap returns a writer to w that keeps out of the line's way. Wrap what goes to
// the terminal while the run lasts, and only that.
func (s *Status) Wrap(w io.Writer) io.Writer {
	if !s.o.Line {
		return w
	}
	return &wrapped{s, w}
}

type wrapped struct {
	s *Status
	w io.Writer
}

func (w *wrapped) Write(p []byte) (int, error) {
	w.s.screen.Lock()
	defer w.s.screen.Unlock()
	w.s.makeRoom()
	n, err := w.w.Write(p)
	if n > 0 {
		w.s.inside = p[n-1] != '\n'
	}
	return n, err
}

// Fd lets the writer pass for the terminal that it writes to.
func (w *wrapped) Fd() uintptr {
	if f, ok := w.w.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}
