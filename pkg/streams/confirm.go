package streams

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// ErrNotTerminal says that a question could not be asked, because no person is at
// a terminal to answer it.
var ErrNotTerminal = errors.New("there is no terminal to ask at")

// Confirm asks a question that is answered with y or yes, in any case; everything
// else, the end of input among it, means no. It asks on stderr and reads the answer
// from stdin, or each from the process's own terminal if it leads elsewhere: a
// command may read its data from stdin and still ask.
//
// It returns [ErrNotTerminal] if nobody can answer and the cause of ctx when that
// ends first; what is typed after that is left for others to read (on Windows, the
// next line is lost).
func Confirm(ctx context.Context, s *IO, question string) (bool, error) {
	in, out, done, err := s.dialogue()
	if err != nil {
		return false, err
	}
	defer done()
	if _, err := fmt.Fprintf(out, "%s [y/N] ", Sanitize(question)); err != nil {
		return false, fmt.Errorf("asking for confirmation: %w", err)
	}
	line, err := readLine(ctx, in)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(out)
		return false, context.Cause(ctx)
	case errors.Is(err, io.EOF):
		fmt.Fprintln(out)
	case err != nil:
		return false, fmt.Errorf("reading the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return err == nil, nil
	}
	return false, nil
}

// dialogue finds where to read answers and where to ask. Done closes what had to be
// opened for it.
func (s *IO) dialogue() (in *os.File, out io.Writer, done func(), err error) {
	done = func() {}
	if s.ErrIsTerminal() {
		out = s.Err
	}
	if f, ok := s.In.(*os.File); ok && s.InIsTerminal() {
		in = f
	}
	if in != nil && out != nil {
		return in, out, done, nil
	}
	if s.openTTY == nil {
		return nil, nil, done, ErrNotTerminal
	}
	ttyIn, ttyOut, err := s.openTTY()
	if err != nil {
		return nil, nil, done, ErrNotTerminal
	}
	done = func() { _, _ = ttyIn.Close(), ttyOut.Close() }
	if in == nil {
		in = ttyIn
	}
	if out == nil {
		out = ttyOut
	}
	return in, out, done, nil
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 4 << 10

// readLine reads up to a newline. A terminal hands out a line at most, so that
// nothing behind it is taken.
func readLine(ctx context.Context, in *os.File) (string, error) {
	var line []byte
	buf := make([]byte, 256)
	for len(line) < maxAnswer {
		n, err := readWhile(ctx, in, buf)
		line = append(line, buf[:n]...)
		if err != nil || n > 0 && buf[n-1] == '\n' {
			return string(line), err
		}
	}
	return string(line), nil
}
