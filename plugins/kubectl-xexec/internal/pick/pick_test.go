//go:build unix

package pick_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"go.uber.org/goleak"
	"golang.org/x/term"

	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/pick"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what should take no time.
const patience = 5 * time.Second

// person sits at a terminal on which a choice is asked for.
type person struct {
	t        *testing.T
	keyboard *os.File
	tty      *os.File
	before   term.State
	answer   chan answer

	mu    sync.Mutex
	shown strings.Builder
}

type answer struct {
	row int
	err error
}

// asked opens a terminal of 80×24 and asks for one of so many pods.
func asked(ctx context.Context, t *testing.T, pods int) *person {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	p := &person{t: t, keyboard: master, tty: tty, before: *before, answer: make(chan answer, 1)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			p.mu.Lock()
			p.shown.Write(buf[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _ = tty.Close(); _ = master.Close(); <-read })
	var targets []resolve.Target
	for i := range pods {
		targets = append(targets, resolve.Target{Namespace: "shop", Pod: fmt.Sprintf("web-%04d", i), Container: "app", Node: "node-1"})
	}
	go func() {
		row, err := pick.One(ctx, tty, tty, pick.Targets(targets))
		p.answer <- answer{row, err}
	}()
	return p
}

func (p *person) press(keys string) {
	p.t.Helper()
	if _, err := io.WriteString(p.keyboard, keys); err != nil {
		p.t.Fatal(err)
	}
}

// sees waits until the terminal has shown text.
func (p *person) sees(text string) {
	p.t.Helper()
	p.waits(text, func(shown string) bool { return strings.Contains(shown, text) })
}

func (p *person) waits(what string, done func(shown string) bool) {
	p.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		p.mu.Lock()
		shown := p.shown.String()
		p.mu.Unlock()
		if done(shown) {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("waited in vain for %q; the terminal shows %q", what, shown)
		}
	}
}

// gets waits for the answer and checks that the terminal is as it was, with the
// list gone.
func (p *person) gets(row int, want error) {
	p.t.Helper()
	select {
	case a := <-p.answer:
		if !errors.Is(a.err, want) || want == nil && a.row != row {
			p.t.Errorf("row %d, error %v; want %d, %v", a.row, a.err, row, want)
		}
	case <-time.After(patience):
		p.t.Fatal("waited in vain for the answer")
	}
	after, err := term.GetState(int(p.tty.Fd()))
	if err != nil {
		p.t.Fatal(err)
	}
	if *after != p.before {
		p.t.Error("the terminal is not as it was")
	}
	p.waits("the list to be erased and wrapping to be on", func(shown string) bool {
		return strings.HasSuffix(shown, "\x1b[J") && strings.Count(shown, "\x1b[?7l") == strings.Count(shown, "\x1b[?7h")
	})
}

func TestTypeAndEnter(t *testing.T) {
	p := asked(t.Context(), t, 1000)
	p.sees("1000 of 1000 > ")
	p.press("0777")
	p.sees("1 of 1000 > 0777")
	p.press("\r")
	p.gets(777, nil)
}

func TestArrows(t *testing.T) {
	p := asked(t.Context(), t, 30)
	p.press("\x1b[B\x1b[B\x1b[B\x1b[A")
	p.sees(">  3  web-0002")
	p.press("\r")
	p.gets(2, nil)
}

func TestEnterWithoutAMatchChoosesNothing(t *testing.T) {
	p := asked(t.Context(), t, 3)
	p.press("xyz\r")
	p.sees("0 of 3 > xyz")
	p.press("\x15\r") // Ctrl-U
	p.gets(0, nil)
}

func TestCtrlC(t *testing.T) {
	p := asked(t.Context(), t, 3)
	p.sees("3 of 3 > ")
	p.press("\x03")
	p.gets(0, pick.ErrInterrupted)
}

func TestEsc(t *testing.T) {
	p := asked(t.Context(), t, 3)
	p.sees("3 of 3 > ")
	p.press("\x1b")
	p.gets(0, pick.ErrDeclined)
}

func TestContextEndsIt(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	p := asked(ctx, t, 3)
	p.sees("3 of 3 > ")
	ended := errors.New("SIGTERM")
	cancel(ended)
	p.gets(0, ended)
}

func TestWindowChanges(t *testing.T) {
	p := asked(t.Context(), t, 100)
	p.sees(" 21  web-0020")
	if err := pty.Setsize(p.keyboard, &pty.Winsize{Rows: 50, Cols: 30}); err != nil {
		t.Fatal(err)
	}
	signalResize(t)
	p.sees(" 47  web-0046")
	p.press("\x1b")
	p.gets(0, pick.ErrDeclined)
}

func TestUsableNeedsATerminal(t *testing.T) {
	s, _, _, _ := streams.Test()
	if _, _, ok := pick.Usable(s); ok {
		t.Error("buffers pass for a terminal")
	}
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer tty.Close()
	t.Setenv("TERM", "xterm")
	s.In, s.Err = tty, tty
	if in, out, ok := pick.Usable(s); !ok || in != tty || out != tty {
		t.Error("a terminal does not do")
	}
	t.Setenv("TERM", "dumb")
	if _, _, ok := pick.Usable(s); ok {
		t.Error("a terminal that cannot move its cursor passes")
	}
}
