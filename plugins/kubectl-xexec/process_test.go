//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

// patience is how long a test waits for what should take no time.
const patience = 30 * time.Second

// command prepares the real command against a server of its own.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd, _ := commandOn(t, args...)
	return cmd
}

func commandOn(t *testing.T, args ...string) (*exec.Cmd, *kubetest.Server) {
	t.Helper()
	s := kubetest.Start(t, kubetest.Options{Objects: scene()})
	home := t.TempDir()
	config := filepath.Join(home, "kubeconfig")
	if err := s.Kubeconfig(config); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("kubectl-xexec", args...) // in PATH by way of testscript.Main
	cmd.Env = append(os.Environ(), "KUBECONFIG="+config, "HOME="+home, "KUBERC=off", "TERM=xterm")
	return cmd, s
}

// screen collects what a process shows and lets a test wait for it.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newScreen() *screen { return &screen{more: make(chan struct{}, 1)} }

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	s.text.Write(p)
	s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *screen) waitFor(t *testing.T, want string) {
	t.Helper()
	deadline := time.After(patience)
	for !strings.Contains(s.String(), want) {
		select {
		case <-s.more:
		case <-deadline:
			t.Fatalf("waited in vain for %q; the screen shows %q", want, s)
		}
	}
}

// waitExit returns how cmd ended.
func waitExit(t *testing.T, cmd *exec.Cmd) *os.ProcessState {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		t.Fatal("the command does not end")
	}
	return cmd.ProcessState
}

func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
}

func interrupt(t *testing.T, cmd *exec.Cmd, sig os.Signal) {
	t.Helper()
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// Ctrl-C without a terminal ends the wait for one target without a word.
func TestInterruptSingle(t *testing.T) {
	cmd := command(t, "web-5f4-a", "--", "sh", "-c", "echo begun; sleep 60")
	out, errOut := newScreen(), newScreen()
	cmd.Stdout, cmd.Stderr = out, errOut
	start(t, cmd)
	out.waitFor(t, "begun")
	at := time.Now()
	interrupt(t, cmd, os.Interrupt)
	if state := waitExit(t, cmd); state.ExitCode() != 130 || errOut.String() != "" {
		t.Errorf("exit code %d, stderr %q; want 130 and silence", state.ExitCode(), errOut)
	}
	if took := time.Since(at); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

// With several targets it says what became of them, also of those never started.
func TestInterruptMany(t *testing.T) {
	cmd := command(t, "--parallel", "2", "deploy/web", "--", "sh", "-c", "echo begun $HOSTNAME; sleep 60")
	out, errOut := newScreen(), newScreen()
	cmd.Stdout, cmd.Stderr = out, errOut
	start(t, cmd)
	out.waitFor(t, "begun web-5f4-a")
	out.waitFor(t, "begun web-5f4-b")
	interrupt(t, cmd, syscall.SIGTERM)
	if state := waitExit(t, cmd); state.ExitCode() != 130 {
		t.Errorf("exit code %d, want 130", state.ExitCode())
	}
	for _, want := range []string{"lost web-5f4-a: interrupted\n", "not-started web-5f4-c: interrupted before it started\n", "3 pods: 2 lost, 1 not-started"} {
		if !strings.Contains(errOut.String(), want) {
			t.Errorf("stderr %q lacks %q", errOut, want)
		}
	}
}

// A report holds what is known when the run is interrupted.
func TestInterruptedReportIsWhole(t *testing.T) {
	begun := t.TempDir() // the pods' commands are processes of this machine
	cmd := command(t, "-q", "-o", "json", "deploy/web", "--", "sh", "-c", "touch "+begun+"/$HOSTNAME; sleep 60")
	out := newScreen()
	cmd.Stdout = out
	start(t, cmd)
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if files, err := os.ReadDir(begun); err == nil && len(files) == 3 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("begun: %v, %v", files, err)
		}
	}
	interrupt(t, cmd, os.Interrupt)
	if state := waitExit(t, cmd); state.ExitCode() != 130 || strings.Count(out.String(), `"pod":`) != 3 || !strings.HasSuffix(out.String(), "}\n") {
		t.Errorf("exit code %d, report %s", state.ExitCode(), out)
	}
}

// When the first Ctrl-C cannot end it, here because nobody reads the output, the
// second does, as a signal does.
func TestSecondInterruptLeavesAtOnce(t *testing.T) {
	cmd := command(t, "web-5f4-a", "--", "yes")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, cmd)
	if _, err := io.ReadFull(pipe, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond) // until the pipe is full
	done := make(chan struct{})
	go func() { defer close(done); _ = cmd.Wait() }()
	presses := 0
	for ended := false; !ended; {
		if presses++; presses > 50 {
			t.Fatal("50 interrupts do not end the command")
		}
		_ = cmd.Process.Signal(os.Interrupt) // it may just have ended
		select {
		case <-done:
			ended = true
		case <-time.After(300 * time.Millisecond):
		}
	}
	if ws := cmd.ProcessState.Sys().(syscall.WaitStatus); !ws.Signaled() || ws.Signal() != syscall.SIGINT || presses < 2 {
		t.Errorf("ended as %v after %d interrupts, want by SIGINT after the second", cmd.ProcessState, presses)
	}
}

// A closed stdout ends the process as it ends any program in a pipe.
func TestHeadInThePipe(t *testing.T) {
	for _, target := range []string{"web-5f4-a", "deploy/web"} {
		cmd := command(t, target, "--", "yes")
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		errOut := newScreen()
		cmd.Stderr = errOut
		start(t, cmd)
		if _, err := io.ReadFull(pipe, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		_ = pipe.Close()
		if state := waitExit(t, cmd); state.Success() || strings.Contains(errOut.String(), "goroutine") {
			t.Errorf("%s: ended as %v with %q", target, state, errOut)
		}
	}
}

// A container runtime that restarts under the command leaves no exit code behind;
// servers that translate WebSockets report success then.
func TestRuntimeRestartIsLost(t *testing.T) {
	for _, restart := range []func(*kubetest.Server){(*kubetest.Server).RestartRuntime, (*kubetest.Server).RestartKubelet} {
		cmd, server := commandOn(t, "web-5f4-a", "--", "sh", "-c", "echo begun; sleep 60")
		out, errOut := newScreen(), newScreen()
		cmd.Stdout, cmd.Stderr = out, errOut
		start(t, cmd)
		out.waitFor(t, "begun")
		restart(server)
		if state := waitExit(t, cmd); state.ExitCode() != 4 || !strings.HasPrefix(errOut.String(), `error: lost the command in pod "web-5f4-a": `) {
			t.Errorf("exit code %d, stderr %q; want 4 and the command lost", state.ExitCode(), errOut)
		}
	}
}
