// Package streams is a command's three standard streams and what is known
// about the terminal behind them.
//
// It keeps one promise: stdout is data, stderr is talk. Anything that draws
// (colour, progress, a prompt) asks here first whether a person is looking.
// The package knows nothing about Kubernetes.
package streams

import (
	"bytes"
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// IO is a command's stdin, stdout and stderr. The zero value is not usable; take
// one from [System] or [Test].
type IO struct {
	In  io.Reader
	Out io.Writer // data only
	Err io.Writer // everything a person reads besides the data

	// Color decides whether ANSI colour is written; see [ColorMode].
	Color ColorMode
	// Quiet turns progress off. Errors are still written.
	Quiet bool

	getenv  func(string) string
	openTTY func() (in, out *os.File, err error) // nil: the process has no terminal
}

// ColorMode is the value of a --color flag.
type ColorMode string

// The three values of --color. Auto colours a terminal unless NO_COLOR is set
// (https://no-color.org) or TERM is "dumb".
const (
	ColorAuto   ColorMode = "auto"
	ColorAlways ColorMode = "always"
	ColorNever  ColorMode = "never"
)

// System returns the streams of this process.
func System() *IO {
	return &IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Color: ColorAuto, getenv: os.Getenv, openTTY: openTTY}
}

// Test returns streams over buffers; none of them is a terminal and the
// environment is empty.
func Test() (s *IO, in, out, errOut *bytes.Buffer) {
	in, out, errOut = &bytes.Buffer{}, &bytes.Buffer{}, &bytes.Buffer{}
	s = &IO{In: in, Out: out, Err: errOut, Color: ColorAuto, getenv: func(string) string { return "" }}
	return s, in, out, errOut
}

// InIsTerminal reports whether a person may be typing.
func (s *IO) InIsTerminal() bool { return isTerminal(s.In) }

// OutIsTerminal reports whether a person is looking at the data.
func (s *IO) OutIsTerminal() bool { return isTerminal(s.Out) }

// ErrIsTerminal reports whether a person is looking at the talk.
func (s *IO) ErrIsTerminal() bool { return isTerminal(s.Err) }

// Width is the number of columns that a line on stdout may take. It is 0, for
// no limit, when stdout is not a terminal.
func (s *IO) Width() int {
	if !s.OutIsTerminal() {
		return 0
	}
	return width(s.Out, s.env("COLUMNS"))
}

// Size is the columns and rows of the terminal that stdout is, 0 and 0 if it is none.
func (s *IO) Size() (columns, rows int) {
	f, ok := s.Out.(hasFd)
	if !ok {
		return 0, 0
	}
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0, 0
	}
	return columns, rows
}

// UseColor reports whether ANSI colour may be written to w, one of Out and Err.
func (s *IO) UseColor(w io.Writer) bool {
	switch s.Color {
	case ColorAlways:
		return true
	case ColorNever:
		return false
	}
	return isTerminal(w) && s.env("NO_COLOR") == "" && s.env("TERM") != "dumb"
}

func (s *IO) env(name string) string {
	if s.getenv == nil {
		return ""
	}
	return s.getenv(name)
}

type hasFd interface{ Fd() uintptr }

func isTerminal(stream any) bool {
	f, ok := stream.(hasFd)
	return ok && term.IsTerminal(int(f.Fd()))
}

const defaultWidth = 80

func width(w io.Writer, columns string) int {
	if f, ok := w.(hasFd); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return n
		}
	}
	if n, err := strconv.Atoi(columns); err == nil && n > 0 {
		return n
	}
	return defaultWidth
}
