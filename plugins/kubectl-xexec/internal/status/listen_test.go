//go:build unix

package status_test

import (
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/status"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("os/signal.loop"), goleak.IgnoreAnyFunction("os/signal.signal_recv"))
}

// answers waits until the screen shows the list again.
func answers(t *testing.T, shown *screen, to string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if strings.Contains(shown.take(), "web-0") {
			return
		}
	}
	t.Errorf("no answer to %s", to)
}

func TestEnterAndSignalAsk(t *testing.T) {
	keyboard, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer keyboard.Close()
	defer tty.Close()
	var shown screen
	s := status.New(status.Options{W: &shown, Targets: 1, Names: names(1), Keys: tty})
	s.Trying(0, 1)
	for range 2 {
		if _, err := io.WriteString(keyboard, "\n"); err != nil {
			t.Fatal(err)
		}
		answers(t, &shown, "Enter")
		if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		answers(t, &shown, "SIGUSR1")
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(keyboard, "ls\n"); err != nil { // for the shell that comes after
		t.Fatal(err)
	}
	line := make([]byte, 10)
	if n, err := tty.Read(line); string(line[:n]) != "ls\n" {
		t.Errorf("the next line was taken: %q, %v", line[:n], err)
	}
}
