//go:build unix

package terminal_test

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"go.uber.org/goleak"
	"golang.org/x/term"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/terminal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what should take no time.
const patience = 5 * time.Second

func openPTY(t *testing.T) (master, tty *os.File) {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close(); _ = master.Close() })
	return master, tty
}

func receive[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

func TestStdinIsGivenBack(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	lent, err := terminal.Stdin(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "for the pod"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	if n, err := lent.Read(buf); err != nil || string(buf[:n]) != "for the pod" {
		t.Fatalf("read %q, %v", buf[:n], err)
	}

	ended := make(chan error)
	go func() {
		_, err := lent.Read(buf)
		ended <- err
	}()
	time.Sleep(20 * time.Millisecond) // let it wait
	if err := lent.Close(); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, ended, "the read to end"); err != io.EOF {
		t.Errorf("the waiting read ended with %v, want EOF", err)
	}
	if _, err := io.WriteString(w, "for the shell"); err != nil {
		t.Fatal(err)
	}
	if n, err := lent.Read(buf); n != 0 || err != io.EOF {
		t.Errorf("read %q, %v after Close", buf[:n], err)
	}
	if n, err := r.Read(buf); err != nil || string(buf[:n]) != "for the shell" {
		t.Errorf("left for the shell: %q, %v", buf[:n], err)
	}
	if err := lent.Close(); err != nil {
		t.Error("second Close:", err)
	}
}

func TestStdinOfAFileEnds(t *testing.T) {
	path := t.TempDir() + "/in"
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lent, err := terminal.Stdin(f)
	if err != nil {
		t.Fatal(err)
	}
	defer lent.Close()
	if got, err := io.ReadAll(lent); err != nil || len(got) != 100_000 {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

func TestRawPassesCtrlCAndIsUndone(t *testing.T) {
	master, tty := openPTY(t)
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	restore, err := terminal.Raw(tty)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := master.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 10)
	if n, err := tty.Read(buf); err != nil || string(buf[:n]) != "\x03" {
		t.Errorf("read %q, %v; want the Ctrl-C byte itself", buf[:n], err)
	}
	restore()
	after, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	if *before != *after {
		t.Error("the terminal is not as it was")
	}
}

func TestRawNeedsATerminal(t *testing.T) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := terminal.Raw(f); err == nil || !strings.Contains(err.Error(), "raw mode") {
		t.Errorf("error %v", err)
	}
}

func TestSizesBeginWithTheFirst(t *testing.T) {
	master, tty := openPTY(t)
	if err := pty.Setsize(master, &pty.Winsize{Rows: 40, Cols: 132}); err != nil {
		t.Fatal(err)
	}
	sizes, stop := terminal.Sizes(tty)
	defer stop()
	if got, want := receive(t, sizes, "the first size"), (podexec.Size{Width: 132, Height: 40}); got != want {
		t.Errorf("size %+v, want %+v", got, want)
	}
}

func TestSizesFollowTheWindow(t *testing.T) {
	master, tty := openPTY(t)
	sizes, stop := terminal.Sizes(tty)
	defer stop()
	receive(t, sizes, "the first size")
	for _, width := range []uint16{90, 100} { // nobody reads in between: the newest wins
		if err := pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: width}); err != nil {
			t.Fatal(err)
		}
		signalResize(t)
	}
	deadline := time.Now().Add(patience)
	for got := receive(t, sizes, "a new size"); got.Width != 100; got = receive(t, sizes, "the newest size") {
		if time.Now().After(deadline) {
			t.Fatalf("size %+v, want width 100", got)
		}
	}
}
