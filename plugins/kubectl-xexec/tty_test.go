//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// onTerminal runs the command on a terminal of its own, 132 columns by 40 lines,
// and checks at the end that it left the terminal as it was.
func onTerminal(t *testing.T, args ...string) (cmd *exec.Cmd, keyboard *os.File, shown *screen) {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	resize(t, master, 132, 40)
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	cmd = command(t, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	start(t, cmd)
	shown = newScreen()
	go func() { _, _ = io.Copy(shown, master) }()
	t.Cleanup(func() {
		after, err := term.GetState(int(tty.Fd()))
		if err != nil {
			t.Error(err)
		} else if *before != *after {
			t.Error("the terminal is not as it was")
		}
		_ = tty.Close()
		_ = master.Close()
	})
	return cmd, master, shown
}

func resize(t *testing.T, master *os.File, columns, rows uint16) {
	t.Helper()
	if err := pty.Setsize(master, &pty.Winsize{Rows: rows, Cols: columns}); err != nil {
		t.Fatal(err)
	}
}

func press(t *testing.T, keyboard *os.File, keys string) {
	t.Helper()
	if _, err := keyboard.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// A terminal session: the remote side knows the size, follows a change of it, and
// gets Ctrl-C; its exit code comes back.
func TestTerminalSession(t *testing.T) {
	const script = `await() { until test "$(stty size)" = "$1"; do sleep 0.05; done; echo "size $1"; }
		trap 'echo caught; exit 7' INT
		await "40 132"; test -t 0 && test -t 1 && test -t 2 && echo three ttys
		read line; echo "read $line"; await "50 100"; while :; do sleep 0.05; done`
	cmd, keyboard, shown := onTerminal(t, "-it", "web-5f4-a", "--", "sh", "-c", script)
	shown.waitFor(t, "size 40 132")
	shown.waitFor(t, "three ttys")
	press(t, keyboard, "hello\r")
	shown.waitFor(t, "read hello")
	resize(t, keyboard, 100, 50)
	shown.waitFor(t, "size 50 100")
	press(t, keyboard, "\x03")
	shown.waitFor(t, "caught")
	if state := waitExit(t, cmd); state.ExitCode() != 7 {
		t.Errorf("exit code %d, want 7", state.ExitCode())
	}
	shown.waitFor(t, "command terminated with exit code 7\r\n") // \r: the terminal is cooked again
}

// Typing ahead reaches the remote shell, end of file ends it.
func TestTerminalShell(t *testing.T) {
	cmd, keyboard, shown := onTerminal(t, "-it", "web-5f4-a", "--", "sh")
	press(t, keyboard, "echo $((6*7))\r")
	shown.waitFor(t, "42")
	press(t, keyboard, "\x04")
	if state := waitExit(t, cmd); state.ExitCode() != 0 {
		t.Errorf("exit code %d, want 0; screen %q", state.ExitCode(), shown)
	}
}

// A signal from outside restores the terminal, too: onTerminal checks it.
func TestTerminalIsRestoredOnSignal(t *testing.T) {
	cmd, _, shown := onTerminal(t, "-it", "web-5f4-a", "--", "sh", "-c", "echo begun; sleep 60")
	shown.waitFor(t, "begun")
	interrupt(t, cmd, syscall.SIGTERM)
	if state := waitExit(t, cmd); state.ExitCode() != 130 {
		t.Errorf("exit code %d, want 130", state.ExitCode())
	}
}

// Without -t the local terminal stays cooked: Ctrl-C is for the command here.
func TestCtrlCWithoutTTYIsLocal(t *testing.T) {
	cmd, keyboard, shown := onTerminal(t, "-i", "web-5f4-a", "--", "sh", "-c", "echo begun; sleep 60")
	shown.waitFor(t, "begun")
	press(t, keyboard, "\x03")
	if state := waitExit(t, cmd); state.ExitCode() != 130 {
		t.Errorf("exit code %d, want 130", state.ExitCode())
	}
}

// On a terminal a hostile pod's escape sequences are shown, not obeyed, and each
// pod has its colour.
func TestPrefixesOnATerminal(t *testing.T) {
	cmd, _, shown := onTerminal(t, "deploy/web", "--", "printf", `\033]0;owned\007\n`)
	if state := waitExit(t, cmd); state.ExitCode() != 0 {
		t.Errorf("exit code %d, want 0", state.ExitCode())
	}
	shown.waitFor(t, "3 pods: 3 ok")
	text := shown.String()
	if strings.Contains(text, "\x1b]0;") || strings.Count(text, `\x1b]0;owned\x07`) != 3 || strings.Count(text, "\x1b[0m | ") != 3 {
		t.Errorf("screen %q", text)
	}
}
