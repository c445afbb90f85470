package streams

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// ask runs Confirm, types keys into master once the question is there, and returns
// the outcome and what the terminal shows.
func ask(ctx context.Context, t *testing.T, s *IO, master *os.File, keys string) (yes bool, screen string, err error) {
	t.Helper()
	type outcome struct {
		yes bool
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		yes, err := Confirm(ctx, s, "Run in 30 pods?")
		done <- outcome{yes, err}
	}()
	screen = readUntil(t, master, "[y/N] ")
	if _, err := master.WriteString(keys); err != nil {
		t.Fatal(err)
	}
	select {
	case o := <-done:
		return o.yes, screen, o.err
	case <-time.After(5 * time.Second):
		t.Fatalf("no end after typing %q", keys)
		return false, screen, nil
	}
}

func readUntil(t *testing.T, master *os.File, end string) string {
	t.Helper()
	if err := master.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var all []byte
	buf := make([]byte, 1024)
	for !bytes.HasSuffix(all, []byte(end)) {
		n, err := master.Read(buf)
		if err != nil {
			t.Fatalf("terminal shows %q, then %v", all, err)
		}
		all = append(all, buf[:n]...)
	}
	return string(all)
}

func TestConfirm(t *testing.T) {
	for keys, want := range map[string]bool{
		"y\n": true, "YES\n": true, " yes \n": true, "n\n": false, "\n": false, "yep\n": false,
		"\x04": false, "y\x04\x04": false, strings.Repeat("y", 300) + "\n": false,
	} {
		master, tty := openPTY(t)
		yes, screen, err := ask(t.Context(), t, &IO{In: tty, Out: &bytes.Buffer{}, Err: tty}, master, keys)
		if err != nil || yes != want || screen != "Run in 30 pods? [y/N] " {
			t.Errorf("%q: %v, %v; screen %q; want %v", keys, yes, err, screen, want)
		}
	}
}

// stdin and stderr belong to a pipe and a file: the terminal itself is asked.
func TestConfirmAtTheTerminalItself(t *testing.T) {
	master, tty := openPTY(t)
	s, in, _, errOut := Test()
	in.WriteString("y\n")
	s.openTTY = func() (*os.File, *os.File, error) {
		again, err := os.OpenFile(tty.Name(), os.O_RDWR, 0)
		if err != nil {
			return nil, nil, err
		}
		out, err := os.OpenFile(tty.Name(), os.O_RDWR, 0)
		return again, out, err
	}
	yes, _, err := ask(t.Context(), t, s, master, "n\n")
	if yes || err != nil || errOut.Len() > 0 || in.String() != "y\n" {
		t.Errorf("%v, %v; stderr has %q, stdin has %q left", yes, err, errOut, in)
	}
	if yes, _, err := ask(t.Context(), t, s, master, "y\n"); !yes || err != nil {
		t.Errorf("%v, %v; want yes", yes, err)
	}
}

func TestNobodyToConfirm(t *testing.T) {
	s, in, _, errOut := Test()
	in.WriteString("y\n")
	noTTY := func() (*os.File, *os.File, error) { return nil, nil, os.ErrNotExist }
	for _, open := range []func() (*os.File, *os.File, error){nil, noTTY} {
		s.openTTY = open
		if yes, err := Confirm(t.Context(), s, "Run?"); yes || !errors.Is(err, ErrNotTerminal) || errOut.Len() > 0 {
			t.Errorf("%v, %v, stderr %q; want ErrNotTerminal and silence", yes, err, errOut)
		}
	}
}

// Ctrl-C at the prompt ends it, and what is typed next belongs to the shell.
func TestConfirmIsInterrupted(t *testing.T) {
	master, tty := openPTY(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("interrupted")
	done := make(chan error, 1)
	go func() {
		yes, err := Confirm(ctx, &IO{In: tty, Err: tty}, "Run?")
		if yes {
			err = errors.New("taken for a yes")
		}
		done <- err
	}()
	readUntil(t, master, "[y/N] ")
	began := time.Now()
	cancel(why)
	select {
	case err := <-done:
		if !errors.Is(err, why) {
			t.Errorf("error %v after %s, want %v", err, time.Since(began), why)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the prompt outlives its context")
	}
	if _, err := master.WriteString("ls\n"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 16)
	if n, err := tty.Read(buf); err != nil || string(buf[:n]) != "ls\n" {
		t.Errorf("the shell reads %q, %v", buf[:n], err)
	}
}

func TestQuestionsAreHarmless(t *testing.T) {
	master, tty := openPTY(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = Confirm(t.Context(), &IO{In: tty, Err: tty}, "Run in \x1b[2Jweb?")
	}()
	if got := readUntil(t, master, "[y/N] "); got != `Run in \x1b[2Jweb? [y/N] ` {
		t.Errorf("the terminal got %q", got)
	}
	_, _ = master.WriteString("\n")
	<-done
}
