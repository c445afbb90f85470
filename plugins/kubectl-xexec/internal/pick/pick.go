// Package pick lets a person choose one row of a table on the terminal.
//
//	row, err := pick.One(ctx, os.Stdin, os.Stderr, pick.Targets(found.Targets))
//	if errors.Is(err, pick.ErrInterrupted) { … exit code 130 … }
//
// Typing narrows the rows down to those that hold each typed word, a row's number
// puts the cursor on it, the arrow keys move it, Enter chooses. A thousand rows
// scroll in a window of a few lines; in a narrow one the last columns are left out.
// The list is drawn below the cursor and erased in the end: what the terminal
// showed before stays where it is.
package pick

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/terminal"
)

// What a person does instead of choosing.
var (
	ErrInterrupted = errors.New("interrupted while choosing")                     // Ctrl-C
	ErrDeclined    = errors.New("nothing was chosen")                             // Esc, Ctrl-D, or the end of input
	errNoTerminal  = errors.New("choosing needs a terminal for input and output") // see [Usable]
)

// Table is what there is to choose from.
type Table struct {
	Title  string
	Header []string
	Rows   [][]string
}

// sanitized is the table as a terminal may show it.
func (t Table) sanitized() Table {
	clean := Table{Title: streams.SanitizeLine(t.Title), Header: t.Header}
	for _, row := range t.Rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = streams.SanitizeLine(cell)
		}
		clean.Rows = append(clean.Rows, cells)
	}
	return clean
}

// Usable reports whether somebody can choose: stdin and stderr are a terminal, one
// that can move its cursor. The two files are then what [One] takes.
func Usable(s *streams.IO) (in, out *os.File, ok bool) {
	in, isFile := s.In.(*os.File)
	out, isOut := s.Err.(*os.File)
	ok = isFile && isOut && s.InIsTerminal() && s.ErrIsTerminal() && os.Getenv("TERM") != "dumb"
	return in, out, ok
}

// One returns the index of the row that the person at the terminal in chooses,
// [ErrInterrupted], [ErrDeclined], or why ctx ended. Whatever happens, the terminal
// is as before when it returns.
func One(ctx context.Context, in, out *os.File, t Table) (row int, err error) {
	if len(t.Rows) == 0 {
		return 0, ErrDeclined
	}
	restore, err := terminal.Raw(in)
	if err != nil {
		return 0, errors.Join(errNoTerminal, err)
	}
	defer restore()
	lent, err := terminal.Stdin(in)
	if err != nil {
		return 0, fmt.Errorf("reading keys: %w", err)
	}
	sizes, stopSizes := terminal.Sizes(out)
	defer stopSizes()
	ctx, cancel := context.WithCancelCause(ctx)
	pressed := keys(ctx, lent)
	defer func() {
		cancel(nil)
		_ = lent.Close() // lets a waiting read go
		for range pressed {
		}
	}()
	s := &screen{w: out}
	defer s.erase()
	return choose(ctx, newModel(t), s, pressed, sizes)
}

// choose draws the list anew after each key and each change of the window.
func choose(ctx context.Context, m *model, s *screen, pressed <-chan key, sizes <-chan podexec.Size) (int, error) {
	window := size{80, 24} // until the terminal says otherwise
	for {
		select {
		case now := <-sizes:
			if now.Width > 0 && now.Height > 0 {
				window = size{int(now.Width), int(now.Height)}
			}
		case k, open := <-pressed:
			switch {
			case !open || k.name == keyEscape:
				return 0, ErrDeclined
			case k.name == keyInterrupt:
				return 0, ErrInterrupted
			case k.name == keyEnter:
				if row, ok := m.chosen(); ok {
					return row, nil
				}
			}
			m.press(k, window.page())
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
		s.draw(m.view(window))
	}
}

// screen draws lines over those that it drew before.
type screen struct {
	w     io.Writer
	lines int // drawn; the cursor is on the last one
}

// up moves to the beginning of the first line and clears all that follows.
func (s *screen) up() string {
	if s.lines > 1 {
		return fmt.Sprintf("\r\x1b[%dA\x1b[J", s.lines-1)
	}
	return "\r\x1b[J"
}

// draw writes all at once, and with wrapping off: a line that is too wide on this
// terminal for some reason must not become two.
func (s *screen) draw(lines []string) {
	//nolint:errcheck // who cannot see the list will press Esc
	io.WriteString(s.w, s.up()+"\x1b[?7l"+strings.Join(lines, "\r\n")+"\x1b[?7h")
	s.lines = len(lines)
}

func (s *screen) erase() {
	//nolint:errcheck // nothing is left to do
	io.WriteString(s.w, s.up())
}
